package query

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pcparchive/pcparchive/catalogue"
	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/store"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// Storage is a Prometheus storage that reads archives. Several goroutines may use it
// and the values it returns, except iterators. Between selections it keeps nothing
// beyond the caches of the Sets.
type Storage struct {
	sets     []*store.Set
	chosen   map[string]bool // hosts to read; nil means all
	names    *flatten.HostNames
	every    int64 // interval at which discrete values are repeated, ms
	limit    int
	readings []*readings // by host

	paces *paces // the look-backs of metrics; nil if all have the same
	reach *reach // the look-back of the query that reads; nil if its samples do not end

	maxBytes int64 // zero means no limit

	columns *columns.Cache // may be nil
	seen    *seenNames
	// described has the series of all archives by their metadata.
	described func() *catalogue.View

	bridge bool       // functions that add up changes add nothing across marks
	watch  *crossings // receives the marks within reach of a function; may be nil
}

var _ storage.Queryable = (*Storage)(nil)

// NewStorage returns a Storage over the archives of hosts, with a Set for each host. It
// uses the options Lookback, which should be that of the engine, and MaxSamples.
//
// Where the labels of several hosts are equal, the label hostname is the host of the
// archive label, and a [HostsWarning] names the hosts.
func NewStorage(sets []*store.Set, o Options) *Storage {
	o = o.withDefaults(sets)
	st := &Storage{sets: sets, names: &flatten.HostNames{Known: o.claims}, every: repeatEvery(o.Lookback), limit: o.MaxSamples, maxBytes: o.MaxBytes, columns: o.Columns, seen: &seenNames{}, described: describedBy(o.Catalogue, sets)}
	for _, set := range sets {
		st.readings = append(st.readings, &readings{set: set, gather: o.Gather, patience: usualPatience})
	}
	if o.paced {
		st.paces = newPaces(sets)
	}
	return st
}

// repeatEvery returns the interval at which discrete values are repeated, in milliseconds, so that a
// query that looks back by lookback finds it.
func repeatEvery(lookback time.Duration) int64 { return max(lookback.Milliseconds()/2, 1) }

// lookingBack returns a view for an engine with another look-back.
func (s *Storage) lookingBack(lookback time.Duration) *Storage {
	view := *s
	view.every, view.paces = repeatEvery(lookback), nil
	return &view
}

// reaching returns a view for a query with a look-back.
func (s *Storage) reaching(r *reach) *Storage {
	view := *s
	view.reach, r.fixed = r, s.paces == nil
	return &view
}

// bridged returns a view in which marks are bridged.
func (s *Storage) bridged() *Storage {
	view := *s
	view.bridge = true
	return &view
}

// watched returns a view that passes marks to c.
func (s *Storage) watched(c *crossings) *Storage {
	view := *s
	view.watch = c
	return &view
}

// Querier returns a querier of the times from mint to maxt, in milliseconds. MaxSamples
// limits the samples of all its selections together.
func (s *Storage) Querier(mint, maxt int64) (storage.Querier, error) {
	if len(s.sets) == 0 {
		return storage.NoopQuerier(), nil
	}
	held := newBudget(s.limit, s.maxBytes)
	clashes := &onceClashes{s: s, mint: mint, maxt: maxt}
	hosts := make([]*querier, 0, len(s.sets))
	for i, set := range s.sets {
		if !s.reads(set) {
			continue
		}
		host := &querier{Storage: s, set: set, mint: mint, maxt: maxt, budget: held, clashes: clashes, host: i}
		if s.reach != nil && s.reach.selectors > 1 {
			host.more = s.readings[i].expect()
			host.left.Store(int64(s.reach.selectors))
		}
		hosts = append(hosts, host)
	}
	switch len(hosts) {
	case 0:
		return storage.NoopQuerier(), nil
	case 1:
		return hosts[0], nil
	}
	return &hostsQuerier{hosts: hosts}, nil
}

// expiry returns the age in milliseconds at which the samples of a metric of a host end for
// a query that looks back further, for the sake of other metrics. It is zero if they end by
// the query's look-back.
func (s *Storage) expiry(host int, name string) int64 {
	if s.reach == nil || s.reach.fixed || s.reach.ms <= DefaultLookback.Milliseconds() {
		return 0
	}
	if hold := s.paces.hold(host, name).Milliseconds(); hold < s.reach.ms {
		return hold
	}
	return 0
}

// querier answers the selections of one query from one host's archives.
type querier struct {
	*Storage
	set        *store.Set
	mint, maxt int64
	budget     *budget
	host       int // index of set
	clashes    *onceClashes
	known      selections
	prepared   preparedColumns
	background background
	more       *expected // while the query will ask for more selections
	left       atomic.Int64
}

// adding are the functions that add up the changes of a counter.
var adding = map[string]bool{"rate": true, "irate": true, "increase": true}

// Select reads the series that match, sorted by labels. The series and their iterators
// fail after the context has ended.
func (q *querier) Select(ctx context.Context, _ bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	if asksForLabels(hints) {
		return describedSet(ctx, []*querier{q}, hints, matchers)
	}
	q.announce(ctx, hints, matchers)
	return q.background.begin(func() storage.SeriesSet {
		found, err := q.read(ctx, hints, matchers)
		if err != nil {
			return storage.ErrSeriesSet(err)
		}
		if q.watch != nil {
			q.watch.keep(q.selection(ctx, hints, matchers), found)
		}
		return found
	})
}

// announce notes that the query asks for a selection.
func (q *querier) announce(ctx context.Context, hints *storage.SelectHints, matchers []*labels.Matcher) {
	q.expect(ctx, hints, matchers)
	if q.left.Add(-1) == 0 {
		q.more.end()
	}
}

// end says that nobody needs to wait for more selections.
func (q *querier) end() {
	q.more.end()
	q.known.end()
}

// expect lets others wait for the selection, which will soon be read.
func (q *querier) expect(ctx context.Context, hints *storage.SelectHints, matchers []*labels.Matcher) *onceRead {
	return q.known.entry(q.selection(ctx, hints, matchers).key(), q.readings[q.host].expect)
}

func (q *querier) read(ctx context.Context, hints *storage.SelectHints, matchers []*labels.Matcher) (*seriesSet, error) {
	s := q.selection(ctx, hints, matchers)
	e := q.expect(ctx, hints, matchers)
	s.expected = e.expected
	return q.known.read(e, func() (*seriesSet, error) { return s.read(ctx) })
}

// selection returns the selection of a call of Select.
func (q *querier) selection(ctx context.Context, hints *storage.SelectHints, matchers []*labels.Matcher) *selection {
	s := &selection{querier: q, set: q.set.Until(ctx.Err), ctx: ctx, from: q.mint, to: q.maxt, matchers: matchers, budget: q.budget}
	s.hint(hints)
	return s
}

// hint applies hints, which may be nil.
func (s *selection) hint(hints *storage.SelectHints) {
	if hints == nil {
		return
	}
	s.from, s.to = max(s.from, hints.Start), min(s.to, hints.End)
	s.instant = hints.Range == 0
	if adding[hints.Func] && hints.Range > 0 {
		s.window = hints.Range
	}
}

// LabelValues returns the values of a label that series have in the time, by the metadata of
// the archives.
func (q *querier) LabelValues(ctx context.Context, name string, _ *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return labelValues(ctx, []*querier{q}, name, matchers)
}

// LabelNames returns the names of all labels that series have in the time, by the metadata of
// the archives.
func (q *querier) LabelNames(ctx context.Context, _ *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return labelNames(ctx, []*querier{q}, matchers)
}

// valuesOf visits the values of a label.
func valuesOf(name string) func(labels.Labels, func(string)) {
	return func(ls labels.Labels, add func(string)) {
		if v := ls.Get(name); v != "" {
			add(v)
		}
	}
}

// namesOf visits the names of labels.
func namesOf(ls labels.Labels, add func(string)) {
	ls.Range(func(l labels.Label) { add(l.Name) })
}

// collect returns the sorted strings that visit finds in the labels of series.
func collect(set storage.SeriesSet, visit func(labels.Labels, func(string))) ([]string, annotations.Annotations, error) {
	found := map[string]bool{}
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

// Close waits for the selections that are being read.
func (q *querier) Close() error {
	q.background.wait()
	q.end()
	return nil
}
