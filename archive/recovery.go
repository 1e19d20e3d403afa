package archive

import "fmt"

// Recovery is something that [Continue] found amiss in a file.
type Recovery struct {
	File   string // under the name that it had
	Action RecoveryAction
	// Offset is up to where the file is whole, before compression; Bytes is how
	// much followed.
	Offset, Bytes int64
	// Records is how many records or index entries those were, as far as that
	// can be told: a record in which the file ends is one.
	Records int
	Volumes int   // of RecoveryPacked: how many, of which File is the first
	Err     error // what is wrong with the file; nil if nothing is
}

// RecoveryAction is what became of the file.
type RecoveryAction string

// The actions.
const (
	RecoveryCut      RecoveryAction = "cut"          // what follows Offset was removed
	RecoveryLeft     RecoveryAction = "left"         // a volume that a new one follows
	RecoveryRebuilt  RecoveryAction = "rebuilt"      // an index, from the volumes
	RecoveryUnpacked RecoveryAction = "decompressed" // the plain file took its place
	RecoveryAnew     RecoveryAction = "started anew" // it held no record
	RecoveryPacked   RecoveryAction = "compressed"   // volumes that an earlier run or another program wrote
)

// String says what was done, for a person.
func (r Recovery) String() string {
	text := r.File + ": " + string(r.Action)
	switch r.Action {
	case RecoveryCut:
		text = fmt.Sprintf("%s: cut at offset %d: %d bytes of %s", r.File, r.Offset, r.Bytes, plural(r.Records, "record"))
	case RecoveryLeft:
		text += " as it is; a new volume follows"
	case RecoveryPacked:
		text = fmt.Sprintf("%s: %s that an earlier run or another program wrote will be compressed, beginning here", r.File, plural(r.Volumes, "volume"))
	}
	if r.Err != nil {
		text += fmt.Sprintf(" (%v)", r.Err)
	}
	return text
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// torn notes that a file ends inside a record, which is cut off.
func (t *tail) torn(m Member, w walked) {
	if w.torn != nil {
		t.recovered = append(t.recovered, Recovery{
			File: m.Path, Action: RecoveryCut, Offset: w.end, Bytes: left(m, w), Records: 1, Err: w.torn,
		})
	}
}

// leave notes a volume that is not appended to.
func (t *tail) leave(name string, whole, bytes int64, err error) {
	t.recovered = append(t.recovered, Recovery{File: name, Action: RecoveryLeft, Offset: whole, Bytes: bytes, Err: err})
}

// left returns how many bytes of a file follow its whole records; 0 if it is
// compressed and nobody knows.
func left(m Member, w walked) int64 {
	if w.packed {
		return 0
	}
	return m.Size - w.end
}
