// Package cachedir keeps results that are slow to compute again in a folder of files: the
// descriptions in archives, and their values by column.
//
// An entry has a [Key], which stands for files at one state, and a [Kind]. [Dir.Put]
// writes it aside and renames it, so that an entry is complete or absent however the
// process ends. [Dir.Get] opens it, and [Dir.Read] reads it and compares its checksum.
// An entry that is damaged is removed and reported with a [*DamagedError]; the caller makes
// it again. Versions of the program that keep other entries use other files.
//
// The folder never has to be kept: anybody may delete it, or a part of it, at any time.
// A folder that cannot be written costs only time. Processes may share a folder; [Dir.Lock]
// keeps two of them from making the same entry.
//
// A Dir removes the entries that were not used for the longest time when the folder is
// larger than its bound.
package cachedir
