package query

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

var _ storage.ExemplarQueryable = (*Storage)(nil)

// ExemplarQuerier returns a querier of the exemplars that the archives hold. MaxSamples
// limits the exemplars of one selection, with a [LimitError].
func (s *Storage) ExemplarQuerier(ctx context.Context) (storage.ExemplarQuerier, error) {
	return &exemplarQuerier{s, ctx}, nil
}

// Exemplars returns the exemplars of the archives.
func (e *Engine) Exemplars() storage.ExemplarQueryable { return e.storage }

type exemplarQuerier struct {
	*Storage
	ctx context.Context
}

// afterSample is the longest time by which the record of an exemplar may follow it.
const afterSample = 5 * time.Minute

// Select returns the exemplars from start to end, in milliseconds, of the series that
// one of several selectors matches. It sorts by labels and time.
func (q *exemplarQuerier) Select(start, end int64, selectors ...[]*labels.Matcher) ([]exemplar.QueryResult, error) {
	from, to := pcp.TimestampMilli(start), pcp.TimestampMilli(end).Add(afterSample)
	found := &exemplars{start: start, end: end, selectors: selectors, budget: newBudget(q.limit, q.maxBytes), bySeries: map[string]*exemplar.QueryResult{}}
	clashes := &onceClashes{s: q.Storage, mint: start, maxt: end}
	for _, set := range store.Until(q.read(), q.ctx.Err) {
		wanted := found.plan(set, from, to)
		if len(wanted) == 0 {
			continue
		}
		flat := flatten.New(prom.SinkFunc(found.append), flatten.Options{TargetLabels: true, Host: set.Host(), Clashes: clashes.get(q.ctx), Report: &prom.Report{}})
		query := history.Query{From: from, To: to, All: true, Metrics: func(d *meta.Desc) bool { return wanted[metricKeyOf(d)] }}
		for step, err := range set.Steps(query) {
			if err = cmp.Or(err, q.ctx.Err()); err != nil {
				return nil, err
			}
			if err := flat.Put(step); err != nil {
				return nil, err
			}
		}
	}
	return found.sorted(), nil
}

// exemplars collects exemplars.
type exemplars struct {
	start, end int64
	selectors  [][]*labels.Matcher
	budget     *budget
	bySeries   map[string]*exemplar.QueryResult
}

// plan returns the metrics to read: those with exemplars, and those with the samples
// that the exemplars belong to. It is empty if the archives have no exemplars.
func (x *exemplars) plan(set *store.Set, from, to pcp.Timestamp) map[metricKey]bool {
	names, wanted := map[string]bool{}, map[metricKey]bool{}
	visit := func(f func(store *meta.Store, d *meta.Desc, name string)) {
		for r := range set.Between(from, to) {
			for d := range r.Meta().Metrics() {
				f(r.Meta(), d, naming.SampleName(r.Meta(), d))
			}
		}
	}
	visit(func(store *meta.Store, d *meta.Desc, name string) {
		if naming.HoldsExemplars(store, d) && x.allows(name) {
			names[name] = true
		}
	})
	if len(names) > 0 {
		visit(func(_ *meta.Store, d *meta.Desc, name string) {
			if names[name] {
				wanted[metricKeyOf(d)] = true
			}
		})
	}
	return wanted
}

// allows reports whether a selector allows the name of a metric.
func (x *exemplars) allows(name string) bool {
	return slices.ContainsFunc(x.selectors, func(all []*labels.Matcher) bool {
		return !slices.ContainsFunc(all, func(m *labels.Matcher) bool { return m.Name == model.MetricNameLabel && !m.Matches(name) })
	})
}

// append takes samples and keeps the exemplars among them.
func (x *exemplars) append(p *prom.Series, batch []prom.Sample) error {
	for i := range batch {
		e := batch[i].Exemplar
		if e == nil || !p.Fits() {
			continue
		}
		t := batch[i].T
		if e.HasTime {
			t = e.Time
		}
		if t < x.start || t > x.end {
			continue
		}
		if err := x.add(promLabels(p.Name, p.Labels), exemplar.Exemplar{Labels: promLabels("", e.Labels), Value: e.Value, Ts: t, HasTs: true}); err != nil {
			return err
		}
	}
	return nil
}

// exemplarSamples is the memory of an exemplar, counted in numbers.
const exemplarSamples = 16

// add adds an exemplar to its series if a selector matches, unless it repeats the last
// one.
func (x *exemplars) add(series labels.Labels, e exemplar.Exemplar) error {
	if !slices.ContainsFunc(x.selectors, func(all []*labels.Matcher) bool { return matchAll(all, series) }) {
		return nil
	}
	key := string(series.Bytes(nil))
	of, ok := x.bySeries[key]
	if !ok {
		of = &exemplar.QueryResult{SeriesLabels: series}
		x.bySeries[key] = of
	}
	if n := len(of.Exemplars); n > 0 && of.Exemplars[n-1].Equals(e) {
		return nil
	}
	of.Exemplars = append(of.Exemplars, e)
	return x.budget.take(exemplarSamples)
}

// matchAll reports whether all matchers match the labels.
func matchAll(all []*labels.Matcher, ls labels.Labels) bool {
	return !slices.ContainsFunc(all, func(m *labels.Matcher) bool { return !m.Matches(ls.Get(m.Name)) })
}

// promLabels returns labels in Prometheus' form. The name may be empty.
func promLabels(name string, all []prom.Label) labels.Labels {
	b := labels.NewScratchBuilder(len(all) + 1)
	if name != "" {
		b.Add(model.MetricNameLabel, name)
	}
	for _, l := range all {
		b.Add(l.Name, l.Value)
	}
	b.Sort()
	return b.Labels()
}

// sorted returns the exemplars.
func (x *exemplars) sorted() []exemplar.QueryResult {
	all := make([]exemplar.QueryResult, 0, len(x.bySeries))
	for _, of := range x.bySeries {
		slices.SortStableFunc(of.Exemplars, func(a, b exemplar.Exemplar) int { return cmp.Compare(a.Ts, b.Ts) })
		all = append(all, *of)
	}
	slices.SortFunc(all, func(a, b exemplar.QueryResult) int { return labels.Compare(a.SeriesLabels, b.SeriesLabels) })
	return all
}
