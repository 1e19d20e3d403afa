package archive

import (
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// damaged records a part that cannot be read, after the record that came last.
func (v *view) damaged(d *Damage) error {
	if d.Bytes != 0 || d.Unused {
		v.lose(d)
	}
	return v.r.noted(d)
}

// lose notes that damage follows the record that came last.
func (v *view) lose(d *Damage) {
	if !v.line.lose(d) {
		v.lost = true
	}
}

// met records that a record will be yielded. If damage precedes the record, met
// first yields a mark for it, unless the record or its predecessor is a mark.
func (v *view) met(t pcp.Timestamp, mark bool, yield func(*history.Step, error) bool) error {
	before, bridged := v.at, v.hasMet && v.lost && !mark && !v.atMark
	v.at, v.atMark, v.hasMet, v.lost = t, mark, true, false
	if !bridged {
		return nil
	}
	at, next := before.Add(MarkAfter), t
	if v.back {
		at, next = t.Add(MarkAfter), before
	}
	if next.Before(at) {
		at = next
	}
	if at.Before(v.q.From) || at.After(v.q.To) {
		return nil
	}
	v.gap = history.Step{Stamp: at, Mark: true, Implied: true, Target: v.target}
	if !yield(&v.gap, nil) {
		v.enough = true
		return errStop
	}
	v.unsettle()
	return nil
}
