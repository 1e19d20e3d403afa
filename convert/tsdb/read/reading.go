package read

import (
	"context"
	"math"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/block"
	"github.com/pcparchive/pcparchive/internal/defect"
)

// reading is one pass over a Reader's sources:
//
//	block ─ lanes ┐
//	block ─ lanes ┼─ window: rows by time ─► samples by ascending time
//	log   ─ lanes ┘
//
// Lanes are in the order of the index, so consecutive samples use neighbouring entries of
// the tables.
type reading struct {
	r         *Reader
	selectors block.Selectors
	table     table
	waiting   []source // sources that are not open yet, sorted by first time
	active    []*track
	windows   [2]window      // one is being filled while the samples of the other are handed on
	one       [1]prom.Sample // the current batch
}

// track is an open source.
type track struct {
	source source
	lanes  []lane
}

func newReading(r *Reader, selectors block.Selectors) *reading {
	rd := &reading{r: r, selectors: selectors, table: table{catalog: &r.catalog, byHash: map[uint64]uint32{}}}
	for _, s := range r.sources {
		if r.within(s) {
			rd.waiting = append(rd.waiting, s)
		}
	}
	return rd
}

func (rd *reading) damaged(path, series string, err error) { rd.r.damaged(path, series, err) }

// filled is a complete window, with the series that were known when it was filled.
type filled struct {
	w      *window
	series []*readSeries
	err    error
}

// run hands all samples to dst.
func (rd *reading) run(ctx context.Context, dst prom.SampleSink) error {
	ctx, cancel := context.WithCancel(ctx)
	ready := make(chan filled)
	free := make(chan *window, len(rd.windows))
	for i := range rd.windows {
		free <- &rd.windows[i]
	}
	ended := make(chan struct{})
	defer func() {
		cancel()
		<-ended
	}()
	go func() {
		defer close(ended)
		defer close(ready)
		defer rd.close()
		if failed := defect.Catch(func() { rd.fill(ctx, free, ready) }); failed != nil {
			select {
			case ready <- filled{err: failed}:
			case <-ctx.Done():
			}
		}
	}()
	for f := range ready {
		if f.err == nil {
			f.err = rd.emit(ctx, f, dst)
		}
		if f.err != nil {
			return f.err
		}
		f.w.reset()
		free <- f.w
	}
	return ctx.Err()
}

// emit hands on the samples of a window.
func (rd *reading) emit(ctx context.Context, f filled, dst prom.SampleSink) error {
	return f.w.each(func(t int64, row []entry) error {
		for _, e := range row {
			s := f.series[e.id&^isBlob]
			had := s.any && s.last == t
			if e.id&isExemplars != 0 {
				if err := rd.exemplars(dst, s, t, f.w.blob(e), had); err != nil {
					return err
				}
				continue
			}
			if had { // another block has the same sample
				continue
			}
			s.any, s.last = true, t
			for len(s.later) > 0 && t >= s.later[0].From {
				s.later[0].Apply(s.prom)
				s.later = s.later[1:]
			}
			rd.one[0] = prom.Sample{T: t, V: e.v, Histogram: f.w.blob(e)}
			if err := dst.Append(s.prom, rd.one[:]); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
}

// exemplars hands on the exemplars of a sample. If the sample was left out, it counts them
// as lost.
func (rd *reading) exemplars(dst prom.SampleSink, s *readSeries, t int64, data []byte, had bool) error {
	if !had {
		rd.r.opts.Report.Add(prom.LossExemplar, s.prom.Name)
		return nil
	}
	return putExemplars(dst, s.prom, t, data)
}

// fill fills windows until there are no more samples.
func (rd *reading) fill(ctx context.Context, free <-chan *window, ready chan<- filled) {
	bound := int(rd.r.opts.Memory / entrySize / int64(len(rd.windows)))
	width := int64(30_000) // the first window shows how dense the samples are
	var before *window
	for {
		var w *window
		select {
		case w = <-free:
		case <-ctx.Done():
			return
		}
		if before != nil {
			w.ahead, before.ahead = before.ahead, w.ahead[:0]
		}
		start, ok := rd.first(w)
		if !ok || start > rd.r.opts.End {
			return
		}
		w.open(start, width, bound)
		if rd.r.opts.End < w.end {
			w.end = rd.r.opts.End + 1
		}
		if err := rd.pull(ctx, w); err != nil {
			select {
			case ready <- filled{err: err}:
			case <-ctx.Done():
			}
			return
		}
		width = nextWidth(w, bound)
		w.settle(w)
		before = w
		select {
		case ready <- filled{w: w, series: rd.table.all}:
		case <-ctx.Done():
			return
		}
	}
}

// nextWidth returns the length of the next window: two thirds of the bound for samples as
// dense as in w, but at most four times the length of w.
func nextWidth(w *window, bound int) int64 {
	width := float64(w.end - w.start)
	return int64(width * min(4, float64(bound)*2/3/float64(max(w.count, 1))))
}

// first returns the earliest time at which there may be a sample.
func (rd *reading) first(w *window) (int64, bool) {
	t, ok := int64(math.MaxInt64), false
	for _, tr := range rd.active {
		for i := range tr.lanes {
			t, ok = min(t, tr.lanes[i].at), true
		}
	}
	for _, a := range w.ahead {
		t, ok = min(t, a.t), true
	}
	if len(rd.waiting) > 0 {
		mint, _ := rd.waiting[0].span()
		t, ok = min(t, mint), true
	}
	return max(t, rd.r.opts.Start), ok
}

// pull fills a window.
func (rd *reading) pull(ctx context.Context, w *window) error {
	w.take()
	if err := rd.begin(ctx, w); err != nil {
		return err
	}
	kept := rd.active[:0]
	for _, tr := range rd.active {
		left := tr.lanes[:0]
		for i := range tr.lanes {
			l := &tr.lanes[i]
			if l.at < w.end && !l.pull(rd, w) {
				continue
			}
			if w.full() {
				w.halve()
			}
			if len(left) == i {
				left = tr.lanes[:i+1]
			} else {
				left = append(left, *l)
			}
		}
		clear(tr.lanes[len(left):])
		tr.lanes = left
		if len(left) > 0 {
			kept = append(kept, tr)
		} else if err := tr.source.close(); err != nil {
			rd.damaged(tr.source.path(), "", err)
		}
	}
	clear(rd.active[len(kept):])
	rd.active = kept
	return ctx.Err()
}

// begin opens the sources that may have samples in the window.
func (rd *reading) begin(ctx context.Context, w *window) error {
	for len(rd.waiting) > 0 {
		s := rd.waiting[0]
		if mint, _ := s.span(); mint >= w.end {
			return nil
		}
		rd.waiting = rd.waiting[1:]
		lanes, err := s.open(ctx, rd, nil)
		if err != nil {
			rd.damaged(s.path(), "", err)
		}
		if ctx.Err() != nil {
			_ = s.close()
			return ctx.Err()
		}
		rd.active = append(rd.active, &track{s, lanes})
	}
	return nil
}

// close closes the open sources.
func (rd *reading) close() {
	for _, tr := range rd.active {
		_ = tr.source.close() // the files were only read
	}
}
