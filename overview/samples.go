package overview

import (
	"context"
	"math"
	"slices"
	"sort"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/query"
)

// sample is a number and its time in milliseconds.
type sample struct {
	t int64
	v float64
}

// series holds some samples of a series, by ascending time.
type series struct {
	name    string
	labels  labels.Labels
	sem     pcp.Semantics
	samples []sample
}

// newSeries returns a series without samples.
func newSeries(name string, sem pcp.Semantics, all []prom.Label) *series {
	b := labels.NewScratchBuilder(len(all) + 1)
	b.Add(model.MetricNameLabel, name)
	for _, l := range all {
		b.Add(l.Name, l.Value)
	}
	b.Sort()
	return &series{name: name, labels: b.Labels(), sem: sem}
}

// add appends a sample unless it is not later than the last one.
func (s *series) add(t int64, v float64) bool {
	if n := len(s.samples); n > 0 && t <= s.samples[n-1].t {
		return false
	}
	s.samples = append(s.samples, sample{t, v})
	return true
}

// forget drops samples before a time, and returns how many. A discrete series keeps the value that holds.
func (s *series) forget(before int64) int {
	n := sort.Search(len(s.samples), func(i int) bool { return s.samples[i].t >= before })
	if s.sem == pcp.SemDiscrete && n > 0 {
		n--
	}
	s.samples = append(s.samples[:0], s.samples[n:]...)
	return n
}

// steps are the times at which an expression is evaluated, in milliseconds.
type steps struct{ first, last, every int64 }

// window is a storage with the samples for an evaluation.
type window struct {
	byName map[string][]*series
	at     steps
}

// Querier returns a querier of the samples.
func (w *window) Querier(_, _ int64) (storage.Querier, error) {
	return &querier{storage.NoopQuerier(), w}, nil
}

// querier selects series of a window, and has no other answers.
type querier struct {
	storage.Querier
	window *window
}

// Select returns the series that match. Every selector of a rule names its metric.
func (w *querier) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	name := ""
	for _, m := range matchers {
		if m.Name == model.MetricNameLabel {
			name = m.Value
		}
	}
	var found []storage.Series
	for _, s := range w.window.byName[name] {
		if len(s.samples) > 0 && !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(s.labels.Get(m.Name)) }) {
			found = append(found, &view{s, w.window.at})
		}
	}
	slices.SortFunc(found, func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
	return query.NewSeriesSet(found, annotations.Annotations(nil))
}

// view is a series as an evaluation sees it.
type view struct {
	*series
	at steps
}

// Labels returns the labels, the name among them.
func (v *view) Labels() labels.Labels { return v.labels }

// Iterator returns an iterator over the samples. A discrete value holds until the next one:
// it appears again at each step.
func (v *view) Iterator(it chunkenc.Iterator) chunkenc.Iterator {
	own, ok := it.(*iterator)
	if !ok {
		own = &iterator{}
	}
	*own = iterator{all: v.samples, at: -1}
	if v.sem == pcp.SemDiscrete {
		own.all = v.held()
	}
	return own
}

// held returns the value that holds at each step.
func (v *view) held() (all []sample) {
	next := 0
	for t := v.at.first; t <= v.at.last; t += v.at.every {
		for next < len(v.samples) && v.samples[next].t <= t {
			next++
		}
		if next > 0 && !prom.IsStale(v.samples[next-1].v) {
			all = append(all, sample{t, v.samples[next-1].v})
		}
	}
	return all
}

// iterator iterates over samples.
type iterator struct {
	all []sample
	at  int
}

var _ chunkenc.Iterator = (*iterator)(nil)

// Next goes to the next sample.
func (it *iterator) Next() chunkenc.ValueType {
	it.at++
	return it.kind()
}

// Seek goes to the first sample at or after t, never backwards.
func (it *iterator) Seek(t int64) chunkenc.ValueType {
	from := min(max(it.at, 0), len(it.all))
	it.at = from + sort.Search(len(it.all)-from, func(i int) bool { return it.all[from+i].t >= t })
	return it.kind()
}

func (it *iterator) kind() chunkenc.ValueType {
	if it.at >= len(it.all) {
		it.at = len(it.all)
		return chunkenc.ValNone
	}
	return chunkenc.ValFloat
}

// At returns the current sample.
func (it *iterator) At() (int64, float64) { return it.all[it.at].t, it.all[it.at].v }

// AtT returns the current time.
func (it *iterator) AtT() int64 {
	if it.at < 0 || it.at >= len(it.all) {
		return math.MinInt64
	}
	return it.all[it.at].t
}

// AtST returns 0: archives keep no start times.
func (*iterator) AtST() int64 { return 0 }

// AtHistogram returns nothing: the samples are numbers.
func (*iterator) AtHistogram(*histogram.Histogram) (int64, *histogram.Histogram) { return 0, nil }

// AtFloatHistogram returns nothing: the samples are numbers.
func (*iterator) AtFloatHistogram(*histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	return 0, nil
}

// Err returns nil: the samples are in memory.
func (*iterator) Err() error { return nil }
