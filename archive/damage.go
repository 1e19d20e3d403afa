package archive

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/pcparchive/pcparchive/pcp"
)

// Damage is a stretch of a file that cannot be read. What follows it is read
// unless [ReadOptions].Strict says otherwise.
type Damage struct {
	File   string
	Offset int64 // where the stretch begins, before compression
	Bytes  int64 // how long it is; negative: unknown, up to the end of the file
	Next   int64 // where reading went on; negative: not in this file
	Err    error // a [*pcp.FormatError]: what is wrong
	// Unused says that nothing of the file is used.
	Unused bool
}

// Error says what is wrong, how much is lost and where reading goes on.
func (d *Damage) Error() string {
	text := d.Err.Error()
	if !strings.HasPrefix(text, d.File+": ") {
		text = d.File + ": " + text
	}
	switch {
	case d.Unused:
		return text + "; the file is not used"
	case d.Next >= 0:
		return fmt.Sprintf("%s; %s left out, reading goes on at offset %d", text, byteCount(d.Bytes), d.Next)
	case d.Bytes > 0:
		return fmt.Sprintf("%s; the last %s of the file left out", text, byteCount(d.Bytes))
	case d.Bytes < 0:
		return text + "; the rest of the file left out"
	}
	return text
}

func byteCount(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

// Unwrap returns what is wrong.
func (d *Damage) Unwrap() error { return d.Err }

// goesOn reports whether err is damage after which a sequence of records goes on.
func goesOn(err error) bool {
	var d *Damage
	return errors.As(err, &d)
}

// maxWarnings bounds what a file that is damaged all over makes a Reader keep.
const maxWarnings = 10_000

// notes are what was met of an archive and passed over.
type notes struct {
	mu    sync.Mutex
	list  []error
	known map[string]bool // by DamageKey
	tell  func(error)     // is told of each; may be nil
}

// DamageKey returns what tells an error apart from others, to name each once:
// damage is told by where it begins, for how far it reaches depends on where
// reading began.
func DamageKey(err error) string {
	var d *Damage
	if errors.As(err, &d) {
		return fmt.Sprintf("%s\x00%d", d.File, d.Offset)
	}
	return err.Error()
}

// add adds a note once.
func (n *notes) add(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	key := DamageKey(err)
	if n.known[key] || len(n.list) > maxWarnings {
		return
	}
	if n.known == nil {
		n.known = map[string]bool{}
	}
	n.known[key] = true
	if len(n.list) == maxWarnings {
		var fe *pcp.FormatError
		file, offset := "", int64(0)
		if errors.As(err, &fe) {
			file, offset = fe.File, fe.Offset
		}
		err = &pcp.FormatError{File: file, Kind: pcp.KindNone, Offset: offset, Detail: "further damage is not listed", Err: pcp.ErrLimit}
	}
	n.list = append(n.list, err)
	if n.tell != nil {
		n.tell(err)
	}
}

// pass hands what is noted, and from now on what is met, to tell.
func (n *notes) pass(tell func(error)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, err := range n.list {
		tell(err)
	}
	n.tell = tell
}

// warn adds to what Warnings returns, once.
func (r *Reader) warn(err error) { r.notes.add(err) }

// noted is warn for a frameSource.
func (r *Reader) noted(d *Damage) error {
	r.warn(d)
	return nil
}

// unnoted is for a frameSource whose damage is of no interest: whoever reads its
// records is told of it.
func unnoted(*Damage) error { return nil }

// Warnings returns what was passed over so far, each a [*Damage]. Volumes are
// looked at when they are read.
func (r *Reader) Warnings() []error {
	r.notes.mu.Lock()
	defer r.notes.mu.Unlock()
	return slices.Clone(r.notes.list)
}
