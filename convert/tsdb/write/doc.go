// Package write writes samples as Prometheus blocks, one block for each window of time.
//
// An archive is ordered by time and a block by series, so [Blocks] transposes:
//
//	Sample ─ batch per series ─ open chunk per series ─ spill file ─ block
//	         8 samples          up to 120 samples       full chunks
//
// Blocks keeps the batches, the open chunks and the labels of all series in memory: about
// 1 kB and the labels for each series, however long a window is. It needs another 30 MB of
// buffers while it writes a block. Full chunks wait in one temporary file, where each
// chunk of a series points to its predecessor.
//
// Blocks writes a block in a folder that Prometheus ignores and removes at its start. It
// renames the folder when the block is complete and on disk.
package write
