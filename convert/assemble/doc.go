// Package assemble makes steps of samples: the [Assembler] is the way from
// Prometheus to PCP, the reverse of package flatten.
package assemble
