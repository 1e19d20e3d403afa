package query

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/endctx"
	"github.com/pcparchive/pcparchive/pcp"
)

// manyMetrics records 50 metrics of 8 instances 400 times, one a second.
func manyMetrics(t *testing.T) *archive.Reader {
	w := newWriter(t)
	for i := range 400 {
		var values []metricValues
		for m := range uint32(50) {
			v := map[pcp.InstID]float64{}
			for inst := range pcp.InstID(8) {
				v[inst] = float64(i)
			}
			values = append(values, metricValues{desc: define(100+m, fmt.Sprintf("many.metric%02d", m), pcp.SemInstant, pcp.NewInDomID(60, 7)), v: v})
		}
		w.record(float64(i), values...)
	}
	return w.open()
}

// A query holds the samples of its series and times and no others. It compresses them once
// there are many.
func TestHoldsWhatItNeeds(t *testing.T) {
	e := newEngine(t, manyMetrics(t), Options{})
	for _, plain := range []int64{plainSamples, 0} {
		holdsWhatItNeeds(t, e, plain)
	}
}

// holdsWhatItNeeds allows a number of samples that are not compressed.
func holdsWhatItNeeds(t *testing.T, e *Engine, plain int64) {
	t.Helper()
	for _, tt := range []struct {
		from, to float64
		matchers []*labels.Matcher
		series   int
		each     int
	}{
		{100, 109, []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "__name__", "many_metric07")}, 8, 10},
		{100, 109, []*labels.Matcher{
			labels.MustNewMatcher(labels.MatchRegexp, "__name__", "many_metric1."),
			labels.MustNewMatcher(labels.MatchEqual, "instname", "i3"),
		}, 10, 10},
		{0, 399, []*labels.Matcher{labels.MustNewMatcher(labels.MatchRegexp, "__name__", "many_metric4[45]")}, 16, 400},
		{500, 600, []*labels.Matcher{labels.MustNewMatcher(labels.MatchRegexp, "__name__", ".+")}, 0, 0},
		{0, 399, []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "__name__", "no_such")}, 0, 0},
	} {
		q, err := e.storage.Querier(at(tt.from).UnixMilli(), at(tt.to).UnixMilli())
		require.NoError(t, err)
		q.(*querier).budget.plain.Store(plain)
		set := q.Select(context.Background(), true, nil, tt.matchers...)
		n, bytes := 0, 0
		for set.Next() {
			n++
			for _, c := range set.At().(*packedSeries).chunks {
				assert.Equal(t, plain > 0, c.data == nil)
				if bytes += len(c.plain) * sampleSize; c.data != nil {
					bytes += len(c.data.Bytes())
				}
			}
		}
		require.NoError(t, set.Err())
		assert.Equal(t, tt.series, n, tt.matchers)
		held := q.(*querier).budget
		assert.EqualValues(t, tt.series*tt.each, int64(held.limit)-held.left.Load(), "samples held for %s", tt.matchers)
		assert.LessOrEqual(t, bytes, tt.series*(tt.each*16+40), "memory follows the samples")
		if tt.each == 400 && plain == 0 {
			assert.Less(t, bytes, tt.series*tt.each*4)
		}
	}
}

// The names of instances tell which metrics need not be decoded.
func TestDecodesMetricsOfInstances(t *testing.T) {
	w := newWriter(t)
	w.record(0, one(counter, 3), metricValues{desc: instant, v: map[pcp.InstID]float64{1: 1, 2: 2}}, metricValues{desc: shared, v: map[pcp.InstID]float64{3: 1}})
	w.record(1, metricValues{desc: instant, v: map[pcp.InstID]float64{4: 1}})
	e := newEngine(t, w.open(), Options{})
	for m, want := range map[*labels.Matcher][]string{
		labels.MustNewMatcher(labels.MatchEqual, "instname", "i2"):       {"i.instant"},
		labels.MustNewMatcher(labels.MatchEqual, "instname", "i4"):       {"i.instant"},
		labels.MustNewMatcher(labels.MatchRegexp, "instname", "i[23]"):   {"d.shared", "i.instant"},
		labels.MustNewMatcher(labels.MatchNotEqual, "instname", ""):      {"d.shared", "i.instant"},
		labels.MustNewMatcher(labels.MatchEqual, "instname", "nobody"):   nil,
		labels.MustNewMatcher(labels.MatchEqual, "instname", ""):         {"c.counter", "d.shared", "i.instant"},
		labels.MustNewMatcher(labels.MatchNotRegexp, "instname", "i.+"):  {"c.counter", "d.shared", "i.instant"},
		labels.MustNewMatcher(labels.MatchRegexp, "instname", "i1|"):     {"c.counter", "d.shared", "i.instant"},
		labels.MustNewMatcher(labels.MatchRegexp, "__name__", "[cd]_.*"): {"c.counter", "d.shared"},
	} {
		s := &selection{ctx: t.Context(), querier: &querier{set: e.storage.sets[0]}, set: e.storage.sets[0], matchers: []*labels.Matcher{m}}
		var got []string
		for d := range s.plan(stamp(0), stamp(1)).metrics {
			got = append(got, d.name)
		}
		slices.Sort(got)
		assert.Equal(t, want, got, m)
	}
}

// A query can be ended while it finds nothing.
func TestEndsWhereNothingIsFound(t *testing.T) {
	w := newWriter(t)
	w.record(0, one(discrete, 1), one(instantOne, 1))
	for i := range 500 {
		w.record(1+float64(i), one(counter, 3))
	}
	e := newEngine(t, w.open(), Options{})
	for metric, from := range map[string]float64{"i_one": 0, "d_discrete": 500} {
		q, err := e.storage.Querier(at(from).UnixMilli(), at(500).UnixMilli())
		require.NoError(t, err)
		ctx := endctx.At(math.MaxInt)
		set := q.Select(ctx, true, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", metric))
		assert.True(t, set.Next())
		assert.GreaterOrEqual(t, ctx.Checks(), 500, metric)
	}
}

// Labels are told without holding samples.
func TestLabelsHoldNothing(t *testing.T) {
	e := newEngine(t, manyMetrics(t), Options{MaxSamples: 1})
	q, err := e.storage.Querier(at(0).UnixMilli(), at(400).UnixMilli())
	require.NoError(t, err)
	names, _, err := q.LabelValues(context.Background(), "__name__", nil)
	require.NoError(t, err)
	assert.Len(t, names, 50)
}

func TestLimitError(t *testing.T) {
	e := newEngine(t, manyMetrics(t), Options{MaxSamples: 399})
	ctx := context.Background()
	ask := func(expr string) error {
		q, err := e.Instant(ctx, expr, at(399))
		require.NoError(t, err)
		defer q.Close()
		return q.Exec(ctx).Err
	}
	assert.NoError(t, ask(`max_over_time(many_metric00{instname="i1"}[5m])`))
	var limit *LimitError
	require.ErrorAs(t, ask(`max_over_time(many_metric00[5m])`), &limit)
	assert.Equal(t, 399, limit.Samples)
	assert.ErrorContains(t, limit, "ask for fewer series or a shorter time")
	assert.ErrorAs(t, ask(`max_over_time(many_metric00{instname="i1"}[5m]) + max_over_time(many_metric01{instname="i1"}[5m])`), &limit, "all selections count together")
}

// The records of other times are not looked at: neither by the index nor to find
// what holds.
func TestReadsOnlyTheTime(t *testing.T) {
	w := newWriter(t)
	for i := range 5000 {
		values := []metricValues{one(counter, float64(i))}
		if i%1000 == 500 {
			values = append(values, one(discrete, float64(i)))
		}
		w.record(float64(i), values...)
	}
	r := w.open()
	require.Greater(t, len(r.Index()), 2)
	path := r.Base() + ".0"
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	for i := 2000; i < len(data)/2; i++ {
		data[i] = 0xff
	}
	require.NoError(t, os.WriteFile(path, data, 0o644))
	e := newEngine(t, r, Options{Lookback: time.Minute})
	q, err := e.Instant(context.Background(), "d_discrete + on() group_right() sum_over_time(c_counter[3s])", at(4900))
	require.NoError(t, err)
	defer q.Close()
	res := q.Exec(context.Background())
	require.NoError(t, res.Err)
	require.Len(t, res.Value.(promql.Vector), 1)
	assert.Equal(t, 4500+4898+4899+4900.0, res.Value.(promql.Vector)[0].F)
	assert.Empty(t, res.Warnings)
	q, err = e.Instant(context.Background(), "c_counter", at(200))
	require.NoError(t, err)
	defer q.Close()
	assert.Len(t, q.Exec(context.Background()).Warnings, 1, "the damage is where it was thought to be")
}

// Across a mark nothing was counted, as far as anybody knows; on both sides of it
// all is as in Prometheus. At one time and over a range it is the same.
func TestNothingIsAddedAcrossMarks(t *testing.T) {
	for name, after := range map[string]float64{"counted on": 9000, "reset": 5} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			w := newWriterAt(t, filepath.Join(dir, "a"))
			for i := range 10 {
				w.record(float64(10*i), one(counter, 1000+float64(10*i)))
			}
			require.NoError(t, w.a.Close())
			w = newWriterAt(t, filepath.Join(dir, "b"))
			for i := range 10 {
				w.record(float64(200+10*i), one(counter, after+float64(20*i)))
			}
			require.NoError(t, w.a.Close())
			e := newSetEngine(t, Options{}, dir)
			assert.Equal(t, []string{"{} 270"}, now(t, e, 290, "round(increase(c_counter[290001ms]), 0.01)"))
			assert.Equal(t, []string{"{} 0"}, now(t, e, 200, "increase(c_counter[111s])"), "one value of each side")
			assert.Equal(t, []string{"{} 2"}, now(t, e, 210, "irate(c_counter[5m])"))
			for _, expr := range []string{"increase(c_counter[150s])", "rate(c_counter[30s])", "irate(c_counter[5m])", "c_counter", "increase(c_counter[2m] offset 1m)"} {
				ranged := steps(over(t, e, 0, 400, 7, expr))
				require.NotEmpty(t, ranged)
				for sec := 0.0; sec <= 400; sec += 7 {
					var want []string
					if v, ok := ranged[sec]; ok {
						want = []string{v}
					}
					assert.Equal(t, want, values(now(t, e, sec, expr)), "%s at %v", expr, sec)
				}
			}
		})
	}
}

// However many marks there are, a range is what its times are one by one.
func TestManyMarks(t *testing.T) {
	w := newWriter(t)
	for i := range 150 {
		if i%10 == 9 {
			w.mark(float64(10*i) + 3)
			continue
		}
		// It is reset once in a while, and counts on across some marks.
		w.record(float64(10*i), one(counter, float64(100*i-1000*(i/30))), one(define(9, "i.other", pcp.SemInstant, pcp.InDomNull), float64(i)))
	}
	e := newEngine(t, w.open(), Options{})
	for _, expr := range []string{
		"increase(c_counter[35s])", "rate(c_counter[4m])", "irate(c_counter[25s])", "increase(c_counter[80s] offset 30s)",
		"increase(c_counter[10m] @ 900)", "i_other", "rate(c_counter[25s]) * i_other", "delta(i_other[1m])", "increase(c_counter[1m:10s])",
	} {
		expr = strings.ReplaceAll(expr, "@ 900", fmt.Sprintf("@ %d", at(900).Unix()))
		ranged := steps(over(t, e, 0, 1600, 17, expr))
		require.NotEmpty(t, ranged)
		for sec := 0.0; sec <= 1600; sec += 17 {
			got := values(now(t, e, sec, expr))
			v, ok := ranged[sec]
			require.Equal(t, ok, len(got) == 1, "%s at %v", expr, sec)
			if ok {
				want, err := strconv.ParseFloat(v, 64)
				require.NoError(t, err)
				have, err := strconv.ParseFloat(got[0], 64)
				require.NoError(t, err)
				assert.InDelta(t, want, have, 1e-9, "%s at %v", expr, sec)
			}
		}
	}
}

// steps returns the values by second of the one line that over returned.
func steps(lines []string) map[float64]string {
	all := map[float64]string{}
	for _, f := range strings.Fields(strings.Join(lines, " "))[1:] {
		at, v, _ := strings.Cut(f, "=")
		sec, _ := strconv.ParseFloat(at, 64)
		all[sec] = v
	}
	return all
}

// values returns the values of lines that now returned.
func values(lines []string) []string {
	var all []string
	for _, line := range lines {
		all = append(all, line[strings.LastIndex(line, " ")+1:])
	}
	return all
}
