// Package pack compresses and decompresses closed archives in place.
//
//	for _, base := range bases {
//		done, err := pack.Compress(ctx, base, pack.Options{How: archive.CompressXZ})
//	}
//
// # Which files
//
// Compress works on the metadata and the volumes, as pmlogger_daily does. The index stays,
// because it is short. Files of less than 4 KiB stay, too. The names are those that PCP's
// tools know: rec.0.xz, rec.meta.xz.
//
// # Closed archives
//
// An archive is closed if no writer has it open. Compress leaves an archive as it is, with
// a [*BusyError], if
//
//   - a writer of this module holds its lock,
//   - a pmlogger of this machine has one of its files open, or is the process that the
//     archive's label names and does not show its files,
//   - one of its files was changed within [Options].OlderThan, or
//   - a file changes while it is being compressed.
//
// Without /proc, the second rule cannot be asked; there OlderThan is at least an hour.
//
// # A crash
//
// A file is written aside, brought to the disk and compared with the original. Then it gets
// its name, and only then the original goes. A kill leaves the original, the new file, or
// both with the same contents; readers accept all three. The next run continues: it removes
// unfinished files, and the original of a finished one. The new file has the times, the
// permissions and, where the system allows, the owner of the original.
package pack
