package ruleeval

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// recorded has the series that rules make, in memory.
type recorded struct {
	limit int

	mu    sync.RWMutex // guards the fields below
	held  int
	byKey map[string]*recordedSeries
}

// recordedSeries is a series with its samples.
type recordedSeries struct {
	promql.Series
	last int64 // time of the last sample, if any is set
	any  bool
}

// LimitError reports rules that make too many samples.
type LimitError struct{ Samples int }

// Error returns the limit.
func (e *LimitError) Error() string {
	return fmt.Sprintf("the rules make more than %d samples: choose a longer interval or a shorter time", e.Samples)
}

func newRecorded(limit int) *recorded {
	return &recorded{limit: limit, byKey: map[string]*recordedSeries{}}
}

// series returns the series with the given labels.
func (r *recorded) series(ls labels.Labels) *recordedSeries {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := string(ls.Bytes(nil))
	s := r.byKey[key]
	if s == nil {
		s = &recordedSeries{Series: promql.Series{Metric: ls}}
		r.byKey[key] = s
	}
	return s
}

// add adds a sample. A series that has left out a time ends there. A sample that is not
// later than the last one, of another rule, is ignored.
func (r *recorded) add(s *recordedSeries, t, interval int64, v float64, h *histogram.FloatHistogram) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.any && t <= s.last {
		return nil
	}
	if r.held++; r.held > r.limit {
		return &LimitError{r.limit}
	}
	if s.any && t > s.last+interval {
		s.Floats = append(s.Floats, promql.FPoint{T: s.last + interval, F: prom.StaleNaN})
	}
	if h != nil {
		s.Histograms = append(s.Histograms, promql.HPoint{T: t, H: h.Copy()})
	} else {
		s.Floats = append(s.Floats, promql.FPoint{T: t, F: v})
	}
	s.last, s.any = t, true
	return nil
}

// beside returns a storage with the recorded series beside those of another one.
func (r *recorded) beside(base storage.Queryable) storage.Queryable {
	return storage.QueryableFunc(func(mint, maxt int64) (storage.Querier, error) {
		q, err := base.Querier(mint, maxt)
		if err != nil {
			return nil, err
		}
		return storage.NewMergeQuerier([]storage.Querier{q, &recordedQuerier{r, mint, maxt}}, nil, storage.ChainedSeriesMerge), nil
	})
}

// recordedQuerier reads the recorded series of a span of time.
type recordedQuerier struct {
	*recorded
	mint, maxt int64
}

// find returns the series that match and have samples, sorted by labels.
func (q *recordedQuerier) find(matchers []*labels.Matcher) []storage.Series {
	q.mu.RLock()
	defer q.mu.RUnlock()
	var all []storage.Series
	for _, s := range q.byKey {
		if slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(s.Metric.Get(m.Name)) }) {
			continue
		}
		part := promql.Series{
			Metric:     s.Metric,
			Floats:     within(s.Floats, q.mint, q.maxt, func(p promql.FPoint) int64 { return p.T }),
			Histograms: within(s.Histograms, q.mint, q.maxt, func(p promql.HPoint) int64 { return p.T }),
		}
		if len(part.Floats)+len(part.Histograms) > 0 {
			all = append(all, promql.NewStorageSeries(part))
		}
	}
	slices.SortFunc(all, func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
	return all
}

// within returns the points from mint to maxt.
func within[P any](points []P, mint, maxt int64, at func(P) int64) []P {
	by := func(p P, t int64) int { return cmp.Compare(at(p), t) }
	from, _ := slices.BinarySearchFunc(points, mint, by)
	to, found := slices.BinarySearchFunc(points, maxt, by)
	if found {
		to++
	}
	return points[min(from, to):to]
}

// Select returns the series that match.
func (q *recordedQuerier) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	return &seriesList{all: q.find(matchers), at: -1}
}

// LabelValues returns the values of a label.
func (q *recordedQuerier) LabelValues(_ context.Context, name string, _ *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return q.collect(matchers, func(ls labels.Labels, add func(string)) {
		if v := ls.Get(name); v != "" {
			add(v)
		}
	}), nil, nil
}

// LabelNames returns the names of labels.
func (q *recordedQuerier) LabelNames(_ context.Context, _ *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return q.collect(matchers, func(ls labels.Labels, add func(string)) {
		ls.Range(func(l labels.Label) { add(l.Name) })
	}), nil, nil
}

// collect returns the sorted strings that visit finds in the labels of series.
func (q *recordedQuerier) collect(matchers []*labels.Matcher, visit func(labels.Labels, func(string))) []string {
	all := []string{}
	for _, s := range q.find(matchers) {
		visit(s.Labels(), func(text string) { all = append(all, text) })
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Close does nothing.
func (*recordedQuerier) Close() error { return nil }

// seriesList yields series.
type seriesList struct {
	all []storage.Series
	at  int
}

// Next goes to the next series.
func (l *seriesList) Next() bool { l.at++; return l.at < len(l.all) }

// At returns the current series.
func (l *seriesList) At() storage.Series { return l.all[l.at] }

// Err returns nil: the series are in memory.
func (*seriesList) Err() error { return nil }

// Warnings returns nil.
func (*seriesList) Warnings() annotations.Annotations { return nil }

// Beside returns a storage with the series that the rules made beside those of another
// one. It has the form of a [query.View].
func (r *Result) Beside(base storage.Queryable) storage.Queryable { return r.recorded.beside(base) }
