// Package diskspace asks the system for the sizes of file systems and files.
package diskspace
