// Package size accounts for the bytes of archives: by file, kind of record, metric,
// instance domain, label level and day.
//
//	m := size.New(time.UTC)
//	for r := range hosts.Readers() {
//		err := m.Add(ctx, r)
//		…
//	}
//	report := m.Report()
//
// Every byte of a file belongs to exactly one [Kind], and every byte of a data record
// either to a metric or to the record's frame, so that the parts sum up to the lengths of
// the files. Lengths are those of the decompressed contents; [File.Stored] is the length
// on disk.
//
// The bytes of a metric are its value set in each data record: PMID, number of values,
// format, instances, words and value blocks. Its metadata is the descriptor, help text
// and labels of the metric itself.
package size
