// Package read reads the samples of Prometheus blocks and of a server's write-ahead
// log by ascending time.
//
// [Reader] fills a window of time from all series of all blocks,
// a row for each millisecond that has samples, and hands on row by row:
//
//	block ─ lanes ┐  lane: a series' chunks, the open one
//	block ─ lanes ┼─ window ─ rows by time ─ samples by ascending time
//	log   ─ lanes ┘
//
// A log is first packed into chunks, which wait in a temporary file, and then is
// a source like a block. What is damaged costs no more than itself, and is named.
package read
