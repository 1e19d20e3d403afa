// Package fileid tells files apart that have one path, one size and one time of change.
package fileid
