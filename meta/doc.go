// Package meta models the records of an archive's .meta file and the timeline
// they form: metric descriptors, instance domains, label sets, help text.
//
// A .meta record is framed by its length, which counts both length words:
//
//	length 4 | type 4 | body … | length 4
//
// Decode and AppendBinary in this package convert bodies; package archive adds
// frame and type. All numbers are big-endian. A stamp has 8 bytes in version 2
// (seconds, microseconds) and 12 in version 3 (low word of seconds, high word,
// nanoseconds).
//
// [Store] joins the records: it answers which instances, labels and texts a
// metric has at a time. A reader of an archive has one, see archive.Reader.Meta;
// it may then be asked from several goroutines. What it returns is shared and
// must not be changed.
package meta
