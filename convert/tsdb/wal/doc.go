// Package wal reads the write-ahead log of a Prometheus server.
//
// A log holds samples in the order in which the server took them, each with the
// number of its series. [Open] reads a log once and packs the samples by series:
//
//	data/wal/checkpoint.000007/00000000 ┐ records:   ┌ lane: chunks of one series,
//	data/wal/00000008                   ┼ series,  ─►┤       ascending, apart
//	data/wbl/00000000                   ┘ samples, … └ lane: …
//
// Finished chunks wait in a temporary file, so a log may be larger than the memory.
// A [Log] does not change after Open returned it. Damage costs the record or the page
// that has it; Open reports it and continues behind it.
package wal
