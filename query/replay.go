package query

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// keptSelection is the result of a selection, for an evaluation with bridges.
type keptSelection struct {
	key      string
	from, to int64
	found    *seriesSet
}

// replayKey identifies selections that differ in their times alone.
func replayKey(s *selection) string {
	return fmt.Sprintf("%d %t %t ", s.window, s.instant, s.labelsOnly) + matchersKey(s.matchers)
}

// keep keeps the result of a selection.
func (c *crossings) keep(s *selection, found *seriesSet) {
	kept := keptSelection{replayKey(s), s.from, s.to, &seriesSet{series: found.series, warnings: maps.Clone(found.warnings)}}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept = append(c.kept, kept)
}

// find returns the result of a selection that covers a time, nil if there is none.
func (c *crossings) find(key string, from, to int64) *seriesSet {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.kept {
		if k.key == key && k.from <= from && to <= k.to {
			return k.found
		}
	}
	return nil
}

// replay is a storage that answers selections from those that an evaluation without
// bridges has made, with bridges. It reads archives only for others, and for native
// histograms.
type replay struct {
	*crossings
	archives *Storage
}

// Querier returns a querier of the times from mint to maxt, in milliseconds.
func (r *replay) Querier(mint, maxt int64) (storage.Querier, error) {
	q, err := r.archives.Querier(mint, maxt)
	if err != nil {
		return nil, err
	}
	return &replayQuerier{Querier: q, kept: r.crossings, mint: mint, maxt: maxt}, nil
}

type replayQuerier struct {
	storage.Querier
	kept       *crossings
	mint, maxt int64
}

// Select returns the series that match, sorted by labels.
func (q *replayQuerier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	s := &selection{ctx: ctx, from: q.mint, to: q.maxt, matchers: matchers}
	s.hint(hints)
	found := q.kept.find(replayKey(s), s.from, s.to)
	if found == nil || s.from > s.to {
		return q.reread(ctx, sorted, hints, matchers)
	}
	set := &seriesSet{at: -1, warnings: maps.Clone(found.warnings)}
	for _, ser := range found.series {
		view, ok, err := ser.(*packedSeries).within(s)
		if err != nil {
			return storage.ErrSeriesSet(err)
		}
		if !ok {
			return q.reread(ctx, sorted, hints, matchers)
		}
		set.series = append(set.series, view)
	}
	return set
}

// reread selects from the archives.
func (q *replayQuerier) reread(ctx context.Context, sorted bool, hints *storage.SelectHints, matchers []*labels.Matcher) storage.SeriesSet {
	q.kept.reread.Add(1)
	return q.Querier.Select(ctx, sorted, hints, matchers...)
}

// within returns the series as a selection of a part of the time has it, with a bridge.
// ok is false if the archives must be read for that.
func (s *packedSeries) within(sel *selection) (view *packedSeries, ok bool, err error) {
	c := *s
	view = &c
	view.ctx = sel.ctx
	switch {
	case s.every > 0:
		view.startAt(sel.from)
		view.end = min(s.end, sel.to)
	case sel.window > 0:
		if slices.ContainsFunc(s.chunks, func(c chunk) bool { return !c.numbers() }) {
			return nil, false, nil
		}
		if s.counter {
			view.bridge, err = s.bridgeWithin(sel)
		}
	}
	return view, err == nil, err
}

// startAt makes a discrete series begin at a time.
func (s *packedSeries) startAt(from int64) {
	var it iterator
	it.s, it.kind = s, chunkenc.ValNone
	for {
		v, ok := it.stored(math.MinInt64)
		if !ok || v.t >= from {
			break
		}
		s.carry(v.t, v.v)
	}
	s.start, s.partial = from, true
}

// bridgeWithin returns the bridge of a counter in the time of a selection, nil if it needs
// none.
func (s *packedSeries) bridgeWithin(sel *selection) (*bridge, error) {
	if !s.crossesWithin(sel) {
		return nil, nil
	}
	plain := *s
	plain.ctx, plain.bridge = sel.ctx, nil
	b, crossings := &bridge{}, s.crossings
	it := plain.Iterator(nil)
	for kind := it.Seek(sel.from); kind == chunkenc.ValFloat; kind = it.Next() {
		t, v := it.At()
		if t > sel.to {
			break
		}
		for len(crossings) > 0 && crossings[0] <= t {
			crossings = crossings[1:]
			b.pendingMarks++
		}
		b.note(timedValue{t, v})
	}
	if err := it.Err(); err != nil || !b.finish() {
		return nil, err
	}
	return b, nil
}

// crossesWithin reports whether a sample in the time of a selection follows a mark.
func (s *packedSeries) crossesWithin(sel *selection) bool {
	i, found := slices.BinarySearch(s.crossings, sel.from)
	return found || i < len(s.crossings) && s.crossings[i] <= sel.to
}
