// Package store reads many archives as one history. A [Set] is the timeline of
// a host.
//
// [OpenSets] finds the archives in files and folders and returns a Set for each
// host. [Set.Steps] merges the archives of a Set by time and yields a mark for
// each gap between them. [Set.Problems] lists the archives and parts that could
// not be read.
package store
