// Package dump lists what is in an archive: as text in the form of the
// reference's pmdumplog, or every record with every field as JSON for programs.
//
//	err := dump.Text(os.Stdout, r, &dump.Options{Sections: dump.All})
//
// [Text] prints the sections that [Options] select. Its form is that of release
// 6.0.3, to the byte, except that entries which the reference prints in the
// order of its hash tables ascend here. That includes which records are left
// out: like the reference it starts at the time in the archive's label and
// passes over records that are older than the one before them.
//
// [JSON] leaves nothing out. It goes through the files and yields each record
// with the place it is stored at.
//
// [Raw] prints any file made of framed records as hexadecimal words, damaged or
// not.
//
// All of them stream: memory follows the metadata and the longest record. They
// keep nothing and do not change the reader, so several may run on one.
//
// Damage ends a listing with an error that wraps a *[pcp.FormatError], after all
// that precedes it was written.
package dump
