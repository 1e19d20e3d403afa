// Package columns keeps the samples of closed archives series by series, so that a
// query reads only the metrics that it needs.
//
// An archive is ordered by time: a query for one metric must read all records. [Read]
// turns an archive into samples once, with a Flattener of its own, and writes them as
// an entry of a [Cache]: for each metric its series, and for each series its XOR chunks.
// An entry also has the first and the last time of the archive, its marks, the names of
// its metrics and the names of its host. An [Entry] answers
// without the files of the archive.
//
// # What an entry leaves to the archive
//
// Answers from an entry equal answers from the archive. Therefore the entry of
// an archive with damage or with times that go back has no samples, only the reason. It leaves single
// metrics to the archive if their samples depend on where reading begins, if several
// metrics want one name, or if a query would warn about their values. See [Metric].
//
// # Files
//
// The content of an entry is
//
//	block …      one for each metric: head, then the chunks of its series
//	directory    times, marks, names, and where the block of each metric is
//	footer       24 bytes: where the directory is, and its checksum
//
// The head of a block has a checksum in the directory, and each chunk has one in the
// head. The names of the metrics are an entry of their own, as nearly all archives of
// a host share them. [internal/cachedir] writes entries aside and renames them.
package columns
