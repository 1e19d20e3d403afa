// Package archive reads and writes PCP archives of versions 2 and 3.
//
//	r, err := archive.Open("/var/log/pcp/pmlogger/db1/20260102", nil)
//	…
//	for step, err := range r.Steps(history.Query{}) {
//		…
//		for _, m := range step.Metrics {
//			for _, p := range m.Points {
//				v, ok := p.Value.Number(m.Metric.Desc.Type)
//				fmt.Println(step.Stamp, m.Metric.Name, p.Series.Inst.Name, v, ok)
//			}
//		}
//	}
//
// # Files
//
// An archive named base is
//
//	base.meta    descriptors, instance domains, labels, help text
//	base.index   the temporal index, a hint for positioning; may be absent
//	base.0 …     data volumes with the values
//
// Every file begins with an archive label ([Header]). In .meta and the volumes
// each record is framed by its length, which counts both length words:
//
//	length 4 | payload … | length 4
//
// The .index holds bare fixed-size entries after its label.
//
// Each file may be compressed on its own with xz, lzma, bzip2, gzip, compress or
// zstd. The first bytes of a file determine the format; the suffix does not
// matter. Readers decompress while they read, in this process. Offsets and
// lengths refer to the decompressed contents.
//
// # Two levels
//
// [Reader.Steps] yields the joined view: one [history.Step] per data record, in
// which each value carries its metric, instance and labels of that time.
// [Reader.Backward] yields the steps in reverse, and [Reader.Follow] continues
// while the archive is being written. store.Open joins several archives of a
// host. [OpenState] reads an archive as far as it reached at one time, and
// [Reader.Grown] continues from there.
//
// [Reader.Records] yields records as stored, with their position, for tools that
// inspect. [OpenMember] and [Frames] do so for files that a [Reader] rejects.
//
// # Writing
//
// [Create] returns an [Appender] that writes an archive as PCP's logger does, and
// [Continue] returns one that appends to an existing archive. Pass the metadata
// that a record needs before the record: descriptors, labels, instances.
// [NewBuilder] does all that for metrics with fixed instances. [CreateRecords]
// writes records unchanged, for tools that copy and repair. Complete volumes can be
// compressed ([WriteOptions]) in a form that keeps reading at any offset fast.
//
// An archive has one writer at a time: a lock beside it makes others fail with an
// [*InUseError] and ends with the process. A killed writer leaves an archive that
// is readable up to its last whole record. The next writer in the folder removes
// its temporary files.
//
// # Ownership and resources
//
// A [Reader] and a store.Set may be used from several goroutines. A sequence
// that they return belongs to one goroutine, and so do an [Appender], a
// [RecordWriter], a [File] and a [ResultDecoder].
//
// A Step or record is valid until the sequence yields the next one: copy all that
// must live longer. Only [history.Metric] and [history.Series] pointers may be
// kept. They are immutable; a different pointer means that labels, help or name
// changed.
//
// Readers and Sets keep no file open between calls. While steps are read, one
// volume of an archive is open, and all passes together use at most half of the
// file descriptors that the system allows. An open Reader takes one to three times
// the length of its metadata, and its decompressed data ([ReadOptions].Cache).
// Programs with thousands of archives should open them as Sets (store.Open):
// an archive takes a kilobyte there until it is used, and all share both limits.
// An Appender has three files open and buffers [WriteOptions].Buffer bytes.
//
// # Errors
//
// Damage is a *[pcp.FormatError] with file, offset and reason. It wraps the kind of
// damage. [pcp.ErrUnfinished], which means that a file ends inside a record, may
// only mean that the archive is still being written.
//
// Damage costs only the damaged bytes. A Reader continues at the next recognisable
// record; in a compressed file also at the next xz block or zstd frame; otherwise
// with the next volume. Steps have a mark where data is lost, and
// [Reader.Warnings] lists each part once, as a [*Damage] with its extent. An
// unusable index costs only time. Set [ReadOptions].Strict to reject what PCP
// rejects and to stop at damage. Any other error ends a sequence and is yielded
// once. No length in a file causes a large allocation; see [ReadOptions].
package archive
