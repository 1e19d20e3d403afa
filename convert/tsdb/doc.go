// Package tsdb writes Prometheus TSDB blocks, one per window of time, reads them
// and a server's write-ahead log, and holds blocks against the rules of those who
// are to take them.
//
//	data/
//	└─ 01JD…/              a ULID: one window
//	   ├─ chunks/000001    segment: magic, then chunks in the index' order:
//	   │                   │ length │ encoding │ samples, XOR packed │ CRC-32C │
//	   ├─ index            symbols (every label name and value, sorted),
//	   │                   series (sorted by labels: symbols, times and places
//	   │                   of chunks), postings, their offsets, contents
//	   ├─ meta.json        time range, counts, origin
//	   ├─ pcparchive.json  families, and the PCP metrics that series were made of
//	   └─ tombstones       what is deleted: nothing
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
//
// The other way, [Reader] fills a window of time from all series of all blocks,
// a row for each millisecond that has samples, and hands on row by row:
//
//	block ─ lanes ┐  lane: a series' chunks, the open one
//	block ─ lanes ┼─ window ─ rows by time ─ samples by ascending time
//	log   ─ lanes ┘
//
// A log is first packed into chunks, which wait in a temporary file, and then is
// a source like a block. What is damaged costs no more than itself, and is named.
//
// The package does without Prometheus' own package tsdb, which would link its
// service discovery and three clouds' clients.
package tsdb
