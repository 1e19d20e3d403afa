package read

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/tombstones"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/block"
	"github.com/pcparchive/pcparchive/convert/tsdb/chunk"
)

// head is what a write-ahead log holds, by series: a source like a block. Its
// full chunks are in a temporary file.
type head struct {
	dir      string
	r        *Reader
	spill    chunk.File
	refs     map[uint64]*headSeries // nil for one that is not wanted
	byHash   map[uint64]*headSeries
	all      []*headSeries
	unknown  int // samples of series that the log does not name
	lanes    []headLane
	min, max int64
}

// headSeries is a series of a log.
type headSeries struct {
	lset  labels.Labels
	other *headSeries // with the same hash

	chunk chunk.XOR // the open one
	last  int64     // time of the last sample
	any   bool      // there was one

	late    []chunk.Sample // that came after later ones
	hist    *headHistograms
	chunks  []headChunk
	deleted tombstones.Intervals

	// Exemplars are of the sample that precedes them in the log.
	latest    int64 // time of that one
	sampled   bool  // there is one
	exemplars *headExemplars
}

// headChunk is a chunk in the temporary file.
type headChunk struct {
	mint, maxt int64
	place      chunk.Place
}

// headLane is chunks of one series that do not overlap.
type headLane struct {
	series *headSeries
	chunks []headChunk
}

func newHead(r *Reader, dir string) *head {
	return &head{
		dir: dir, r: r, spill: chunk.NewFile(r.opts.TempDir),
		refs: map[uint64]*headSeries{}, byHash: map[uint64]*headSeries{},
		min: math.MaxInt64, max: math.MinInt64,
	}
}

// declare notes what series a number stands for.
func (h *head) declare(ref uint64, lset labels.Labels) {
	if !h.r.selectors.Select(lset) {
		h.refs[ref] = nil
		return
	}
	hash := lset.Hash()
	for s := h.byHash[hash]; s != nil; s = s.other {
		if labels.Equal(s.lset, lset) {
			h.refs[ref] = s
			return
		}
	}
	s := &headSeries{lset: lset.Copy(), other: h.byHash[hash]}
	h.byHash[hash], h.refs[ref] = s, s
	h.all = append(h.all, s)
}

// series returns the series of a sample, nil if the sample is not wanted.
func (h *head) series(ref uint64, t int64) *headSeries {
	s, known := h.refs[ref]
	if !known {
		h.unknown++
	}
	if s != nil {
		s.latest, s.sampled = t, true
	}
	if s == nil || t < h.r.opts.Start || t > h.r.opts.End {
		return nil
	}
	return s
}

// sample adds a sample.
func (h *head) sample(ref uint64, t int64, v float64) error {
	s := h.series(ref, t)
	switch {
	case s == nil:
		return nil
	case s.any && t == s.last:
		return nil
	case s.any && t < s.last:
		if s.late = append(s.late, chunk.Sample{T: t, V: v}); len(s.late) < chunk.MaxSamples {
			return nil
		}
		return h.packLate(s)
	}
	if s.chunk.Full() {
		if err := h.cut(s); err != nil {
			return err
		}
	}
	s.chunk.Append([]chunk.Sample{{T: t, V: v}})
	s.last, s.any = t, true
	return nil
}

// cut moves the open chunk of a series to the file.
func (h *head) cut(s *headSeries) error {
	if s.chunk.Len() == 0 {
		return nil
	}
	err := h.store(&s.chunks, s.chunk.Record())
	s.chunk.Reset()
	return err
}

// store moves a chunk to the file and to a list.
func (h *head) store(list *[]headChunk, r chunk.Record) error {
	var c chunk.Chain
	if err := h.spill.Put(&c, r); err != nil {
		return err
	}
	*list = append(*list, headChunk{r.MinTime, r.MaxTime, c.Last()})
	h.min, h.max = min(h.min, r.MinTime), max(h.max, r.MaxTime)
	return nil
}

// packLate makes chunks of a series' late samples. Of several at one time the
// first counts.
func (h *head) packLate(s *headSeries) error {
	slices.SortStableFunc(s.late, func(a, b chunk.Sample) int { return cmp.Compare(a.T, b.T) })
	rest := slices.CompactFunc(s.late, func(a, b chunk.Sample) bool { return a.T == b.T })
	s.late = s.late[:0]
	var c chunk.XOR
	for len(rest) > 0 {
		rest = c.Append(rest)
		if err := h.store(&s.chunks, c.Record()); err != nil {
			return err
		}
		c.Reset()
	}
	return nil
}

// finish makes lanes of what was added, and drops what was needed for that.
func (h *head) finish() error {
	slices.SortFunc(h.all, func(a, b *headSeries) int { return labels.Compare(a.lset, b.lset) })
	for _, s := range h.all {
		if err := h.cut(s); err != nil {
			return err
		}
		if len(s.late) > 0 {
			if err := h.packLate(s); err != nil {
				return err
			}
		}
		if err := h.packHistograms(s); err != nil {
			return err
		}
		if err := h.packExemplars(s); err != nil {
			return err
		}
		h.lanes = append(h.lanes, s.split(s.chunks)...)
		if s.exemplars != nil { // after their samples
			h.lanes = append(h.lanes, s.split(s.exemplars.chunks)...)
		}
		s.chunk, s.late, s.hist, s.chunks, s.exemplars = chunk.XOR{}, nil, nil, nil, nil
	}
	h.refs, h.byHash, h.all = nil, nil, nil
	return nil
}

// split puts each chunk into the first lane whose end it follows.
func (s *headSeries) split(chunks []headChunk) []headLane {
	slices.SortStableFunc(chunks, func(a, b headChunk) int { return cmp.Compare(a.mint, b.mint) })
	var out []headLane
next:
	for _, c := range chunks {
		for i := range out {
			if l := &out[i]; l.chunks[len(l.chunks)-1].maxt < c.mint {
				l.chunks = append(l.chunks, c)
				continue next
			}
		}
		out = append(out, headLane{s, []headChunk{c}})
	}
	return out
}

func (h *head) path() string         { return h.dir }
func (h *head) span() (int64, int64) { return h.min, h.max }
func (h *head) close() error         { return nil } // the file stays for another reading

// open makes lanes of the wanted series.
func (h *head) open(_ context.Context, rd *reading, dst []lane) ([]lane, error) {
	for i, hl := range h.lanes {
		if rd.selectors.Select(hl.series.lset) {
			dst = append(dst, lane{
				source: h, id: rd.table.id(hl.series.lset), at: hl.chunks[0].mint,
				deleted: hl.series.deleted, log: logPlace{lane: i},
			})
		}
	}
	return dst, nil
}

// next returns the next chunk of a lane.
func (h *head) next(l *lane) (place, bool) {
	hl := h.lanes[l.log.lane]
	if l.log.next == len(hl.chunks) {
		return place{}, false
	}
	c := hl.chunks[l.log.next]
	p := place{c.mint, c.maxt, int64(l.log.lane)<<32 | int64(l.log.next)}
	l.log.next++
	return p, true
}

// load reads a chunk.
func (h *head) load(p place, buf []byte) (chunkenc.Encoding, []byte, error) {
	return h.spill.Load(h.lanes[p.ref>>32].chunks[uint32(p.ref)].place, buf)
}

// values adds the values of a label.
func (h *head) values(ctx context.Context, label string, selectors block.Selectors, into map[string]bool) error {
	return h.each(ctx, selectors, func(lset labels.Labels) error {
		into[lset.Get(label)] = true
		return nil
	})
}

// each calls f with the labels of the selected series.
func (h *head) each(_ context.Context, selectors block.Selectors, f func(labels.Labels) error) error {
	for _, hl := range h.lanes {
		if selectors.Select(hl.series.lset) {
			if err := f(hl.series.lset); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *head) bytes() int64 { return 0 } // it was read

// lost counts a dropped sample of another kind.
func (h *head) lost(loss prom.Loss, ref uint64) {
	if s := h.refs[ref]; s != nil {
		h.r.opts.Report.Add(loss, s.lset.Get(model.MetricNameLabel))
	}
}
