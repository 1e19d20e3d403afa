package archive

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/pcparchive/pcparchive/pcp"
)

// walked is the result of reading a file.
type walked struct {
	end    int64 // offset up to which the file is whole
	torn   error // why no whole record follows end; nil at the end of the file
	damage error // damage before end; may be nil
	packed bool
}

// walk calls visit for the whole records of a file from an offset on. A file that ends inside a
// record is not an error. If valid is not nil, damage is not an error either:
// walk continues at the next record that valid recognizes.
func walk(m Member, from int64, valid func([]byte) bool, visit func(f Frame, first bool) error) (w walked, err error) {
	at := Pos{File: m.Path, Role: m.Role, Volume: m.Volume}
	file, err := OpenMember(m, nil)
	if err != nil {
		var pathError *fs.PathError
		if !errors.As(err, &pathError) {
			err = locate(err, at, 0)
		}
		return w, err
	}
	defer file.Close()
	w.packed = m.Compress != "" || file.Compressed()
	s := &frameSource{f: file, frames: file.frames(from, readBuffer), strict: valid == nil, valid: valid, lost: w.lost}
	first := from == 0
	for {
		f, err := s.next()
		switch {
		case errors.Is(err, io.EOF):
			return w, nil
		case errors.Is(err, pcp.ErrUnfinished):
			w.torn = err
			return w, nil
		case err != nil:
			return w, err
		case w.packed && m.Role == RoleMeta && f.Pos.Offset > DefaultMaxMetadata:
			return w, locate(&pcp.FormatError{Detail: fmt.Sprintf("metadata exceeds %d bytes", DefaultMaxMetadata), Err: pcp.ErrLimit}, f.Pos, 0)
		}
		if err := visit(f, first); err != nil {
			err = locate(err, f.Pos, 4)
			if errors.Is(err, pcp.ErrMismatch) {
				return w, err
			}
			if err = s.refuse(f, err); err != nil {
				return w, err
			}
		} else if w.damage == nil {
			w.end = f.Pos.Offset + int64(len(f.Payload)) + 8
		}
		first = false
	}
}

// lost records damage.
func (w *walked) lost(d *Damage) error {
	if errors.Is(d.Err, pcp.ErrUnfinished) {
		w.torn = d.Err
	} else if w.damage == nil {
		w.damage = d.Err
	}
	return nil
}
