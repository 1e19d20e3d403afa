package exporter

import (
	"container/list"
	"context"
	"slices"
	"sync"

	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/serve/timeshift"
)

// pages keeps the makers of the pages that clients asked for last.
type pages struct {
	limit int64

	mu     sync.Mutex // guards the fields below, and the fields of makers that say so
	makers map[string]*maker
	order  list.List // of *maker, most recently used first
	size   int64
}

// maker makes the pages of a query, one after another.
type maker struct {
	key   string
	token chan struct{} // holds one item while a page is made
	table table         // for the holder of the token

	// The lock of pages guards these fields.
	place    *list.Element // nil if pages has forgotten the maker
	selected []selected    // by subject
	kept     []*page       // most recently made first
	series   int           // in table
	size     int64
}

// maxPages is the number of pages of a query that are kept: several formats, and several
// instants.
const maxPages = 6

// version says which values a page shows, and how. It is comparable with same.
type version struct {
	format format
	pcp5   bool
	states []any
	move   timeshift.Move // None unless the page has times
}

func (v *version) same(o *version) bool {
	return v.format == o.format && v.pcp5 == o.pcp5 && v.move == o.move && slices.Equal(v.states, o.states)
}

// maker returns the maker for a query and notes its use.
func (p *pages) maker(key string) *maker {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.makers[key]
	if m == nil {
		m = &maker{key: key, token: make(chan struct{}, 1)}
		p.makers[key] = m
		m.place = p.order.PushFront(m)
	}
	p.order.MoveToFront(m.place)
	return m
}

// find returns a page that was kept, or nil.
func (p *pages) find(m *maker, v *version) *page {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(m.kept, func(k *page) bool { return k.same(v) })
	if i < 0 {
		return nil
	}
	return m.kept[i]
}

// keep keeps a page, and forgets makers that were not used for a while.
func (p *pages) keep(m *maker, made *page, series int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m.kept = slices.Insert(m.kept, 0, made)
	if len(m.kept) > maxPages {
		clear(m.kept[maxPages:])
		m.kept = m.kept[:maxPages]
	}
	const perSeries, perMaker = 500, 4 << 10
	size := int64(series)*perSeries + perMaker
	for _, k := range m.kept {
		size += int64(len(k.body)) * 5 / 4 // compressed, too
	}
	if m.place != nil {
		p.size += size - m.size
	}
	m.size, m.series = size, series
	for p.size > p.limit && p.order.Len() > 1 {
		last := p.order.Back().Value.(*maker)
		p.order.Remove(last.place)
		last.place = nil
		delete(p.makers, last.key)
		p.size -= last.size
	}
}

// selected are the metrics of a subject that a query selects, according to some archives.
type selected struct {
	stores []*meta.Store
	ids    []pcp.PMID // nil: all
}

// page returns the page for a query.
func (e *Exporter) page(ctx context.Context, v *View, q *Query) (*page, error) {
	m := e.pages.maker(q.key)
	values, err := e.values(ctx, m, q)
	if err != nil {
		return nil, err
	}
	want := &version{format: q.format, pcp5: q.pcp5, move: timeshift.None}
	if q.times || q.format == formatOTLP {
		want.move = v.Move
	}
	for _, vals := range values {
		want.states = append(want.states, vals.State())
	}
	if p := e.pages.find(m, want); p != nil {
		e.kept.Add(1)
		return p, nil
	}
	leave, err := enter(ctx, m.token)
	if err != nil {
		return nil, err
	}
	defer leave()
	if p := e.pages.find(m, want); p != nil { // made meanwhile
		e.kept.Add(1)
		return p, nil
	}
	if leave, err = enter(ctx, e.gate); err != nil {
		return nil, err
	}
	defer leave()
	p, err := e.make(ctx, m, v, q, values)
	if err != nil {
		return nil, err
	}
	p.version = *want
	e.made.Add(1)
	e.pages.keep(m, p, m.table.series)
	return p, nil
}

// enter takes a place, which the caller leaves once.
func enter(ctx context.Context, places chan struct{}) (leave func(), err error) {
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// values returns the values of each subject of a query.
func (e *Exporter) values(ctx context.Context, m *maker, q *Query) ([]*instant.Values, error) {
	all, err := e.selection(ctx, m, q)
	if err != nil {
		return nil, err
	}
	values := make([]*instant.Values, len(q.Subjects))
	n := 0
	for i, s := range q.Subjects {
		if values[i], err = e.opts.Values.At(ctx, s, q.At, all[i].ids); err != nil {
			return nil, err
		}
		if n += values[i].Len(); n > e.opts.MaxValues {
			return nil, Refusal("the page has more than %d values: choose hosts by host= or metrics by names=", e.opts.MaxValues)
		}
	}
	return values, nil
}

// selection returns the metrics of each subject that a query selects.
func (e *Exporter) selection(ctx context.Context, m *maker, q *Query) (now []selected, err error) {
	e.pages.mu.Lock()
	known := m.selected
	e.pages.mu.Unlock()
	now = make([]selected, len(q.Subjects))
	found := len(q.names) == 0
	for i, s := range q.Subjects {
		if now[i].stores, err = storesOf(ctx, s, q.At); err != nil {
			return nil, err
		}
		switch {
		case i < len(known) && slices.Equal(known[i].stores, now[i].stores):
			now[i].ids = known[i].ids
		case len(q.names) > 0 || !q.filter.Empty():
			now[i].ids = q.choose(now[i].stores)
		}
		found = found || len(now[i].stores) == 0 || len(now[i].ids) > 0 || !q.filter.Empty() && q.knows(now[i].stores)
	}
	if !found {
		return nil, Refusal("'%s' - %s", q.names[len(q.names)-1], errUnknownName)
	}
	e.pages.mu.Lock()
	m.selected = now
	e.pages.mu.Unlock()
	return now, nil
}

// errUnknownName is what PCP says of a name that does not exist.
const errUnknownName = pcp.Errno(-12357)

// storesOf returns the metadata of the archives that describe a subject at an instant.
func storesOf(ctx context.Context, s instant.Subject, t pcp.Timestamp) (stores []*meta.Store, err error) {
	readers, err := s.Readers(ctx, t)
	for _, r := range readers {
		stores = append(stores, r.Meta())
	}
	return stores, err
}

// choose returns the metrics that the query selects. It is not nil.
func (q *Query) choose(stores []*meta.Store) []pcp.PMID {
	ids := []pcp.PMID{}
	seen := map[pcp.PMID]bool{}
	for _, store := range stores {
		for d := range store.Metrics() {
			if !seen[d.PMID] && q.selects(d) && !slices.ContainsFunc(d.Names, q.filter.Match) {
				seen[d.PMID] = true
				ids = append(ids, d.PMID)
			}
		}
	}
	return ids
}

// selects reports whether the query names a metric or a subtree with it.
func (q *Query) selects(d *meta.Desc) bool {
	return len(q.names) == 0 || slices.ContainsFunc(q.names, d.Matches)
}

// knows reports whether there are metrics that the query names, filtered or not.
func (q *Query) knows(stores []*meta.Store) bool {
	for _, store := range stores {
		for d := range store.Metrics() {
			if q.selects(d) {
				return true
			}
		}
	}
	return false
}
