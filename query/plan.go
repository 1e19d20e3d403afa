package query

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// plan lists the metrics of a selection, from the metadata of the archives: those to decode,
// and those whose values before the selection's time count.
type plan struct {
	*selection
	start    pcp.Timestamp // start of the first archive with records of the time
	metrics  map[metricKey]bool
	discrete map[pcp.PMID]bool
	// rivals are metrics with the same name in PromQL. The metric recorded first gets it.
	rivals map[metricKey]bool
	owners map[string][]metricKey // the metrics that want a native name
}

// metricKey identifies a metric across archives.
type metricKey struct {
	id   pcp.PMID
	name string
}

func metricKeyOf(d *meta.Desc) metricKey { return metricKey{d.PMID, d.Name()} }

// plan plans the selection from the archives that have records between from and to.
func (s *selection) plan(from, to pcp.Timestamp) *plan {
	p := &plan{selection: s, metrics: map[metricKey]bool{}, discrete: map[pcp.PMID]bool{}, rivals: map[metricKey]bool{}}
	s.bases = map[string]bool{}
	s.further, s.more, s.byLabels = map[string][]alias{}, map[int][]*packedSeries{}, map[string]*packedSeries{}
	p.owners = map[string][]metricKey{}
	c := &candidates{plan: p, sems: map[metricKey]pcp.Semantics{}, pending: map[*meta.Descriptions][]namedMetric{}}
	for r := range s.readers(from, to) {
		if s.ctx.Err() != nil {
			return p // the caller checks the context
		}
		if len(s.bases) == 0 {
			p.start = r.Header().Start
		}
		s.bases[r.Base()] = true
		if !s.otherHost(r.Meta()) {
			c.archive(r.Meta())
		}
	}
	c.settle()
	return p
}

// readers yields the archives to plan for: those between two times without columns.
func (s *selection) readers(from, to pcp.Timestamp) iter.Seq[*archive.Reader] {
	if s.columnar == nil {
		return s.set.Between(from, to)
	}
	return func(yield func(*archive.Reader) bool) {
		for a := range s.set.Spanning(from, to) {
			if s.columnar.sources[a.Base] != nil {
				continue
			}
			if r := s.set.Reader(a.Base); r != nil && !yield(r) {
				return
			}
		}
	}
}

func (p *plan) want(m metricKey, sem pcp.Semantics) {
	p.metrics[m] = true
	if sem == pcp.SemDiscrete {
		p.discrete[m.id] = true
	}
}

// allowsOne reports whether the matchers allow one of the names that n metrics with the same
// name get.
func (s *selection) allowsOne(name string, n int) bool {
	ok := s.allows(name)
	for i := 2; i <= n && !ok; i++ {
		ok = s.allows(fmt.Sprintf("%s_%d", name, i))
	}
	return ok
}

// allows reports whether the matchers allow a name.
func (s *selection) allows(name string) bool {
	for _, m := range s.matchers {
		if m.Name == model.MetricNameLabel && !m.Matches(name) {
			return false
		}
	}
	return true
}

// otherHost reports whether the matchers allow none of the host names that
// series of an archive may have.
func (s *selection) otherHost(store *meta.Store) bool {
	var hosts []*labels.Matcher
	for _, m := range s.matchers {
		if m.Name == "hostname" && !m.Matches("") && !m.Matches(s.set.Host()) {
			hosts = append(hosts, m)
		}
	}
	if len(hosts) == 0 {
		return false
	}
	for l := range store.AllLabels() {
		for _, set := range l.Sets {
			name, ok := set.Set.Lookup("hostname")
			if ok && !slices.ContainsFunc(hosts, func(m *labels.Matcher) bool { return !m.Matches(name.Text()) }) {
				return false
			}
		}
	}
	return true
}

// mostInstances is the largest number of instances that are checked to exclude a metric.
const mostInstances = 100_000

// hasInstance reports whether a domain may have had an instance whose name the
// matchers allow. It remembers the answer in known.
func (s *selection) hasInstance(store *meta.Store, id pcp.InDomID, known map[pcp.InDomID]bool) bool {
	may, ok := known[id]
	if !ok {
		may = s.findInstance(store, id)
		known[id] = may
	}
	return may
}

func (s *selection) findInstance(store *meta.Store, id pcp.InDomID) bool {
	var names []*labels.Matcher
	for _, m := range s.matchers {
		if m.Name == "instname" && !m.Matches("") {
			names = append(names, m)
		}
	}
	if len(names) == 0 {
		return true
	}
	seen, versions := 0, false
	for in := range store.InDomVersions(id) {
		versions = true
		for _, e := range in.Instances {
			if seen++; seen > mostInstances || !slices.ContainsFunc(names, func(m *labels.Matcher) bool { return !m.Matches(e.Name) }) {
				return true
			}
		}
	}
	return !versions && id != pcp.InDomNull // the instances of a domain without a record are unknown
}

// ids returns the identifiers of the metrics.
func (p *plan) ids() []pcp.PMID {
	ids := make([]pcp.PMID, 0, len(p.metrics))
	for m := range p.metrics {
		ids = append(ids, m.id)
	}
	return ids
}

// wanted reports whether to decode a metric.
func (p *plan) wanted(d *meta.Desc) bool { return p.metrics[metricKeyOf(d)] }

// past returns a query for the records to read before from. Its Metrics are nil if there are
// none.
func (p *plan) past(ctx context.Context, from pcp.Timestamp) (history.Query, error) {
	q := history.Query{From: from, To: from.Add(-1), PMIDs: p.ids()}
	if len(p.discrete) > 0 {
		since, err := p.holding(ctx, q.To)
		if err != nil {
			return q, err
		}
		q.From = since
	}
	if len(p.rivals) > 0 && p.start.Before(q.From) {
		q.From = p.start
	}
	if q.From.Before(from) {
		q.Metrics = func(d *meta.Desc) bool {
			return p.wanted(d) && (d.Sem == pcp.SemDiscrete || p.rivals[metricKeyOf(d)])
		}
	}
	return q, nil
}

// holding returns the time at which reading must begin to find the values that discrete
// metrics still have after to. It goes back to a value of each metric, or to a mark, which
// ends all values.
func (p *plan) holding(ctx context.Context, to pcp.Timestamp) (pcp.Timestamp, error) {
	q := history.Query{To: to, All: true, PMIDs: p.ids(), Read: p.budget.read, Stop: ctx.Err, Metrics: func(d *meta.Desc) bool { return d.Sem == pcp.SemDiscrete && p.wanted(d) }}
	since := to.Add(1)
	missing := map[pcp.PMID]*lookout{}
	left := len(p.discrete)
	for step, err := range p.set.Backward(q) {
		if err != nil || ctx.Err() != nil {
			return since, ctx.Err() // damage is named by the Set
		}
		if err := p.budget.checkRead(); err != nil {
			return since, err
		}
		if step.Mark {
			return since, nil
		}
		for i := range step.Metrics {
			mv := &step.Metrics[i]
			id := mv.Metric.Desc.PMID
			l, ok := missing[id]
			if !ok {
				l = &lookout{}
				missing[id] = l
			}
			if l.done {
				continue
			}
			since = step.Stamp
			if l.look(mv); l.done {
				left--
			}
		}
		if left <= 0 {
			return since, nil
		}
	}
	return since, nil
}

// lookout waits for the values of a metric's instances.
type lookout struct {
	insts map[pcp.InstID]bool // instances without a value so far; nil before the first record
	done  bool
}

// look adds a record. Records come from the newest to the oldest.
func (l *lookout) look(mv *history.MetricValues) {
	if mv.Err < 0 || mv.Metric.Desc.InDom == pcp.InDomNull || mv.InDom == nil {
		l.done = mv.Err < 0 || len(mv.Points) > 0 // an error ends all values
		return
	}
	if l.insts == nil {
		l.insts = make(map[pcp.InstID]bool, len(mv.InDom.Instances))
		for _, in := range mv.InDom.Instances {
			l.insts[in.ID] = true
		}
	}
	for i := range mv.Points {
		delete(l.insts, mv.Points[i].Series.Inst.ID)
	}
	l.done = len(l.insts) == 0
}
