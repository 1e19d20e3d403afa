// Package archive reads and writes PCP archives of versions 2 and 3.
//
//	r, err := archive.Open("/var/log/pcp/pmlogger/db1/20260102", nil)
//	…
//	for step, err := range r.Steps(archive.Query{}) {
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
// accepts. [Reader.Steps] yields the joined view: one [history.Step] per data record,
// each value with its metric, instance and labels at that time.
// [Reader.Backward] yields it from the end, [Reader.Follow] goes on while the
// archive is being written, and [store.OpenSet] joins several archives of a host.
//
// # Writing
//
// [Create] returns an [Appender] that writes an archive as the reference logger
// would, and [Continue] one that goes on with an existing archive. What a record
// needs is given before it: descriptors, labels, instances. [CreateRecords] is
// for tools that copy and repair: it writes records as they are. Volumes can be
// compressed when they are complete ([WriteOptions]), in a form in which reading
// still goes to any place at once. [NewBuilder] is for the easy case.
//
// An archive has one writer at a time: a lock beside it refuses others with an
// [*InUseError], and ends with the process. What a writer leaves that was killed
// is an archive up to its last whole record; temporary files are removed by the
// next writer in the folder.
//
// # Who may do what when
//
// A [Reader] and a [store.Set] may be used from several goroutines; a sequence that
// they return belongs to one, and so do an [Appender], a [RecordWriter], a [File]
// and a [ResultDecoder].
//
// Neither keeps a file open between calls; while steps are read one volume of an
// archive is, and all of them together take at most half of the descriptors that
// the system allows. An open Reader takes one to three times the length of its metadata,
// and what decompressing keeps ([ReadOptions].Cache). Those who have thousands of
// archives open them as Sets ([store.OpenSets]): an archive takes a kilobyte there until
// it is used, and both bounds are for all of them together. An Appender has three
// files open and holds back [WriteOptions].Buffer bytes.
//
// What a sequence yields is reused for the next element, and bytes in it are
// borrowed: copy what must outlive the step. [history.Metric] and [history.Series] pointers are
// the exception. They never change and may be kept; that one differs from the
// one before says that labels, help or name changed.
//
// # Errors
//
// Damage is a *[pcp.FormatError] with file, offset and reason; what it wraps says
// what kind of damage it is: [pcp.ErrUnfinished], where a file ends inside a
// record, may only mean that the archive is being written.
//
// Damage costs what is damaged and no more. A Reader goes on at the next record
// that can be told from other bytes, in a compressed file also with the next xz
// block or zstd frame, else with the next volume; steps have a mark where
// something is lost, and [Reader.Warnings] names each stretch once, as a [*Damage]
// with its extent. An index that cannot be used costs time only. Set
// [ReadOptions].Strict to refuse what the reference refuses and to end at damage.
// Other failures are yielded once and end a sequence. No length in a file is trusted with memory; see [ReadOptions].
package archive
