// Package dump lists the content of archives: as text in the form of PCP's pmdumplog
// (pmlogdump since release 7), or as JSON for programs.
//
//	err := dump.Text(os.Stdout, r, &dump.Options{Sections: dump.All})
//
// [Text] prints the sections of one archive that [Options] select. The text equals
// pmdumplog's to the byte, with one exception: entries that pmdumplog prints in
// the order of its hash tables are sorted here. Like pmdumplog, Text
// starts at the time in the archive's label and skips a record that is older than
// its predecessor.
//
// [Archives] prints several archives of one host as one listing.
//
// [JSON] prints every record of every file with all its fields and its position.
//
// [Raw] prints the records of one file as hexadecimal words, even of a damaged file.
//
// All functions stream: memory depends on the metadata and on the longest record.
// They do not change a reader, so several may use one reader at a time.
//
// A listing skips damage, prints everything else, and returns an error that wraps a
// *[pcp.FormatError] for each damaged stretch.
package dump
