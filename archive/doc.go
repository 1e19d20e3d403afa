// Package archive reads and writes PCP archives of versions 2 and 3.
//
// # Files
//
// An archive named base is
//
//	base.meta    descriptors, instance domains, labels, help text
//	base.index   the temporal index: a hint for positioning, may be absent
//	base.0 …     data volumes with the values
//
// Every file begins with an archive label ([Header]). In .meta and the volumes
// each record is framed by its length, which counts both length words:
//
//	length 4 | payload … | length 4
//
// The .index holds bare fixed-size entries after its label.
//
// # Two levels
//
// [Reader.Records] yields records as stored, with their position, for tools
// that inspect. [Reader.Steps] yields the joined view: one [Step] per data
// record, each value with its metric, instance and labels at that time.
//
// [Create] returns an [Appender] that writes an archive as the reference logger
// would.
package archive
