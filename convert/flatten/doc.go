// Package flatten makes samples of steps: the [Flattener] is the way from PCP to
// Prometheus, the reverse of package assemble.
package flatten
