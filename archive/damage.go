package archive

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/pcparchive/pcparchive/pcp"
)

// Damage describes a part of a file that cannot be read. Unless
// [ReadOptions].Strict is set, reading continues after it.
type Damage struct {
	File   string
	Offset int64 // start of the damage in the decompressed file
	Bytes  int64 // length of the damage; negative if it extends to the end of the file and its length is unknown
	Next   int64 // offset at which reading continued; negative if the rest of the file is lost
	Err    error // reason, a [*pcp.FormatError]
	// Unused says that the reader uses nothing of the file.
	Unused bool
}

// Error returns the reason, the number of lost bytes and where reading
// continues.
func (d *Damage) Error() string {
	text := d.Err.Error()
	if !strings.HasPrefix(text, d.File+": ") {
		text = d.File + ": " + text
	}
	switch {
	case d.Unused:
		return text + "; the file is not used"
	case d.Next >= 0:
		return fmt.Sprintf("%s; %s left out, reading goes on at offset %d", text, plural(d.Bytes, "byte"), d.Next)
	case d.Bytes > 0:
		return fmt.Sprintf("%s; the last %s of the file left out", text, plural(d.Bytes, "byte"))
	case d.Bytes < 0:
		return text + "; the rest of the file left out"
	}
	return text
}

// Unwrap returns the reason.
func (d *Damage) Unwrap() error { return d.Err }

// maxWarnings is the number of warnings that a Reader keeps of a file with
// damage everywhere.
const maxWarnings = 10_000

// notes collects the damage found in an archive.
type notes struct {
	mu     sync.Mutex
	list   []error
	known  map[string]bool // keys from DamageKey of the errors in list
	report func(error)     // called for each new error; may be nil
}

// DamageKey returns a key that is equal for errors about the same damage, so
// that a caller can report each once. The key contains the start of the damage
// but not its extent, which depends on where reading began.
func DamageKey(err error) string {
	var d *Damage
	if errors.As(err, &d) {
		return fmt.Sprintf("%s\x00%d", d.File, d.Offset)
	}
	return err.Error()
}

// add adds an error unless its key is known.
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
	if n.report != nil {
		n.report(err)
	}
}

// pass calls report for each error noted so far and for each further one.
func (n *notes) pass(report func(error)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.report != nil {
		return
	}
	for _, err := range n.list {
		report(err)
	}
	n.report = report
}

// warn adds an error to the result of Warnings unless it is known.
func (r *Reader) warn(err error) { r.notes.add(err) }

// noted calls warn, in the form that a frameSource requires.
func (r *Reader) noted(d *Damage) error {
	r.warn(d)
	return nil
}

// unnoted ignores damage for a frameSource whose records another pass will read
// and report.
func unnoted(*Damage) error { return nil }

// Warnings returns the damage found so far, each a [*Damage], and panics of goroutines that
// read ahead. A Reader finds damage in a volume only when it reads the volume.
func (r *Reader) Warnings() []error {
	r.notes.mu.Lock()
	defer r.notes.mu.Unlock()
	return slices.Clone(r.notes.list)
}
