// Package write makes Prometheus blocks of samples, one block for each window of
// time.
//
// An archive is ordered by time and a block by series, so [Blocks] transposes:
//
//	Sample ─ batch per series ─ open chunk per series ─ spill file ─ block
//	         8 samples          up to 120 samples       full chunks
//
// What it holds in memory are batches, open chunks and the labels of all series
// seen: about 1 kB and the labels for each, however long a window is, and 30 MB
// of buffers while a block is written. Full chunks wait in one temporary file,
// chained per series, from last to first.
//
// A block is written beside its final place, in a folder that Prometheus
// ignores and sweeps, and renamed when it is complete and on disk.
package write
