package query

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync/atomic"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// columnar answers a selection from the columns of archives. Other archives of the host
// are read as usual.
type columnar struct {
	*selection
	sources  map[string]*columnSource // by base path
	outlines map[string]*store.Outline
	now      *columnSource // the archive whose steps come
	loaded   atomic.Int64  // samples in the chunks of all archives
}

// errVolumes says that columns cannot give the answer.
var errVolumes = errors.New("columns cannot give the answer")

// tryColumns answers the selection from columns if some archive has them. done is false
// if it could not: then the selection must be read from volumes.
func (s *selection) tryColumns(ctx context.Context, from, to pcp.Timestamp) (set *seriesSet, done bool, err error) {
	if s.columns == nil {
		return nil, false, nil
	}
	// The archives are opened first: columns know what they call their hosts.
	c := s.prepared.take(s.key())
	if c == nil || c.labelsOnly != s.labelsOnly {
		c = s.openColumns(ctx, from, to)
	}
	defer s.querier.budget.opening.Add(c.loaded.Load())
	if err = c.err; err == nil && s.clashes.get(ctx) != nil {
		err = errVolumes
	}
	if err == nil {
		c.budget = s.budget.copy()
		set, err = c.read(ctx, from, to)
	}
	switch {
	case errors.Is(err, errVolumes), errors.Is(err, store.ErrOverlap):
		return nil, false, nil
	case err != nil:
		return nil, true, err
	}
	return set, true, s.budget.spend(c.budget)
}

// trial returns the selection before it was read, with a budget of its own.
func (s *selection) trial() *selection {
	return &selection{
		querier: s.querier, set: s.set, ctx: s.ctx, from: s.from, to: s.to, matchers: s.matchers, window: s.window,
		instant: s.instant, labelsOnly: s.labelsOnly, budget: s.budget.copy(), report: &prom.Report{},
	}
}

// read is selection.read with columns.
func (c *columnar) read(ctx context.Context, from, to pcp.Timestamp) (*seriesSet, error) {
	p := c.plan(from, to)
	if err := cmp.Or(ctx.Err(), c.settle(p)); err != nil {
		return nil, err
	}
	volumes := len(c.bases) > 0
	for base := range c.sources {
		c.bases[base] = true
	}
	if len(p.metrics) == 0 && !c.found() {
		if volumes && c.wanted() {
			return nil, errVolumes // whether to read them depends on the instances of the others
		}
		return c.result(ctx) // no need to read
	}
	if err := c.want(p); err != nil {
		return nil, err
	}
	c.flat = flatten.New(prom.SinkFunc(c.append), flatten.Options{TargetLabels: true, Host: c.set.Host(), Report: c.report})
	past, err := c.past(ctx, p, from)
	if err != nil {
		return nil, err
	}
	if past.From.Before(from) {
		c.early = true
		if err := c.pass(ctx, past); err != nil {
			return nil, err
		}
		c.early = false
	}
	c.now = nil
	if err := c.pass(ctx, history.Query{From: from, To: to, Metrics: p.wanted, PMIDs: p.ids()}); err != nil {
		return nil, err
	}
	return c.result(ctx)
}

// found reports whether a series of columns matches.
func (c *columnar) found() bool {
	for _, src := range c.sources {
		if len(src.series) > 0 {
			return true
		}
	}
	return false
}

// wanted reports whether the matchers allow the name of a metric with columns.
func (c *columnar) wanted() bool {
	for _, src := range c.sources {
		if len(src.rows) > 0 {
			return true
		}
	}
	return false
}

// past returns a query for the records to read before from; see plan.past. A mark precedes
// each archive, so that only the archive of that time counts.
func (c *columnar) past(ctx context.Context, p *plan, from pcp.Timestamp) (history.Query, error) {
	var src *columnSource
	for _, other := range c.sources {
		if other.entry.First.Before(from) && (src == nil || src.entry.First.Before(other.entry.First)) {
			src = other
		}
	}
	if src != nil && !src.entry.Last.Before(from) {
		if c.precedes(src) && len(p.discrete) > 0 {
			return history.Query{}, errVolumes // the search for values that hold may meet damage
		}
		q := history.Query{From: from, To: from.Add(-1), Metrics: p.wanted}
		if src.lasting() {
			q.From = src.entry.First
		}
		return q, nil
	}
	q, err := p.past(ctx, from)
	if src != nil && src.lasting() && src.entry.First.Before(q.From) {
		q.From = src.entry.First
		if q.Metrics == nil {
			q.Metrics = p.wanted
		}
	}
	return q, err
}

// precedes reports whether an archive without columns begins before one.
func (c *columnar) precedes(src *columnSource) bool {
	for _, a := range c.set.Archives() {
		if a.Base == src.Base {
			return false
		}
		if c.bases[a.Base] && c.sources[a.Base] == nil {
			return true
		}
	}
	return false
}

// want adds the metrics with columns to a plan, which has those of other archives.
func (c *columnar) want(p *plan) error {
	if len(c.bases) == len(c.sources) {
		return nil // all archives have columns
	}
	for _, src := range c.sources {
		for _, row := range src.rows {
			name := &src.entry.Names.All[row]
			if name.Sem == pcp.SemDiscrete && c.restricts() {
				return errVolumes // how far values are looked for depends on instances and hosts
			}
			p.want(metricKey{name.ID, name.PCP}, name.Sem)
		}
	}
	return nil
}

// restricts reports whether the matchers exclude archives by their hosts, or metrics by
// their instances.
func (c *columnar) restricts() bool {
	return slices.ContainsFunc(c.matchers, func(m *labels.Matcher) bool {
		return m.Name == "instname" && !m.Matches("") || m.Name == "hostname" && !m.Matches("") && !m.Matches(c.set.Host())
	})
}

// settle compares the names of the archives with columns with those of the others. Names
// that several metrics have depend on all archives.
func (c *columnar) settle(p *plan) error {
	if len(p.rivals) > 0 {
		return errVolumes
	}
	for name, further := range c.further {
		if c.allows(name) || slices.ContainsFunc(further, func(a alias) bool { return c.allows(a.prom) }) {
			return errVolumes
		}
	}
	names := map[*columns.Names]bool{}
	for _, src := range c.sources {
		names[src.entry.Names] = true
	}
	if len(names) < 2 && len(p.owners) == 0 {
		return nil // columnOpener.namesOf looked at the only names
	}
	return c.settleOwners(p, names)
}

// settleOwners compares the owners of native names.
func (c *columnar) settleOwners(p *plan, names map[*columns.Names]bool) error {
	owners := map[string][]string{}
	add := func(name, owner string) {
		if !slices.Contains(owners[name], owner) {
			owners[name] = append(owners[name], owner)
		}
	}
	for name, group := range p.owners {
		for _, m := range group {
			add(name, m.name)
		}
	}
	for n := range names {
		for i := range n.All {
			if n.All[i].Native {
				add(n.All[i].Text, n.All[i].PCP)
			}
		}
	}
	for name, group := range owners {
		if len(group) > 1 && c.allowsOne(name, len(group)) {
			return errVolumes
		}
	}
	return nil
}

// mark notes a mark that may come after an archive with columns, which ends its series.
func (c *columnar) mark(t pcp.Timestamp) error {
	src := c.now
	if src == nil || t.Before(src.entry.Last) || slices.Contains(src.entry.Marks, t) {
		return nil
	}
	c.now = nil
	for _, col := range src.series {
		if !col.Live || !col.live {
			continue
		}
		col.live = false
		if err := c.addNumber(col.packed, t.Milli(), prom.StaleNaN); err != nil {
			return err
		}
	}
	return nil
}

// matches reports whether labels other than the name match.
func (s *selection) matches(all []prom.Label) bool {
	for _, m := range s.matchers {
		if m.Name == model.MetricNameLabel {
			continue
		}
		value := ""
		for i := range all {
			if all[i].Name == m.Name {
				value = all[i].Value
				break
			}
		}
		if !m.Matches(value) {
			return false
		}
	}
	return true
}

// onlyName returns the name that the matchers demand, if they demand one.
func onlyName(all []*labels.Matcher) (string, bool) {
	for _, m := range all {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			return m.Value, true
		}
	}
	return "", false
}
