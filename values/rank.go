package values

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// Ranking keeps the values of some instances of each row, as pmrep ranks them.
type Ranking struct {
	// Count is the number of instances kept of each metric: those with the highest values
	// or, if Count is negative, with the lowest. Zero keeps all.
	Count int
	// Predicates are metrics among those of Specs that choose the instances of all metrics
	// of their instance domains. Other metrics are ranked by their own values.
	Predicates []string
	// First ranks all instances, before the Patterns and Instances of Specs select some.
	First bool
}

// ranks reports whether the ranking leaves anything out.
func (k *Ranking) ranks() bool { return k.Count != 0 || len(k.Predicates) > 0 }

// filters reports whether a value decides about its place in a row.
func (o *Options) filters() bool {
	return o.Ranking.ranks() || slices.ContainsFunc(o.Specs, func(s Spec) bool { return s.Limit != 0 })
}

// ranker ranks the cells of rows.
type ranker struct {
	Ranking
	domains map[pcp.InDomID]bool // of Predicates
	groups  []rankGroup          // of the current row
	keep    []bool               // of its cells
	order   []int                // scratch
}

// rankGroup holds the cells of a metric.
type rankGroup struct {
	metric    *history.Metric
	from, to  int // in the cells of the row
	predicate bool
}

// newRanker returns nil if o ranks nothing.
func newRanker(set *store.Set, derived *deriver, o *Options) *ranker {
	if !o.Ranking.ranks() {
		return nil
	}
	k := &ranker{Ranking: o.Ranking, domains: map[pcp.InDomID]bool{}}
	for r := range set.Readers() {
		for d := range r.Meta().Metrics() {
			if slices.ContainsFunc(d.Names, k.isPredicate) {
				k.domains[d.InDom] = true
			}
		}
	}
	for _, m := range derived.metrics {
		if k.isPredicate(m.Name) {
			k.domains[m.InDom] = true
		}
	}
	return k
}

func (k *ranker) isPredicate(name string) bool { return slices.Contains(k.Predicates, name) }

// begin forgets the last row.
func (k *ranker) begin() { k.groups = k.groups[:0] }

// add adds the cells of a metric.
func (k *ranker) add(m *history.Metric, from, to int) {
	if from < to {
		k.groups = append(k.groups, rankGroup{m, from, to, k.isPredicate(m.Name)})
	}
}

// rank removes the cells that the ranking or, for those of predicates, a limit leaves out.
func (k *ranker) rank(cells []Cell, beyond func(Cell) bool) []Cell {
	k.keep = append(k.keep[:0], make([]bool, len(cells))...)
	chosen := map[pcp.InDomID]map[pcp.InstID]bool{}
	for domain := range k.domains {
		chosen[domain] = map[pcp.InstID]bool{}
	}
	for _, g := range k.groups {
		if !g.predicate {
			continue
		}
		k.best(cells, g)
		for i := g.from; i < g.to; i++ {
			if k.keep[i] {
				chosen[g.metric.Desc.InDom][cells[i].Value.Inst] = true
				k.keep[i] = !beyond(cells[i])
			}
		}
	}
	for _, g := range k.groups {
		instances, ok := chosen[g.metric.Desc.InDom]
		switch {
		case g.predicate:
		case !ok:
			k.best(cells, g)
		default:
			for i := g.from; i < g.to; i++ {
				k.keep[i] = instances[cells[i].Value.Inst]
			}
		}
	}
	kept := cells[:0]
	for i, c := range cells {
		if k.keep[i] && !c.Column.hidden {
			kept = append(kept, c)
		}
	}
	return kept
}

// best keeps the highest or lowest cells of a group. Of equal values the earlier cells win.
func (k *ranker) best(cells []Cell, g rankGroup) {
	k.order = k.order[:0]
	for i := g.from; i < g.to; i++ {
		k.order = append(k.order, i)
	}
	n := len(k.order)
	if k.Count != 0 {
		n = min(n, max(k.Count, -k.Count))
		slices.SortStableFunc(k.order, func(a, b int) int {
			if k.Count > 0 {
				a, b = b, a
			}
			return compareCells(cells[a], cells[b], k.Count > 0)
		})
	}
	for _, i := range k.order[:n] {
		k.keep[i] = true
	}
}

// compareCells compares the values of a metric: numbers, or texts. Values that are not
// numbers come first if least is true, otherwise last.
func compareCells(a, b Cell, least bool) int {
	if a.Column.Series.Metric.Desc.Type == pcp.TypeString {
		return strings.Compare(a.Value.Text(), b.Value.Text())
	}
	return cmp.Compare(sortable(a, least), sortable(b, least))
}

// sortable returns the value of a cell, with an infinite one in place of NaN.
func sortable(c Cell, least bool) float64 {
	v, _ := c.Number()
	switch {
	case !math.IsNaN(v):
		return v
	case least:
		return math.Inf(-1)
	}
	return math.Inf(1)
}
