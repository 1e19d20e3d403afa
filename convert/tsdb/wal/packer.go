package wal

import (
	"cmp"
	"math"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/tombstones"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/chunk"
)

// packer packs samples into the chunks of a Log.
type packer struct {
	opts          *Options
	log           Log
	refs          map[uint64]*openSeries // by the number that the log uses; nil for a series not selected
	byHash        map[uint64]*openSeries // by the hash of the labels; see openSeries.next
	all           []*openSeries
	unknownSeries int // number of samples whose series the log does not declare
}

// openSeries is a series that the packer packs.
type openSeries struct {
	labels labels.Labels
	next   *openSeries // another series with the same hash; may be nil

	chunk   chunk.XOR // the open chunk of numbers
	last    int64     // time of the last number in chunk, if any is true
	any     bool
	late    []chunk.Sample // numbers that are earlier than the one before them
	hist    *openHistograms
	chunks  []Chunk // finished chunks without exemplars
	deleted tombstones.Intervals

	// A log has exemplars behind the sample to which they belong: the last sample of
	// the series, whose time is latest if sampled is true.
	latest    int64
	sampled   bool
	exemplars *openExemplars
}

func newPacker(o *Options) *packer {
	return &packer{
		opts: o, log: Log{file: chunk.NewFile(o.TempDir), min: math.MaxInt64, max: math.MinInt64},
		refs: map[uint64]*openSeries{}, byHash: map[uint64]*openSeries{},
	}
}

func (p *packer) close() error { return p.log.Close() }

// declare takes the number of a series.
func (p *packer) declare(ref uint64, lset labels.Labels) {
	if !p.opts.Selectors.Select(lset) {
		p.refs[ref] = nil
		return
	}
	hash := lset.Hash()
	for s := p.byHash[hash]; s != nil; s = s.next {
		if labels.Equal(s.labels, lset) {
			p.refs[ref] = s
			return
		}
	}
	s := &openSeries{labels: lset.Copy(), next: p.byHash[hash]}
	p.byHash[hash], p.refs[ref] = s, s
	p.all = append(p.all, s)
}

// seriesAt returns the series of a sample, or nil if the sample is not selected.
func (p *packer) seriesAt(ref uint64, t int64) *openSeries {
	s, known := p.refs[ref]
	if !known {
		p.unknownSeries++
	}
	if s != nil {
		s.latest, s.sampled = t, true
	}
	if s == nil || t < p.opts.Start || t > p.opts.End {
		return nil
	}
	return s
}

// add adds a number. The first of several numbers of one time counts.
func (p *packer) add(ref uint64, t int64, v float64) error {
	s := p.seriesAt(ref, t)
	switch {
	case s == nil || s.any && t == s.last:
		return nil
	case s.any && t < s.last:
		if s.late = append(s.late, chunk.Sample{T: t, V: v}); len(s.late) < chunk.MaxSamples {
			return nil
		}
		return p.packLate(s)
	}
	if s.chunk.Full() {
		if err := p.packOpen(s); err != nil {
			return err
		}
	}
	s.chunk.Append([]chunk.Sample{{T: t, V: v}})
	s.last, s.any = t, true
	return nil
}

// packOpen moves the open chunk of a series to the file.
func (p *packer) packOpen(s *openSeries) error {
	if s.chunk.Len() == 0 {
		return nil
	}
	err := p.store(&s.chunks, s.chunk.Record())
	s.chunk.Reset()
	return err
}

// packLate moves the late numbers of a series to the file.
func (p *packer) packLate(s *openSeries) error {
	slices.SortStableFunc(s.late, func(a, b chunk.Sample) int { return cmp.Compare(a.T, b.T) })
	rest := slices.CompactFunc(s.late, func(a, b chunk.Sample) bool { return a.T == b.T })
	s.late = s.late[:0]
	var c chunk.XOR
	for len(rest) > 0 {
		rest = c.Append(rest)
		if err := p.store(&s.chunks, c.Record()); err != nil {
			return err
		}
		c.Reset()
	}
	return nil
}

// store writes a chunk to the file and adds it to a list.
func (p *packer) store(list *[]Chunk, r chunk.Record) error {
	var c chunk.Chain
	if err := p.log.file.Put(&c, r); err != nil {
		return err
	}
	*list = append(*list, Chunk{r.MinTime, r.MaxTime, c.Last()})
	p.log.min, p.log.max = min(p.log.min, r.MinTime), max(p.log.max, r.MaxTime)
	return nil
}

// finish moves all samples to the file and makes the lanes.
func (p *packer) finish() error {
	slices.SortFunc(p.all, func(a, b *openSeries) int { return labels.Compare(a.labels, b.labels) })
	for i, s := range p.all {
		for _, pack := range []func(*openSeries) error{p.packOpen, p.packLate, p.packHistograms, p.packExemplars} {
			if err := pack(s); err != nil {
				return err
			}
		}
		p.log.lanes = s.appendLanes(p.log.lanes, s.chunks)
		if s.exemplars != nil {
			p.log.lanes = s.appendLanes(p.log.lanes, s.exemplars.chunks)
		}
		p.all[i] = nil
	}
	p.refs, p.byHash, p.all = nil, nil, nil
	return nil
}

// appendLanes puts each chunk into the first new lane that ends before the chunk.
func (s *openSeries) appendLanes(lanes []Lane, chunks []Chunk) []Lane {
	slices.SortStableFunc(chunks, func(a, b Chunk) int { return cmp.Compare(a.MinTime, b.MinTime) })
	first := len(lanes)
next:
	for _, c := range chunks {
		for i := range lanes[first:] {
			if l := &lanes[first+i]; l.Chunks[len(l.Chunks)-1].MaxTime < c.MinTime {
				l.Chunks = append(l.Chunks, c)
				continue next
			}
		}
		lanes = append(lanes, Lane{Labels: s.labels, Chunks: []Chunk{c}, Deleted: s.deleted})
	}
	return lanes
}

// lost counts a sample that is dropped.
func (p *packer) lost(loss prom.Loss, ref uint64) {
	if s := p.refs[ref]; s != nil {
		p.opts.Report.Add(loss, s.labels.Get(model.MetricNameLabel))
	}
}
