// Package rewrite writes archives from archives: copies, conversions between format
// versions, extracts and merges. [Copy] does all of these:
//
//	o := rewrite.Options{Metrics: []string{"disk.dev"}, Compress: archive.CompressZstd}
//	report, err := rewrite.Copy(ctx, "disks", []*archive.Reader{monday, tuesday}, o)
//
// # Two ways
//
// Copy copies a single input without a selection record by record. It decodes and encodes
// every record in the order stored, repetitions included. If the version does not change,
// metadata and volumes keep every byte that has a meaning. Only the padding of values,
// and bytes after the end of a string in old labels, may change.
//
// Copy writes a selection, or several inputs, as a logger would. It writes the metadata of
// a metric (descriptor, labels, help and instance domain) before the metric's first value,
// and again when the metadata changes. It drops metadata that no value needs.
//
// # The temporal index
//
// A copy of a single input keeps the input's index if every entry points at a record of
// the entry's time; the last entry of a volume may also point at the volume's end.
// Otherwise Copy makes a new index by pmlogextract's rule.
//
// # What version 2 cannot hold
//
// If the output's version cannot hold something, Copy returns an error that wraps
// [ErrLoss]. With Options.Lossy it leaves that out and counts it in the [Report].
//
// # Files
//
// Copy writes the output into a folder beside its place and moves it when it is complete.
// It never overwrites an archive. A failed or cancelled copy leaves nothing. Copy does not
// change its inputs, so several copies may read them at a time. It keeps an input open
// from the input's first record to the last.
//
// Copy leaves out damage in an input, names it in [Report].Damage, and writes a mark for
// lost records. If no record can be read, Copy returns the damage as its error.
package rewrite
