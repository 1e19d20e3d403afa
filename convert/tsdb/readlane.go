package tsdb

import (
	"errors"
	"fmt"
	"math"

	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/tombstones"

	"github.com/pcparchive/pcparchive/convert"
)

// place is where a chunk is, and what time it is of.
type place struct {
	mint, maxt int64
	ref        int64 // to the source
}

// lane is a series in a source: its chunks one after the other. A source whose
// chunks overlap has several lanes for a series.
type lane struct {
	source  source
	id      uint32 // of the series
	at      int64  // of the next sample, or not later than it
	deleted tombstones.Intervals

	// The source's bookkeeping: where the list of chunks goes on, how many are
	// left, and the chunk before, to which the entries are relative.
	next, left int
	ref, maxt  int64
	listed     bool

	it   chunkenc.Iterator // at the next sample if open
	open bool
	any  bool  // there was a sample
	last int64 // its time
	mint int64 // of the open chunk
	end  int64 // its last time
	xor  chunkenc.XORChunk
	buf  []byte
}

// pull moves the samples before the window's end into it. It reports whether
// there are more behind them.
func (l *lane) pull(rd *reading, w *window) bool {
	for l.open || l.advance(rd, w) {
		if !l.open { // the next chunk is beyond the window
			return true
		}
		t, v := l.it.At()
		if t >= w.end {
			l.at = t
			return l.at <= rd.r.opts.End
		}
		switch {
		case l.any && t <= l.last || t < l.mint || t > l.end:
			l.spoilt(rd, fmt.Errorf("a sample at %s is out of order or not within the chunk's times", clock(t)))
			continue
		case t < rd.r.opts.Start:
		case t < w.start:
			l.spoilt(rd, fmt.Errorf("a sample at %s is before the time at which its block says that it begins", clock(t)))
			continue
		case l.deleted != nil && gone(l.deleted, t):
		default:
			w.add(l.id, t, v)
		}
		l.any, l.last = true, t
		l.step(rd)
	}
	return false
}

func gone(in tombstones.Intervals, t int64) bool {
	for _, i := range in {
		if i.InBounds(t) {
			return true
		}
	}
	return false
}

// step moves to the open chunk's next sample.
func (l *lane) step(rd *reading) {
	if l.it.Next() != chunkenc.ValNone {
		return
	}
	if err := l.it.Err(); err != nil {
		l.spoilt(rd, err)
	}
	l.open = false
}

// spoilt gives up the rest of the open chunk.
func (l *lane) spoilt(rd *reading, err error) {
	rd.damaged(l.source.path(), rd.table.text(l.id), fmt.Errorf("chunk from %s to %s: %w", clock(l.mint), clock(l.end), err))
	l.open = false
}

// advance opens the next chunk, unless it is beyond the window; l.at is its time
// then, and the chunk is still the next. It reports whether there was one.
func (l *lane) advance(rd *reading, w *window) bool {
	for {
		before := *l
		p, ok := l.source.next(l)
		if !ok {
			return false
		}
		if p.mint > p.maxt || l.any && p.mint <= l.last {
			l.mint, l.end = p.mint, p.maxt
			l.spoilt(rd, errors.New("the index puts it out of order"))
			continue
		}
		if p.maxt < rd.r.opts.Start {
			continue
		}
		if p.mint > rd.r.opts.End {
			return false
		}
		if p.mint >= w.end {
			l.next, l.left, l.ref, l.maxt, l.listed = before.next, before.left, before.ref, before.maxt, before.listed
			l.at = p.mint
			return true
		}
		if l.load(rd, p) {
			return true
		}
	}
}

// load opens a chunk. It reports whether that has samples.
func (l *lane) load(rd *reading, p place) bool {
	l.mint, l.end = p.mint, p.maxt
	enc, data, err := l.source.load(p, l.buf)
	if err == nil {
		l.buf = data[:0]
		err = decodable(chunkenc.Encoding(enc), data)
	}
	if err != nil {
		l.spoilt(rd, err)
		return false
	}
	var c chunkenc.Chunk = &l.xor
	if enc == byte(chunkenc.EncXOR) {
		l.xor.Reset(data)
	} else if c, err = chunkenc.FromData(chunkenc.Encoding(enc), data); err != nil {
		l.spoilt(rd, err)
		return false
	}
	switch chunkenc.Encoding(enc) {
	case chunkenc.EncXOR, chunkenc.EncXOR2:
		l.it = c.Iterator(l.it)
		l.open = true
		l.step(rd)
		return l.open
	}
	if err := guard(func() error { return l.histograms(rd, c) }); err != nil {
		l.spoilt(rd, err)
	}
	return false
}

// histograms counts the native histograms of a chunk.
func (l *lane) histograms(rd *reading, c chunkenc.Chunk) error {
	name := rd.table.all[l.id].prom.Name
	it := c.Iterator(nil)
	last := int64(math.MinInt64)
	for it.Next() != chunkenc.ValNone {
		t := it.AtT()
		if t < rd.r.opts.Start || t > rd.r.opts.End || gone(l.deleted, t) {
			continue
		}
		last = max(last, t)
		rd.r.opts.Report.Add(convert.LossNativeHist, name)
	}
	if last > math.MinInt64 {
		l.any, l.last = true, last
	}
	return it.Err()
}
