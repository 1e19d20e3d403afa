package query

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// exportedWorld is what "export tsdb" makes of random archives, and what the archives say
// about it.
type exportedWorld struct {
	prometheus
	discrete map[string]bool // by the name in Prometheus: whether a discrete metric has it
	stamps   []int64         // of all steps
	marks    []markSpan
	damaged  bool
	// shifting says that which hosts share a name depends on the time. An export looks at all
	// archives, a query at those of its time.
	shifting bool
	// backwards says that times go back. An export leaves out what follows a record whose
	// damaged time is far ahead; a query of an earlier time leaves out that record alone.
	backwards bool
}

// markSpan is the time of a mark, both ends inclusive.
type markSpan struct {
	from, to int64
	damage   bool // the mark may stand for damage
}

// namedBlocks are blocks that take down which names discrete metrics have.
type namedBlocks struct {
	*write.Blocks
	discrete map[string]bool
}

// Append hands samples on.
func (n namedBlocks) Append(s *prom.Series, batch []prom.Sample) error {
	n.discrete[s.Name] = n.discrete[s.Name] || s.Sem == pcp.SemDiscrete
	return n.Blocks.Append(s, batch)
}

// exportWorld writes the blocks of a folder's archives as the command does, and opens them
// with Prometheus' library.
func exportWorld(t *testing.T, dir string) *exportedWorld {
	t.Helper()
	hosts, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	w := &exportedWorld{discrete: map[string]bool{}}
	blocks, err := write.NewBlocks(t.TempDir(), write.Options{})
	require.NoError(t, err)
	src := &flatten.Source{Sets: hosts.Sets(), Options: flatten.Options{TargetLabels: true}}
	require.NoError(t, prom.Copy(context.Background(), namedBlocks{blocks, w.discrete}, src))
	require.NoError(t, blocks.Close())
	w.open(t, blocks.Written())
	w.damaged = len(hosts.Problems()) > 0
	names, last := new(flatten.HostNames), hosts.Sets()
	w.shifting = !reflect.DeepEqual(names.Clashes(last, pcp.MinTime, pcp.MaxTime), names.Clashes(last, pcp.MaxTime, pcp.MaxTime))
	for _, set := range hosts.Sets() {
		w.look(t, set)
	}
	return w
}

// look takes down the times of steps and marks. Of a damaged record, a query may decode what
// it asks for where an export loses the record: marks of damage last to the next step. No mark
// stands for damage at the end of an archive.
func (w *exportedWorld) look(t *testing.T, set *store.Set) {
	t.Helper()
	open := map[int]int{}    // by part: the index of the mark that lasts
	ended := map[int]int64{} // by part: the time of the last step
	var last pcp.Timestamp
	for step, err := range set.Steps(history.Query{All: true}) {
		require.NoError(t, err)
		at := step.Stamp.Milli()
		w.stamps = append(w.stamps, at)
		w.backwards = w.backwards || step.Stamp.Before(last)
		last = step.Stamp
		for _, m := range step.Metrics { // blocks have one series of what is discrete in one archive and not in another
			name := naming.PrometheusName(m.Metric.Name)
			w.discrete[name] = w.discrete[name] || m.Metric.Desc.Sem == pcp.SemDiscrete
		}
		ended[step.Part] = at
		if i, lasts := open[step.Part]; lasts {
			w.marks[i].to = at
			delete(open, step.Part)
		}
		if !step.Mark {
			continue
		}
		w.marks = append(w.marks, markSpan{from: at, to: at})
		if w.damaged && step.Implied {
			w.marks[len(w.marks)-1] = markSpan{at, math.MaxInt64, true}
			open[step.Part] = len(w.marks) - 1
		}
	}
	for _, at := range ended {
		if w.damaged {
			w.marks = append(w.marks, markSpan{at, math.MaxInt64, true})
		}
	}
}

// open opens blocks as one storage.
func (w *exportedWorld) open(t *testing.T, written []write.Block) {
	t.Helper()
	var blocks []*promtsdb.Block
	for _, b := range written {
		block, err := promtsdb.OpenBlock(slog.New(slog.DiscardHandler), b.Dir, nil, nil)
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, block.Close()) })
		blocks = append(blocks, block)
	}
	w.prometheus = prometheus{prometheusEngine(), storage.QueryableFunc(func(mint, maxt int64) (storage.Querier, error) {
		var all []storage.Querier
		for _, block := range blocks {
			q, err := promtsdb.NewBlockQuerier(block, mint, maxt)
			if err != nil {
				return nil, err
			}
			all = append(all, q)
		}
		return storage.NewMergeQuerier(all, nil, storage.ChainedSeriesMerge), nil
	})}
}

// names returns the names of the metrics that no archive says are discrete. Those hold their
// values here, and a block has them once.
func (w *exportedWorld) names() []string {
	var names []string
	for name, discrete := range w.discrete {
		if !discrete {
			names = append(names, name)
		}
	}
	return slices.Sorted(slices.Values(names))
}

// crosses reports whether a mark lies in the window that ends at t and is a reason for
// another answer: any mark to what counts, damage to everything.
func (w *exportedWorld) crosses(t int64, window time.Duration, counts bool) bool {
	return slices.ContainsFunc(w.marks, func(m markSpan) bool {
		return (counts || m.damage) && m.to > t-window.Milliseconds() && m.from <= t
	})
}

// randomExpr returns an expression and the window that it looks at. counts says that it adds
// up changes, so that marks in the window are a reason for another answer.
func (w *exportedWorld) randomExpr(rng *rand.Rand) (expr string, window time.Duration, counts bool) {
	names := w.names()
	instant := `{__name__=~"` + strings.Join(names, "|") + `"}`
	window = []time.Duration{5 * time.Second, time.Minute, 30 * time.Minute, 3 * time.Hour}[rng.IntN(4)]
	ranged := fmt.Sprintf("%s[%ds]", names[rng.IntN(len(names))], int(window.Seconds()))
	counted := []string{"rate(%s)", "increase(%s)", "irate(%s)", "sum by (instname) (rate(%s))", "topk(2, increase(%s))", "max without (a) (irate(%s)) * 2"}
	over := []string{"max_over_time(%s)", "count_over_time(%s)", "last_over_time(%s)", "sum by (a) (count_over_time(%s))", "delta(%s)", "changes(%s)", "resets(%s)", "quantile_over_time(0.5, %s)",
		"absent_over_time(%s)", "present_over_time(%s)", "stddev_over_time(%s)", "count_over_time(%s) > bool 1", "sum by (hostname) (count_over_time(%s)) or absent(none)"}
	plain := []string{"%s", "count by (__name__, instname) (%s)", "sum by (__name__, a) (%s)", "topk by (__name__) (2, %s)", "%s > 1", "%s offset 1m", "min by (__name__) (%s)",
		"count_values by (__name__) (\"v\", %s)", "label_replace(%s, \"z\", \"<$1>\", \"instname\", \"(.*)d.\")", "quantile by (__name__) (0.3, %s)",
		"absent(%s)", "group by (__name__, hostname) (%s)", "bottomk by (__name__, hostname) (1, %s)", "%s >= bool 1", "count by (__name__) (%[1]s and on (instname) %[1]s > 3)",
		"%[1]s unless on (__name__, instname) %[1]s > 5", "count(%[1]s) by (hostname) * on () group_left () count(%[1]s)", "%[1]s or on (instname) none"}
	switch rng.IntN(3) {
	case 0:
		return fmt.Sprintf(counted[rng.IntN(len(counted))], ranged), window, true
	case 1:
		return fmt.Sprintf(over[rng.IntN(len(over))], ranged), window, false
	}
	return fmt.Sprintf(plain[rng.IntN(len(plain))], instant), DefaultLookback + time.Minute, false
}

// randomTimes returns times around records: single ones, or a range with its step.
func (w *exportedWorld) randomTimes(rng *rand.Rand) (from, to int64, step time.Duration) {
	steps := []time.Duration{time.Millisecond, 7 * time.Millisecond, 250 * time.Millisecond, time.Second, 17 * time.Second, 5 * time.Minute, time.Hour}
	shifts := []int64{-1, 0, 0, 0, 1, 500, 299_999, 300_000, 300_001}
	from = w.stamps[rng.IntN(len(w.stamps))] + shifts[rng.IntN(len(shifts))]
	if rng.IntN(3) > 0 {
		return from, from, time.Second
	}
	step = steps[rng.IntN(len(steps))]
	return from, from + 60*step.Milliseconds(), step
}

// sampled are the points of a result by series and time. Sums depend on the order of the
// series in their last digits.
func sampled(t *testing.T, e asker, expr string, from, to int64, step time.Duration) map[string]string {
	t.Helper()
	q, err := e.Range(context.Background(), expr, time.UnixMilli(from), time.UnixMilli(to), step)
	require.NoError(t, err, expr)
	defer q.Close()
	res := q.Exec(context.Background())
	if res.Err != nil {
		return map[string]string{"": res.Err.Error()}
	}
	digits := "%v"
	if strings.Contains(expr, "sum") {
		digits = "%.12g"
	}
	found := map[string]string{}
	for _, s := range res.Value.(promql.Matrix) {
		for _, p := range s.Floats {
			found[fmt.Sprint(p.T, " ", s.Metric)] = fmt.Sprintf(digits, p.F)
		}
	}
	return found
}

// worldEngine returns an Engine over a folder, with columns if there is a cache.
func worldEngine(t *testing.T, cache *columns.Cache, dir string) *Engine {
	t.Helper()
	hosts, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	return NewEngine(hosts.Sets(), Options{Lookback: DefaultLookback, Columns: cache})
}

// agreement counts the points that a test compared.
type agreement struct{ compared, rates, left int }

// ask asks a random question of each engine and of Prometheus.
func (w *exportedWorld) ask(t *testing.T, rng *rand.Rand, engines map[string]*Engine, seen *agreement) {
	t.Helper()
	expr, window, counts := w.randomExpr(rng)
	from, to, step := w.randomTimes(rng)
	crossing := func(key, _ string) bool {
		var at int64
		_, err := fmt.Sscan(key, &at)
		return err == nil && w.crosses(at, window, counts)
	}
	want := sampled(t, w, expr, from, to, step)
	all := len(want)
	maps.DeleteFunc(want, crossing)
	for kind, ours := range engines {
		got := sampled(t, ours, expr, from, to, step)
		maps.DeleteFunc(got, crossing)
		require.Equal(t, want, got, "%s: %s at %d to %d by %s", kind, expr, from, to, step)
	}
	seen.compared, seen.left = seen.compared+len(want), seen.left+all-len(want)
	if counts {
		seen.rates += len(want)
	}
}

// TestRandomArchivesAgreeWithPrometheus asks random archives, some of them damaged, and the
// blocks that they are exported to. The answers are the same, from volumes and from columns,
// but for rates over windows in which a mark lies.
func TestRandomArchivesAgreeWithPrometheus(t *testing.T) {
	const asks = 60
	var seen agreement
	n := 0
	for seed := range randomWorlds() {
		n++
		rng := rand.New(rand.NewPCG(seed, 12))
		dir, cache := t.TempDir(), newCache(t.TempDir())
		randomWorld(t, dir, rng, true)
		theirs := exportWorld(t, dir)
		if len(theirs.names()) == 0 || theirs.backwards || theirs.shifting {
			continue
		}
		engines := map[string]*Engine{"volumes": worldEngine(t, nil, dir), "columns": worldEngine(t, cache, dir)}
		t.Run(fmt.Sprint("seed", seed), func(t *testing.T) {
			for range asks {
				theirs.ask(t, rng, engines, &seen)
			}
		})
	}
	t.Logf("%d points compared, %d of them rates; %d have a mark in their window", seen.compared, seen.rates, seen.left)
	assert.Greater(t, seen.compared, 300*n)
	assert.Greater(t, seen.rates, 30*n)
	assert.Positive(t, seen.left)
}
