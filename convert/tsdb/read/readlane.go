package read

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/tombstones"

	"github.com/pcparchive/pcparchive/convert/nativehist"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/block"
	"github.com/pcparchive/pcparchive/convert/tsdb/wal"
)

// place is the position of a chunk and the time that it covers.
type place struct {
	mint, maxt int64
	ref        int64 // reference within the source
}

// lane reads the chunks of a series in a source one after the other. A source with
// overlapping chunks has several lanes for a series.
type lane struct {
	source  source
	id      uint32 // ID of the series
	at      int64  // time of the next sample, or a time not later than that
	deleted tombstones.Intervals

	// The position of the next chunk in a block or in a log.
	list block.ChunkList
	log  logPlace

	it   chunkenc.Iterator  // points to the next sample while a chunk is open
	kind chunkenc.ValueType // type of the next sample
	open bool
	// histograms means that the open chunk has native histograms, or exemplars if
	// exemplars is set.
	histograms, exemplars bool
	any                   bool  // whether the lane has had a sample
	last                  int64 // time of the latest sample
	mint                  int64 // first time of the open chunk
	end                   int64 // last time of the open chunk
	counts                bool  // the lane reads the counter of a downsampled block
	counter               *counterState
	xor                   chunkenc.XORChunk
	buf                   []byte
}

// pull moves the samples before the window's end into the window. It reports whether
// the lane has later samples.
func (l *lane) pull(rd *reading, w *window) bool {
	for l.open || l.advance(rd, w) {
		if !l.open { // the next chunk is beyond the window
			return true
		}
		t, v := l.sample()
		if t >= w.end {
			l.at = t
			return l.at <= rd.r.opts.End
		}
		switch {
		case l.any && t <= l.last || t < l.mint || t > l.end:
			l.dropChunk(rd, fmt.Errorf("a sample at %s is out of order or not within the chunk's times", block.FormatTime(t)))
			continue
		case t < rd.r.opts.Start:
		case t < w.start:
			l.dropChunk(rd, fmt.Errorf("a sample at %s is before the start time in its block's meta.json", block.FormatTime(t)))
			continue
		case l.deleted != nil && deleted(l.deleted, t):
		default:
			if err := l.put(w, t, v); err != nil {
				l.dropChunk(rd, err)
				continue
			}
		}
		l.any, l.last = true, t
		l.step(rd)
	}
	return false
}

// sample returns the time of the next sample, and its value if it is a number.
func (l *lane) sample() (int64, float64) {
	if l.histograms {
		return l.it.AtT(), 0
	}
	return l.it.At()
}

// put moves the next sample into a window.
func (l *lane) put(w *window, t int64, v float64) error {
	switch {
	case l.exemplars:
		w.addBlob(l.id|isExemplars, t, bytes.Clone(l.it.(*wal.Iterator).Data()))
		return nil
	case !l.histograms:
		w.add(l.id, t, v)
		return nil
	}
	data, stale, err := l.histogram()
	switch {
	case err != nil:
		return err
	case stale:
		w.add(l.id, t, prom.StaleNaN)
	default:
		w.addBlob(l.id|isHistogram, t, data)
	}
	return nil
}

func deleted(in tombstones.Intervals, t int64) bool {
	for _, i := range in {
		if i.InBounds(t) {
			return true
		}
	}
	return false
}

// step moves to the next sample of the open chunk.
func (l *lane) step(rd *reading) {
	var err error
	if l.histograms {
		err = block.Guard(l.nextSample) // damage makes Prometheus' decoder panic
	} else {
		err = l.nextSample()
	}
	if err != nil {
		l.dropChunk(rd, err)
	}
	l.open = err == nil && l.kind != chunkenc.ValNone
}

// nextSample moves the iterator to the next sample.
func (l *lane) nextSample() error {
	if l.kind = l.it.Next(); l.kind == chunkenc.ValNone {
		return l.it.Err()
	}
	return nil
}

// dropChunk reports damage and leaves out the rest of the open chunk.
func (l *lane) dropChunk(rd *reading, err error) {
	rd.damaged(l.source.path(), rd.table.text(l.id), fmt.Errorf("chunk from %s to %s: %w", block.FormatTime(l.mint), block.FormatTime(l.end), err))
	l.open = false
}

// advance opens the next chunk. For a chunk beyond the window, it only sets l.at to the
// chunk's time. advance reports whether there is a next chunk.
func (l *lane) advance(rd *reading, w *window) bool {
	for {
		list, log := l.list, l.log
		var p place
		var ok bool
		err := block.Guard(func() error { p, ok = l.source.next(l); return nil })
		if err != nil {
			l.dropChunk(rd, fmt.Errorf("index: %w", err))
		}
		if err != nil || !ok {
			return false
		}
		if p.mint > p.maxt || l.any && p.mint <= l.last {
			l.mint, l.end = p.mint, p.maxt
			l.dropChunk(rd, errors.New("the index puts it out of order"))
			continue
		}
		if p.maxt < rd.r.opts.Start {
			continue
		}
		if p.mint > rd.r.opts.End {
			return false
		}
		if p.mint >= w.end {
			l.list, l.log = list, log
			l.at = p.mint
			return true
		}
		if l.load(rd, p) {
			return true
		}
	}
}

// load opens a chunk. It reports whether the chunk has samples.
func (l *lane) load(rd *reading, p place) bool {
	l.mint, l.end = p.mint, p.maxt
	enc, data, err := l.source.load(p, l.buf)
	_, own := l.source.(*logSource) // the encodings of a log are not allowed in a block
	l.exemplars = own && enc == wal.EncExemplars
	own = l.exemplars || own && enc == wal.EncHistograms
	if err == nil {
		l.buf = data[:0]
		if !own && enc == block.EncAggregates {
			return l.loadAggregates(rd, data)
		}
		if !own {
			err = block.CheckEncoding(enc, data)
		}
	}
	var unknown block.UnknownEncoding
	if errors.As(err, &unknown) {
		l.skipChunk(rd, unknown)
		return false
	}
	if err != nil {
		l.dropChunk(rd, err)
		return false
	}
	if own {
		l.it, l.open, l.histograms = wal.NewIterator(data), true, true
		l.step(rd)
		return l.open
	}
	var c chunkenc.Chunk = &l.xor
	if enc == chunkenc.EncXOR {
		l.xor.Reset(data)
	} else if c, err = chunkenc.FromData(enc, data); err != nil {
		l.dropChunk(rd, err)
		return false
	}
	l.it, l.open = c.Iterator(l.it), true
	switch enc {
	case chunkenc.EncXOR, chunkenc.EncXOR2:
		l.histograms = false
	default:
		l.histograms = true
	}
	l.step(rd)
	return l.open
}

// skipChunk leaves out a chunk with an unknown encoding, which is not damage. It reports
// one such chunk for each block.
func (l *lane) skipChunk(rd *reading, err error) {
	l.open = false
	if b, ok := l.source.(*blockSource); ok && b.reported {
		return
	} else if ok {
		b.reported = true
	}
	rd.damaged(l.source.path(), "", fmt.Errorf("%w; these were left out", err))
}

// loadAggregates opens a chunk that Thanos downsampled, as load does.
func (l *lane) loadAggregates(rd *reading, data []byte) bool {
	var state *counterState
	if l.counts {
		if l.counter == nil {
			l.counter = &counterState{}
		}
		state = l.counter
	}
	it, histograms, err := aggregatesOf(data, state)
	if err != nil {
		l.skipChunk(rd, fmt.Errorf("downsampled by Thanos: %w", err))
		return false
	}
	l.it, l.open, l.histograms = it, true, histograms
	l.step(rd)
	return l.open
}

// histogram returns the native histogram at the lane's position. stale reports whether
// it is a staleness marker. A guard catches the panics of Prometheus' decoder on damage.
func (l *lane) histogram() (data []byte, stale bool, err error) {
	if it, ok := l.it.(*wal.Iterator); ok {
		return bytes.Clone(it.Data()), false, nil
	}
	err = block.Guard(func() error {
		var h *histogram.Histogram
		var fh *histogram.FloatHistogram
		if l.kind == chunkenc.ValFloatHistogram {
			_, fh = l.it.AtFloatHistogram(nil)
		} else {
			_, h = l.it.AtHistogram(nil)
		}
		if stale = nativehist.IsStale(h, fh); stale {
			return nil
		}
		var err error
		data, err = nativehist.Encode(h, fh)
		return err
	})
	return data, stale, err
}
