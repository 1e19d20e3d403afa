package dump

import (
	"errors"
	"math"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// skipDamage moves past the damage that err describes and reports whether it could. f is
// the damaged record, if the cursor has read it. Pmdumplog stops at damage. This
// package continues at the next record, which it finds as archive.Reader does.
func (w *walker) skipDamage(f frame, err error) bool {
	var fe *pcp.FormatError
	if !errors.As(err, &fe) || w.at < 0 || w.at >= len(w.vols) {
		return false
	}
	if f.payload != nil { // the cursor is behind the record
		size := int64(f.size)
		w.faults = append(w.faults, &archive.Damage{File: f.pos.File, Offset: f.pos.Offset, Bytes: size, Next: f.pos.Offset + size, Err: err})
		return true
	}
	parts, err := w.intactParts()
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
		return w.skipDamageBack(parts, at)
	}
	for _, p := range parts {
		if p.From < at && at < p.To {
			return false // a wrong index entry led into an intact stretch
		}
		if p.From > at {
			w.off = p.From
			return true
		}
	}
	w.off = max(w.off, w.src.Size())
	return true
}

// skipDamageBack is skipDamage against the direction of time. at is the offset of the
// damage.
func (w *walker) skipDamageBack(parts []archive.Stretch, at int64) bool {
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

// intactParts returns the intact stretches of the current volume and adds the damage
// between them to faults.
func (w *walker) intactParts() ([]archive.Stretch, error) {
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
