// Package tsdb describes Prometheus blocks; the packages below it handle them.
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
// Package write makes blocks, package read reads them and a server's write-ahead
// log, and package verify checks blocks against the rules of the systems that take
// them. They share package block (the files of a block), package chunk (encoded
// samples) and package sidecar (pcparchive.json). Package wal reads the log for
// package read.
//
// These packages do not import Prometheus' own package tsdb, which would link its service
// discovery and three clouds' clients. The tests of this folder compare the packages with
// that package. They are not beside read and write, because fuzz targets there would run
// slower with a database in their test binary.
package tsdb
