// Package columns keeps the samples of closed archives series by series, so that a
// query reads the metrics it needs and nothing else.
//
// An archive is ordered by time: who asks for one metric reads all records. [Read]
// turns an archive into samples once, with a Flattener of its own, and writes them as
// an entry of a [Cache]: for each metric its series, and for each series its XOR chunks.
// Beside them an entry has what a query needs of an archive: its first and last time,
// its marks, the names of its metrics and what it calls its host. An [Entry] answers
// without the files of the archive.
//
// # What an entry leaves to the archive
//
// Answers from an entry equal answers from the archive. Therefore an entry has nothing
// of an archive with damage or with times that go back, and says why. It leaves single
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
