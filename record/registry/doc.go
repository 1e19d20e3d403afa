// Package registry keeps the numbers of metrics and instances that all archives of a
// recording share.
//
// A Registry gives each job a component of metric names and a cluster, each metric an
// item (in further clusters after 1,024 metrics), and each set of labels an instance.
// All archives of a job use the same numbers, and the numbers last over restarts, so a
// reader of many archives needs no mapping. A number goes to another metric only when
// its own has not been recorded for longer than the retention.
//
// # The file
//
// The Registry is a file in the folder of the recording. A number reaches the disk
// before an archive uses it: see [Registry.Sync]. New numbers are appended to the file.
// When they outweigh the rest, the file is written anew beside the old one, which it
// then replaces. Each record has a checksum. If the file is lost or damaged, [Open]
// reads the numbers from the archives in the folder.
//
// # Memory
//
// The Registry holds what is in use, and what has vanished within the retention. Of
// instances that have vanished it holds only as many as are in use, or 10,000: labels
// that never repeat would fill the memory. An instance that returns later than that gets
// a new number. The old number stays unused for as long as the retention.
package registry
