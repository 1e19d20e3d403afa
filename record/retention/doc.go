// Package retention removes the oldest archives of a recording.
//
//	Policy  how long, how much, and how much space must stay free
//	Limits  a Policy in bytes
//	Culler  removes the archives that a Policy does not allow, one at a time
//
// The age of an archive is that of its last record; times of files do not count, because
// compressing or copying a file changes them. The Culler removes the archive whose last
// record is the oldest first, whatever host it belongs to, and never one that is being
// written. Every file in the folder counts with the space that it takes on the disk:
// registry, temporary files and files of other programs, too.
//
// # A crash
//
// The Culler removes the index of an archive first, then the metadata, then the volumes.
// Programs find an archive by one of the first two. Without an index they open it as
// before, and without metadata it is gone. After a crash the next Culler removes the
// volumes that are left.
package retention
