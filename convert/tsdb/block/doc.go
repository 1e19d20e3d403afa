// Package block opens the files of a Prometheus TSDB block for reading:
//
//	01JD…/             a ULID names the block
//	├─ meta.json       times, counts, origin (Meta)
//	├─ index           symbols, series with their chunks, postings (Index)
//	├─ chunks/000001   segments of chunks (Segments)
//	└─ tombstones      deleted spans of time
//
// It expects damaged and hostile files. Checksums do not protect against offsets
// and lengths that lie, so callers run code that follows them under [Guard].
package block
