// Package chunk encodes samples as the chunks of a Prometheus TSDB, and keeps
// finished chunks in a temporary file until all chunks of their series are needed.
//
// An archive is ordered by time and a block by series. [XOR] and [File] bridge the
// two: each series has an open XOR chunk in memory, and a [Chain] of finished
// chunks in one File for all series.
package chunk
