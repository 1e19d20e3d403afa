package query

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Storage is Prometheus' view of an archive.
type Storage struct {
	r        *archive.Reader
	lookback time.Duration
}

var _ storage.Queryable = (*Storage)(nil)

// Querier returns a view of the times from mint to maxt, in milliseconds.
func (s *Storage) Querier(mint, maxt int64) (storage.Querier, error) {
	return &querier{storage: s, mint: mint, maxt: maxt}, nil
}

// querier answers the selections of one query.
type querier struct {
	storage    *Storage
	mint, maxt int64
}

// Select reads the series that match.
func (q *querier) Select(ctx context.Context, _ bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	c := &collector{mint: q.mint, maxt: q.maxt, matchers: matchers, every: max(q.storage.lookback.Milliseconds()/2, 1)}
	if hints != nil {
		c.mint, c.maxt = max(c.mint, hints.Start), min(c.maxt, hints.End)
	}
	if err := c.read(ctx, q.storage.r); err != nil {
		return storage.ErrSeriesSet(err)
	}
	return c.result()
}

// LabelValues returns the values of a label.
func (q *querier) LabelValues(ctx context.Context, name string, _ *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return q.collect(ctx, matchers, func(ls labels.Labels, add func(string)) {
		if v := ls.Get(name); v != "" {
			add(v)
		}
	})
}

// LabelNames returns the names of all labels.
func (q *querier) LabelNames(ctx context.Context, _ *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return q.collect(ctx, matchers, func(ls labels.Labels, add func(string)) {
		ls.Range(func(l labels.Label) { add(l.Name) })
	})
}

func (q *querier) collect(ctx context.Context, matchers []*labels.Matcher, visit func(labels.Labels, func(string))) ([]string, annotations.Annotations, error) {
	found := map[string]bool{}
	set := q.Select(ctx, false, nil, matchers...)
	for set.Next() {
		visit(set.At().Labels(), func(s string) { found[s] = true })
	}
	all := make([]string, 0, len(found))
	for s := range found {
		all = append(all, s)
	}
	slices.Sort(all)
	return all, set.Warnings(), set.Err()
}

// Close does nothing.
func (q *querier) Close() error { return nil }

// collector gathers the samples of the series that match.
type collector struct {
	mint, maxt int64
	every      int64 // how often a discrete value is repeated, ms
	end        int64 // of the archive, ms
	matchers   []*labels.Matcher
	series     []*series // by convert.PromSeries.ID; nil: does not match
	known      []bool
	damage     error // why the archive was not read to its end
}

// read makes one pass over the archive.
func (c *collector) read(ctx context.Context, r *archive.Reader) error {
	end, err := r.End()
	if err != nil {
		return err
	}
	c.end = end.Milli()
	from := pcp.TimestampMilli(c.mint)
	wanted := c.names(r)
	if convert.NamesCollide(r.Meta()) {
		// The first metric seen keeps the name, the same one for every query.
		from, wanted = pcp.Timestamp{}, nil
	}
	for d := range r.Meta().Metrics() {
		if d.Sem == pcp.SemDiscrete && (wanted == nil || wanted(d)) {
			from = pcp.Timestamp{} // its value may have been recorded long ago
			break
		}
	}
	// The end is inclusive to the millisecond, times are finer.
	to := pcp.TimestampMilli(c.maxt).Add(999_999)
	src := convert.FromArchive(r, archive.Query{From: from, To: to, Metrics: wanted, All: true})
	err = convert.Copy(ctx, convert.NewFlattener(c, convert.FlattenOptions{TargetLabels: true}), src)
	var damage *pcp.FormatError
	switch {
	case errors.Is(err, pcp.ErrUnfinished):
		return nil // still being written
	case errors.As(err, &damage):
		c.damage = err // what precedes it is answered
		return nil
	}
	return err
}

// names returns which metrics a matcher of the name allows, nil if all.
func (c *collector) names(r *archive.Reader) func(*meta.Desc) bool {
	var names []*labels.Matcher
	for _, m := range c.matchers {
		if m.Name == model.MetricNameLabel {
			names = append(names, m)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return func(d *meta.Desc) bool {
		name := convert.SampleName(r.Meta(), d)
		for _, m := range names {
			if !m.Matches(name) {
				return false
			}
		}
		return true
	}
}

// Sample implements convert.Samples.
func (c *collector) Sample(s *convert.PromSeries, t int64, v float64) error {
	for len(c.known) <= s.ID {
		c.known, c.series = append(c.known, false), append(c.series, nil)
	}
	if !c.known[s.ID] {
		c.known[s.ID] = true
		c.series[s.ID] = c.match(s)
	}
	if ser := c.series[s.ID]; ser != nil {
		ser.add(t, v)
	}
	return nil
}

// match returns a new series if s matches.
func (c *collector) match(s *convert.PromSeries) *series {
	b := labels.NewScratchBuilder(len(s.Labels) + 1)
	b.Add(model.MetricNameLabel, s.Name)
	for _, l := range s.Labels {
		b.Add(l.Name, l.Value)
	}
	b.Sort()
	ls := b.Labels()
	for _, m := range c.matchers {
		if !m.Matches(ls.Get(m.Name)) {
			return nil
		}
	}
	return &series{labels: ls, discrete: s.Sem == pcp.SemDiscrete}
}

// result returns the series that have samples in the window, sorted by labels.
func (c *collector) result() storage.SeriesSet {
	var found []storage.Series
	for _, s := range c.series {
		if s == nil {
			continue
		}
		if s.discrete {
			s.carryForward(c.every, c.mint, min(c.maxt, c.end))
		}
		if s.cut(c.mint, c.maxt); len(s.times) > 0 {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
	set := &seriesSet{series: found, at: -1}
	if c.damage != nil {
		set.warnings.Add(c.damage)
	}
	return set
}
