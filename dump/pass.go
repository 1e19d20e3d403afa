package dump

import (
	"errors"
	"math"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// pass leaves damage behind, of which err tells, and reports whether it can. The
// reference ends there; what follows is found as every reader of archives does.
func (w *walker) pass(f frame, err error) bool {
	var fe *pcp.FormatError
	if !errors.As(err, &fe) || w.at < 0 || w.at >= len(w.vols) {
		return false
	}
	if f.payload != nil { // the cursor stands behind the record
		size := int64(f.size)
		w.faults = append(w.faults, &archive.Damage{File: f.pos.File, Offset: f.pos.Offset, Bytes: size, Next: f.pos.Offset + size, Err: err})
		return true
	}
	parts, err := w.whole()
	if err != nil {
		return false
	}
	at := w.off
	if atLabel := fe.Offset == 0 || fe.Kind == pcp.KindHeader; atLabel && w.back {
		at = math.MaxInt64
	} else if atLabel {
		at = -1
	}
	if w.back {
		return w.passBack(parts, at)
	}
	for _, p := range parts {
		if p.From < at && at < p.To {
			return false // the index led astray
		}
		if p.From > at {
			w.off = p.From
			return true
		}
	}
	w.off = max(w.off, w.src.Size())
	return true
}

func (w *walker) passBack(parts []archive.Stretch, at int64) bool {
	to := w.headerSize
	for _, p := range parts {
		if p.From < at && at < p.To {
			return false
		}
		if p.To < at {
			to = p.To
		}
	}
	w.off = to
	return true
}

// whole returns what is whole of the volume and takes note of the rest.
func (w *walker) whole() ([]archive.Stretch, error) {
	if parts, ok := w.parts[w.at]; ok {
		return parts, nil
	}
	m := w.vols[w.at]
	parts, err := w.r.Whole(m)
	if err != nil {
		return nil, err
	}
	w.parts[w.at] = parts
	for _, err := range w.r.Warnings() {
		if d := damageOf(err); d != nil && d.File == m.Path {
			w.faults = append(w.faults, d)
		}
	}
	return parts, nil
}
