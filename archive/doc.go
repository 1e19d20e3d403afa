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
// Each file may be compressed on its own, with xz, lzma, bzip2, gzip, compress or
// zstd; the contents tell, not the suffix. Files are decompressed as they are
// read, in this process. Positions and lengths are those of what a file holds.
//
// # Two levels
//
// [Reader.Records] yields records as stored, with their position, for tools
// that inspect; [OpenMember] and [Frames] do it for files that no [Reader]
// accepts. [Reader.Steps] yields the joined view: one [Step] per data record,
// each value with its metric, instance and labels at that time.
// [Reader.Backward] yields it from the end, [Reader.Follow] goes on while the
// archive is being written, and [OpenSet] joins several archives of a host.
//
// [Create] returns an [Appender] that writes an archive as the reference logger
// would.
package archive
