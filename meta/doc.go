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
// [Store] joins the records: it returns the instances, labels and texts that a
// metric has at a time. archive.Reader.Meta returns the Store of an archive:
//
//	d, ok := r.Meta().Lookup("disk.dev.read")
//	in, until := r.Meta().InDomAt(d.InDom, t) // the instances at t, the same before until
//	fmt.Println(r.Meta().Help(d.PMID), in.Instances)
//
// Several goroutines may read a Store. Its results are shared and must not be
// changed. A Store keeps one copy of names and label sets that records repeat.
package meta
