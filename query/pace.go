package query

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"

	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/internal/halt"
	"github.com/pcparchive/pcparchive/internal/parallel"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// paces know the look-backs of the metrics of each host, by their names in PromQL. They
// find them out when they are first asked for.
type paces struct{ hosts []*hostPaces }

func newPaces(sets []*store.Set) *paces {
	p := &paces{}
	for _, set := range sets {
		p.hosts = append(p.hosts, &hostPaces{set: set, asked: map[string]time.Duration{}, holds: map[string]time.Duration{}, asking: map[string]*halt.Work[time.Duration]{}})
	}
	return p
}

// hostPaces are those of one host.
type hostPaces struct {
	set *store.Set

	mu     sync.Mutex
	asked  map[string]time.Duration             // the longest look-back of what matchers select
	holds  map[string]time.Duration             // look-backs of metrics, if they are longer than usual
	asking map[string]*halt.Work[time.Duration] // for what queries wait, by matchers
}

// The number and the length of the selectors that hostPaces remember at most.
const (
	mostAsked    = 10_000
	longestAsked = 1 << 10
)

// holdOf returns how long two and a half recordings of a metric take, and at least the
// usual look-back.
func holdOf(pace time.Duration) time.Duration { return max(DefaultLookback, pace*5/2) }

// longest returns the longest look-back of the metrics that selectors select.
func (p *paces) longest(ctx context.Context, s *Storage, selectors [][]*labels.Matcher) (time.Duration, error) {
	holds := make([]time.Duration, len(p.hosts))
	err := parallel.Do(len(p.hosts), func(i int) error {
		if !s.reads(s.sets[i]) {
			return nil
		}
		for _, matchers := range selectors {
			hold, err := p.hosts[i].longest(ctx, s.columns, matchers)
			if err != nil {
				return err
			}
			holds[i] = max(holds[i], hold)
		}
		return nil
	})
	return max(DefaultLookback, slices.Max(append(holds, 0))), err
}

// hold returns the look-back of a metric of a host.
func (p *paces) hold(host int, name string) time.Duration {
	h := p.hosts[host]
	h.mu.Lock()
	defer h.mu.Unlock()
	return max(DefaultLookback, h.holds[name])
}

func (h *hostPaces) longest(ctx context.Context, cache *columns.Cache, matchers []*labels.Matcher) (time.Duration, error) {
	matchers = slices.DeleteFunc(slices.Clone(matchers), func(m *labels.Matcher) bool { return m.Name != model.MetricNameLabel })
	key := matchersKey(matchers)
	h.mu.Lock()
	hold, known := h.asked[key]
	work := h.asking[key]
	if work == nil && !known {
		work = &halt.Work[time.Duration]{}
		h.asking[key] = work
	}
	h.mu.Unlock()
	if known {
		return hold, nil
	}
	defer h.forget(key, work)
	return work.Do(ctx.Err, func(stop func() error) (time.Duration, error) {
		found, err := h.find(stop, cache, (&selection{matchers: matchers}).allows)
		if err != nil {
			return 0, err
		}
		return h.learn(key, found), nil
	})
}

// learn notes the paces that matchers with a key select, and returns the longest look-back.
func (h *hostPaces) learn(key string, found map[string]time.Duration) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	longest := DefaultLookback
	for name, pace := range found {
		if hold := holdOf(pace); hold > DefaultLookback {
			h.holds[name] = max(h.holds[name], hold)
			longest = max(longest, hold)
		}
	}
	if len(h.asked) >= mostAsked {
		clear(h.asked)
	}
	if len(key) <= longestAsked {
		h.asked[key] = longest
	}
	return longest
}

// forget removes work for which nobody waits any more.
func (h *hostPaces) forget(key string, work *halt.Work[time.Duration]) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.asking[key] == work && work.Waiting() == 0 {
		delete(h.asking, key)
	}
}

// paceArchives is the number of archives, from the last one backwards, that are asked for
// the pace of a metric that is recorded seldom or not at all in the archives after them.
const paceArchives = 3

// find returns the paces of the metrics whose names are allowed, as the last archives have
// them. It leaves out metrics with discrete values, which hold anyway.
func (h *hostPaces) find(stop func() error, cache *columns.Cache, allows func(string) bool) (map[string]time.Duration, error) {
	found, left := map[string]time.Duration{}, paceArchives
	for _, a := range slices.Backward(h.set.Archives()) {
		missing, err := h.look(stop, cache, a, allows, found)
		if err != nil {
			return nil, err
		}
		if left--; left == 0 || !missing && len(found) > 0 {
			break
		}
	}
	return found, nil
}

// look adds what an archive tells to found. It reports whether the archive lacks the pace of
// a metric that it has. Of several metrics with one name, the one that is recorded least often counts.
func (h *hostPaces) look(stop func() error, cache *columns.Cache, a store.Archive, allows func(string) bool, found map[string]time.Duration) (missing bool, err error) {
	told := map[string]time.Duration{}
	add := func(name string, pace time.Duration) { told[name] = max(told[name], pace) }
	if !recallPaces(cache, a, allows, add) {
		r := h.set.Until(stop).Reader(a.Base)
		if r == nil {
			return true, stop()
		}
		if err := measure(stop, r, allows, add); err != nil {
			return false, err
		}
	}
	for name, pace := range told {
		missing = missing || pace == 0
		if found[name] == 0 {
			found[name] = pace
		}
	}
	return missing, nil
}

// recallPaces passes on the paces that the columns of an archive have. It returns false if they
// lack some.
func recallPaces(cache *columns.Cache, a store.Archive, allows func(string) bool, add func(string, time.Duration)) bool {
	en := cache.Get(cache.Key(a.State))
	if en == nil {
		return false
	}
	defer en.Close()
	return pacesOf(en, allows, add)
}

// pacesOf passes on the paces that an entry has. It returns false if it lacks some.
func pacesOf(en *columns.Entry, allows func(string) bool, add func(string, time.Duration)) bool {
	if en.Unfit != "" {
		return false
	}
	for i := range en.Names.All {
		name := &en.Names.All[i]
		if name.Sem == pcp.SemDiscrete || !allows(name.Text) {
			continue
		}
		if _, ok := en.Pace(i); !ok {
			return false
		}
	}
	for i := range en.Names.All {
		if name := &en.Names.All[i]; name.Sem != pcp.SemDiscrete && allows(name.Text) {
			pace, _ := en.Pace(i)
			add(name.Text, pace)
		}
	}
	return true
}

// reach is what a query selects: its look-back is the longest of the metrics.
type reach struct {
	fixed bool // all metrics have the same
	ms    int64

	selectors int // number of selectors of the query
}

// settle finds out what a prepared query selects and how far it looks back, and tells the
// engine.
func (e *Engine) settle(ctx context.Context, q promql.Query, r *reach) error {
	stmt, ok := q.Statement().(*parser.EvalStmt)
	if !ok {
		return nil
	}
	r.selectors = countSelectors(stmt.Expr)
	if r.fixed {
		return nil
	}
	lookback, err := e.lookbackOf(ctx, stmt.Expr)
	stmt.LookbackDelta, r.ms = lookback, lookback.Milliseconds()
	return err
}

// countSelectors returns the number of selectors in an expression.
func countSelectors(expr parser.Expr) (n int) {
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if _, ok := node.(*parser.VectorSelector); ok {
			n++
		}
		return nil
	})
	return n
}

// lookbackOf returns the longest look-back of the metrics that an expression selects
// without a range.
func (e *Engine) lookbackOf(ctx context.Context, expr parser.Expr) (time.Duration, error) {
	if e.storage.paces == nil {
		return e.opts.Lookback, nil
	}
	var selectors [][]*labels.Matcher
	parser.Inspect(expr, func(n parser.Node, path []parser.Node) error {
		v, ok := n.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		if len(path) > 0 {
			if _, ok := path[len(path)-1].(*parser.MatrixSelector); ok {
				return nil
			}
		}
		selectors = append(selectors, v.LabelMatchers)
		return nil
	})
	return e.storage.paces.longest(ctx, e.storage, selectors)
}

// Recent returns a storage whose series end as those of queries for the selectors do, and
// how long before a time the last samples may be that have not ended then.
func (e *Engine) Recent(ctx context.Context, selectors [][]*labels.Matcher) (storage.Queryable, time.Duration, error) {
	if e.storage.paces == nil {
		return e.Storage(), e.opts.Lookback, nil
	}
	lookback, err := e.storage.paces.longest(ctx, e.storage, selectors)
	return e.queryable(e.storage.reaching(&reach{ms: lookback.Milliseconds()})), lookback, err
}
