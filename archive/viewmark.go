package archive

import (
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// damaged records a part that cannot be read.
func (v *view) damaged(d *Damage) error {
	v.lost = v.lost || d.Bytes != 0 || d.Unused
	return v.r.noted(d)
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
		return errStop
	}
	return nil
}

// beyond is a record later than the query. If the next record is not, the time
// of the record was damaged.
type beyond struct {
	pos  Pos
	size int64 // zero if there is no such record
	t    pcp.Timestamp
}

func (b beyond) damage() *Damage {
	return &Damage{
		File: b.pos.File, Offset: b.pos.Offset, Bytes: b.size, Next: b.pos.Offset + b.size,
		Err: &pcp.FormatError{
			File: b.pos.File, Kind: pcp.KindResult, Offset: b.pos.Offset, Field: "time",
			Detail: b.t.String() + ", later than the record after it", Err: pcp.ErrRange,
		},
	}
}

// past ends the sequence at the second consecutive record that is later than
// the query. The record of the time has size bytes at pos.
func (v *view) past(pos Pos, size int64, t pcp.Timestamp) error {
	if v.live || v.back || v.beyond.size > 0 || v.r.opts.Strict {
		v.last = later(v.last, t)
		return errStop
	}
	v.beyond = beyond{pos, size, t}
	return nil
}
