// Package assemble makes PCP steps from Prometheus samples. Its [Assembler] is the
// reverse of package flatten:
//
//	samples by time ─► Assembler ─► history.Step ─► convert.ToArchive
//
// A series goes to native PCP metrics if a [native.Resolver] knows it, and to a
// [mapper.Source] otherwise.
package assemble
