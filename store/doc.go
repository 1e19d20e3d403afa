// Package store reads many archives as one history. A [Set] is the timeline of
// a host, [Hosts] are the Sets of any number of hosts.
//
// [Open] finds the archives in files, folders and the folders below them, and
// returns Hosts. [Hosts.Only] is the Set of the only host. [Find] only lists
// archives. A [*NotArchiveError] says why a path names no archive.
//
// Hosts do not change while a query uses them: they read each archive as far as it
// reached when it was opened. [Hosts.Refresh] returns Hosts of what there is later,
// and shares with the former ones what did not change.
//
// [Set.Steps] merges the archives of a Set by time and yields a mark for each gap
// between them. [Set.LabelRecords] and [Set.MergedLabels] read labels, and
// [Set.Inspect] describes the archives. [Set.Problems] lists the archives and
// parts that could not be read.
package store
