// Package read reads the samples of Prometheus blocks and of a server's write-ahead
// log by ascending time.
//
// [Reader] fills a window of time from all series of all blocks. The window has a row for
// each millisecond with samples, and the Reader hands on row by row:
//
//	block ─ lanes ┐  lane: a series' chunks, the open one
//	block ─ lanes ┼─ window ─ rows by time ─ samples by ascending time
//	log   ─ lanes ┘
//
// The Reader first packs a log into chunks in a temporary file, and then reads it like a
// block. It reports damage and leaves out only the damaged part.
package read
