package query

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/pcparchive/pcparchive/catalogue"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// describedBy returns a function that returns the view of a catalogue over archives. A nil
// catalogue stands for one of its own.
func describedBy(c *catalogue.Catalogue, sets []*store.Set) func() *catalogue.View {
	return sync.OnceValue(func() *catalogue.View {
		if c == nil {
			c = catalogue.New(catalogue.Options{})
		}
		return c.View(sets)
	})
}

// described answers a question about the series of hosts from their metadata. It reads values
// only for names of which metadata do not tell the series.
type described struct {
	hosts    []*querier // those that the Storage reads
	from, to int64
	matchers []*labels.Matcher

	found  *catalogue.Selection
	unsure []*seriesSet // by host; nil if metadata tell all series
}

// describe finds the series that match.
func describe(ctx context.Context, hosts []*querier, hints *storage.SelectHints, matchers []*labels.Matcher) (*described, error) {
	d := &described{hosts: hosts, from: hosts[0].mint, to: hosts[0].maxt, matchers: matchers}
	if hints != nil {
		d.from, d.to = max(d.from, hints.Start), min(d.to, hints.End)
	}
	var err error
	d.found, err = hosts[0].described().Select(ctx, pcp.TimestampMilli(d.from), pcp.TimestampMilli(d.to).Add(999_999), matchers...)
	if err != nil {
		return d, err
	}
	if chosen := hosts[0].chosen; chosen != nil {
		d.found = d.found.Of(chosen)
	}
	if len(d.found.Unsure()) == 0 {
		return d, nil
	}
	return d, d.read(ctx)
}

// read reads the series of the names that metadata do not tell.
func (d *described) read(ctx context.Context) error {
	names := slices.Clone(d.found.Unsure())
	for i, name := range names {
		names[i] = regexp.QuoteMeta(name)
	}
	m, err := labels.NewMatcher(labels.MatchRegexp, model.MetricNameLabel, strings.Join(names, "|"))
	if err != nil {
		return err
	}
	for _, q := range d.hosts {
		s := &selection{querier: q, set: q.set.Until(ctx.Err), ctx: ctx, from: d.from, to: d.to, matchers: append(slices.Clone(d.matchers), m), labelsOnly: true, budget: q.budget}
		found, err := s.read(ctx)
		if err != nil {
			return err
		}
		d.unsure = append(d.unsure, found)
	}
	return nil
}

// plain reports whether the labels of the catalogue's series are those of the answer.
func (d *described) plain() bool { return d.unsure == nil && !d.found.Shared() }

// series returns the series, sorted by labels and without samples.
func (d *described) series(ctx context.Context) (*seriesSet, error) {
	all, owners := &seriesSet{at: -1}, map[*packedSeries]string{}
	known := map[string]map[string]bool{} // labels of the series of names that were read, by host
	add := func(s *packedSeries, host string) {
		owners[s] = host
		all.series = append(all.series, s)
	}
	for i, set := range d.unsure {
		host := d.hosts[i].set.Host()
		known[host] = map[string]bool{}
		for _, s := range set.series {
			known[host][string(s.Labels().Bytes(nil))] = true
			add(s.(*packedSeries), host)
		}
	}
	for ls, host := range d.found.Series() {
		if len(known[host]) > 0 && known[host][string(ls.Bytes(nil))] {
			continue
		}
		if err := d.hosts[0].budget.takeSeries(); err != nil {
			return nil, err
		}
		add(&packedSeries{ctx: ctx, labels: ls}, host)
	}
	all.separate(owners)
	all.warnings.Merge(d.warnings(ctx))
	return all, nil
}

// warnings returns the clashes of hosts, and the damage of archives with the time.
func (d *described) warnings(ctx context.Context) (all annotations.Annotations) {
	for _, line := range d.found.Clashes().Lines() {
		all.Add(&HostsWarning{line})
	}
	for _, set := range d.unsure {
		all.Merge(set.warnings)
	}
	for _, q := range d.hosts {
		s := &selection{querier: q, set: q.set.Until(ctx.Err)}
		problems := q.set.Problems()
		if len(problems) == 0 {
			continue
		}
		s.bases = map[string]bool{}
		for _, a := range s.set.Within(pcp.TimestampMilli(d.from), pcp.TimestampMilli(d.to).Add(999_999)) {
			s.bases[a.Base] = true
		}
		for _, p := range problems {
			if s.concerns(p) {
				all.Add(&DamageWarning{p})
			}
		}
	}
	return all
}

// labelValues returns the values of a label that series of hosts have.
func labelValues(ctx context.Context, hosts []*querier, name string, matchers []*labels.Matcher) ([]string, annotations.Annotations, error) {
	return gather(ctx, hosts, matchers, func(s *catalogue.Selection) []string { return s.LabelValues(name) }, valuesOf(name))
}

// labelNames returns the names of the labels that series of hosts have.
func labelNames(ctx context.Context, hosts []*querier, matchers []*labels.Matcher) ([]string, annotations.Annotations, error) {
	return gather(ctx, hosts, matchers, (*catalogue.Selection).LabelNames, namesOf)
}

// gather returns what plain finds in a selection, or else what visit finds in its series.
func gather(ctx context.Context, hosts []*querier, matchers []*labels.Matcher, plain func(*catalogue.Selection) []string, visit func(labels.Labels, func(string))) ([]string, annotations.Annotations, error) {
	d, err := describe(ctx, hosts, nil, matchers)
	if err != nil {
		return nil, nil, err
	}
	if d.plain() {
		return plain(d.found), d.warnings(ctx), nil
	}
	set, err := d.series(ctx)
	if err != nil {
		return nil, nil, err
	}
	return collect(set, visit)
}

// describedSet returns the series that match, without samples.
func describedSet(ctx context.Context, hosts []*querier, hints *storage.SelectHints, matchers []*labels.Matcher) storage.SeriesSet {
	d, err := describe(ctx, hosts, hints, matchers)
	if err != nil {
		return storage.ErrSeriesSet(err)
	}
	set, err := d.series(ctx)
	if err != nil {
		return storage.ErrSeriesSet(err)
	}
	return set
}

// asksForLabels reports whether a call of Select wants series without samples, as
// Prometheus' API for series does.
func asksForLabels(hints *storage.SelectHints) bool { return hints != nil && hints.Func == "series" }
