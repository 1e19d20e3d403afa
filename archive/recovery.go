package archive

import "fmt"

// Recovery describes a file that [Continue] repaired or left.
type Recovery struct {
	File   string // path before the repair
	Action RecoveryAction
	// Offset is the end of the whole records, before compression. Bytes is the
	// number of bytes after it.
	Offset, Bytes int64
	// Records is the number of records or index entries in these bytes as far
	// as it is known, including an incomplete record at the end.
	Records int
	Volumes int    // number of volumes for RecoveryPacked, of which File is the first
	Kept    string // for RecoveryRemoved, the path of the same volume's other form
	Err     error  // damage of the file; may be nil
}

// RecoveryAction says what Continue did with the file.
type RecoveryAction string

// The actions.
const (
	RecoveryCut      RecoveryAction = "cut"          // everything after Offset was removed
	RecoveryLeft     RecoveryAction = "left"         // a volume that was left unchanged; a new one follows it
	RecoveryRebuilt  RecoveryAction = "rebuilt"      // an index created from the volumes
	RecoveryUnpacked RecoveryAction = "decompressed" // a plain file has replaced the compressed one
	RecoveryAnew     RecoveryAction = "started anew" // the archive held no record
	RecoveryRemoved  RecoveryAction = "removed"      // one of two forms of a volume; Kept has all of its records
	RecoveryPacked   RecoveryAction = "compressed"   // volumes that an earlier run or another program left plain
)

// String describes the repair for a person.
func (r Recovery) String() string {
	text := r.File + ": " + string(r.Action)
	switch r.Action {
	case RecoveryCut:
		text = fmt.Sprintf("%s: cut at offset %d: %s of %s", r.File, r.Offset, plural(r.Bytes, "byte"), plural(r.Records, "record"))
	case RecoveryLeft:
		text += " as it is; a new volume follows"
	case RecoveryRemoved:
		text += ", because " + r.Kept + " has the same records"
	case RecoveryPacked:
		text = fmt.Sprintf("%s: %s that an earlier run or another program wrote will be compressed, beginning here", r.File, plural(r.Volumes, "volume"))
	}
	if r.Err != nil {
		text += fmt.Sprintf(" (%v)", r.Err)
	}
	return text
}

func plural[N int | int64](n N, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// torn reports that a file ends inside a record, which is removed.
func (t *tail) torn(m Member, w walked) {
	if w.torn != nil {
		t.recovered = append(t.recovered, Recovery{
			File: m.Path, Action: RecoveryCut, Offset: w.end, Bytes: left(m, w), Records: 1, Err: w.torn,
		})
	}
}

// leave reports a volume that is left unchanged.
func (t *tail) leave(name string, whole, bytes int64, err error) {
	t.recovered = append(t.recovered, Recovery{File: name, Action: RecoveryLeft, Offset: whole, Bytes: bytes, Err: err})
}

// left returns the number of bytes after the whole records of a file, 0 if it
// is compressed and the number is unknown.
func left(m Member, w walked) int64 {
	if w.packed {
		return 0
	}
	return m.Size - w.end
}
