// Package rewrite makes archives out of archives: copies, conversions between
// the versions, extracts and merges. All of that is [Copy]:
//
//	o := rewrite.Options{Metrics: []string{"disk.dev"}, Compress: archive.CompressZstd}
//	report, err := rewrite.Copy(ctx, "disks", []*archive.Reader{monday, tuesday}, o)
//
// # Two ways
//
// One input without a selection is copied record by record: every record is
// decoded and encoded again, in the order stored, repetitions included. In the
// same version the metadata and the volumes come out byte for byte, but for the
// padding of values and what followed a string's end in the labels of old
// archives, neither of which has a meaning.
//
// A selection, or several inputs, are written as a logger would write them:
// what a metric needs, that is descriptor, labels, help and instance domain, is
// written when the first of its values is and again when it changes. Metadata
// that no value needs is dropped.
//
// # The temporal index
//
// A copy keeps the index of its input if every entry of it points at the record
// of its time, or the last one of a volume at its end. Otherwise, and in every
// other output, it is made anew by the reference's rule.
//
// # What version 2 cannot hold
//
// A loss is an error that wraps [ErrLoss] unless Options.Lossy allows it; then it
// is done and counted in the [Report].
//
// # Files
//
// The output is written into a folder beside its place and appears when it is
// complete. Nothing is ever overwritten, and a copy that fails or is cancelled
// leaves nothing. The inputs are only read, so several copies may be made of them
// at a time. An input is open from when its records begin to its end.
//
// What is damaged in an input is left out and named in [Report].Damage; a mark
// stands for records that are lost. If no record can be read, that is the error.
package rewrite
