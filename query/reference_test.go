package query

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/sinktest"
	"github.com/pcparchive/pcparchive/internal/storetest"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/nativehist"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/pcp"
)

// prometheus is Prometheus' own engine over a block.
type prometheus struct {
	engine *promql.Engine
	block  storage.Queryable
}

func (p prometheus) Instant(ctx context.Context, expr string, at time.Time) (promql.Query, error) {
	return p.engine.NewInstantQuery(ctx, p.block, nil, expr, at)
}

func (p prometheus) Range(ctx context.Context, expr string, start, end time.Time, step time.Duration) (promql.Query, error) {
	return p.engine.NewRangeQuery(ctx, p.block, nil, expr, start, end, step)
}

// prometheusEngine returns Prometheus' own engine, with the defaults of ours.
func prometheusEngine() *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{
		MaxSamples: DefaultMaxSamples, Timeout: time.Minute, LookbackDelta: DefaultLookback,
		EnableAtModifier: true, EnableNegativeOffset: true, NoStepSubqueryIntervalFn: func(int64) int64 { return 60_000 },
		Parser: parser.NewParser(parser.Options{}),
	})
}

// exportBlock turns an archive into a block and opens it with Prometheus' library.
func exportBlock(t testing.TB, r convert.History) prometheus {
	t.Helper()
	blocks, err := write.NewBlocks(t.TempDir(), write.Options{})
	require.NoError(t, err)
	sink := flatten.New(blocks, flatten.Options{TargetLabels: true})
	require.NoError(t, convert.Copy(context.Background(), sink, convert.FromArchive(r, history.Query{})))
	require.NoError(t, sinktest.Finish(blocks))
	require.Len(t, blocks.Written(), 1)
	block, err := promtsdb.OpenBlock(slog.New(slog.DiscardHandler), blocks.Written()[0].Dir, nil, nil)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, block.Close()) })
	return prometheus{
		prometheusEngine(),
		storage.QueryableFunc(func(mint, maxt int64) (storage.Querier, error) {
			return promtsdb.NewBlockQuerier(block, mint, maxt)
		}),
	}
}

// busyArchive has native metrics and scraped ones, with marks, errors, resets,
// instances that come and go, and times between milliseconds.
func busyArchive(t *testing.T) *archive.Reader {
	base := filepath.Join(t.TempDir(), "rec")
	busyPart(t, base, 0, 120)
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	return r
}

// busyPart writes a part of it.
func busyPart(t *testing.T, base string, from, to int) {
	w := newWriterAt(t, base)
	m, err := mapper.New(mapper.Options{Host: "h"})
	require.NoError(t, err)
	src, err := m.Source(mapper.Target{Name: "web", Job: "web", Instance: "web:1"})
	require.NoError(t, err)
	sink := convert.NewToArchive(w.a)
	for i := from; i < to; i++ {
		sec := 7*float64(i) + 0.1234567
		if i == 60 {
			w.mark(sec)
			continue
		}
		v := map[pcp.InstID]float64{}
		for id := pcp.InstID(1); id < 8; id++ {
			if (i/10+int(id))%5 != 0 {
				v[id] = math.Sin(float64(i)) * float64(id)
			}
		}
		native := metricValues{desc: instant, v: v}
		if i%37 == 0 {
			native = metricValues{desc: instant, err: pcp.ErrnoAgain}
		}
		w.record(sec, native, one(counter, float64((i%50)*(i%50))))
		scraped(t, src, sec+3, i)
		require.NoError(t, sink.Put(src.Step()))
	}
	require.NoError(t, w.a.Close())
}

// scraped gives a source a histogram and a counter whose labels change.
func scraped(t *testing.T, src *mapper.Source, sec float64, i int) {
	t.Helper()
	src.Begin(stamp(sec))
	set := func(v float64, sample string, f prom.Family, labels ...prom.Label) *mapper.Series {
		s, err := src.Series(sample, labels, f)
		require.NoError(t, err)
		if v >= 0 {
			src.Set(s, v)
		}
		return s
	}
	lat := prom.Family{Name: "lat_seconds", Type: prom.TypeHistogram}
	for n, le := range []string{"0.1", "0.5", "1.0", "+Inf"} {
		set(float64(i*(n+1)), "lat_seconds_bucket", lat, prom.Label{Name: "le", Value: le})
	}
	set(float64(i)*0.7, "lat_seconds_sum", lat)
	set(float64(4*i), "lat_seconds_count", lat)
	natives(t, src, i)
	hits := prom.Family{Name: "hits_total", Type: prom.TypeCounter}
	set(float64(i), "hits_total", hits, prom.Label{Name: "code", Value: fmt.Sprint(200 + i/30)})
	if i%30 == 0 && i > 0 {
		src.End(set(-1, "hits_total", hits, prom.Label{Name: "code", Value: fmt.Sprint(200 + i/30 - 1)}))
	}
}

// natives gives a source native histograms: of integers with resets, whose series
// ends at times, of floats, of gauges, and with custom bounds.
func natives(t *testing.T, src *mapper.Source, i int) {
	t.Helper()
	set := func(name, typ string, h *histogram.Histogram, fh *histogram.FloatHistogram) {
		s, err := src.HistogramSeries(name, nil, prom.Family{Name: name, Type: typ})
		require.NoError(t, err)
		data, err := nativehist.Encode(h, fh)
		require.NoError(t, err)
		src.SetHistogram(s, data)
	}
	n := int64(i)
	if i%40 < 35 {
		set("rpc_seconds", prom.TypeHistogram, tsdbutil.GenerateTestHistogram(n%25), nil)
	}
	set("rpc_floats", prom.TypeHistogram, nil, tsdbutil.GenerateTestFloatHistogram(n%70))
	set("rpc_gauge", prom.TypeGaugeHistogram, tsdbutil.GenerateTestGaugeHistogram(n*7%20), nil)
	set("rpc_custom", prom.TypeHistogram, tsdbutil.GenerateTestCustomBucketsHistogram(n), nil)
}

// crossedMark is when busyArchive has its mark.
const crossedMark = 420.123

// The same expressions give the same results as Prometheus' engine over the
// block that the archive is exported to. Discrete metrics would not: a block
// holds them once. Nor do functions that add up changes, while their window holds
// a mark: it is said how long that is.
func TestAgreesWithPrometheus(t *testing.T) {
	r := busyArchive(t)
	agrees(t, newEngine(t, r, Options{}), exportBlock(t, r), []float64{crossedMark})
}

func agrees(t *testing.T, ours *Engine, theirs prometheus, marks []float64) {
	for expr, window := range map[string]float64{
		"rate(c_counter[1m])": 60, "irate(c_counter[30s])": 30, "increase(hits_total[2m])": 120,
		"histogram_quantile(0.9, sum by (le) (rate(lat_seconds_bucket[1m])))": 60,
		"rate(lat_seconds_sum[1m]) / rate(lat_seconds_count[1m])":             60,
		"rate(c_counter[1m] offset 1m) + increase(c_counter[30s])":            120,
		"rate(c_counter[1m:7s])":                         0,
		"histogram_quantile(0.9, rate(rpc_seconds[1m]))": 60, "rate(rpc_floats[30s])": 30, "increase(rpc_custom[45s])": 45,
		"irate(rpc_seconds[30s])": 30, "sum(rate(rpc_floats[1m]))": 60,
		"histogram_fraction(0, 2, rate(rpc_custom[1m]))": 60, "histogram_avg(rate(rpc_floats[1m] offset 1m))": 120,

		"rpc_seconds": 0, "histogram_count(rpc_floats)": 0, "histogram_sum(rpc_custom)": 0, "histogram_quantile(0.5, rpc_gauge)": 0,
		"avg(rpc_seconds)": 0, "avg_over_time(rpc_gauge[1m])": 0, "sum_over_time(rpc_gauge[1m:7s])": 0, "count_over_time(rpc_seconds[1m])": 0,
		"delta(rpc_gauge[1m])": 0, "idelta(rpc_gauge[1m])": 0, "last_over_time(rpc_custom[20s])": 0, "histogram_stddev(rpc_floats)": 0,
		"rpc_seconds offset 1m": 0, "resets(rpc_seconds[5m])": 0, "changes(rpc_floats[2m])": 0, "rpc_floats * 2 - rpc_seconds": 0,
		"rate(rpc_seconds[1m:7s])": 0, "rpc_seconds == rpc_seconds": 0, "timestamp(rpc_custom)": 0,

		"i_instant": 0, "c_counter": 0, `{__name__=~".+"}`: 0, "count({__name__=~\".+\"})": 0, "resets(c_counter[10m])": 0,
		"sum by (instname) (i_instant)": 0, "topk(2, i_instant)": 0, "quantile(0.5, i_instant)": 0,
		"avg_over_time(i_instant[1m])": 0, "max_over_time(i_instant[1m:7s])": 0, "stddev_over_time(i_instant[90s])": 0,
		"sum_over_time(i_instant[5m:])": 0, "hits_total offset 1m": 0, "hits_total offset -1m": 0, "hits_total @ end()": 0, "count_over_time(hits_total[5m])": 0,
		`i_instant{instname!~"i[1-3]"} > bool 0`: 0, "absent(no_such)": 0, "absent_over_time(i_instant[10s])": 0,
		"last_over_time(i_instant[20s])": 0, "timestamp(c_counter)": 0, "present_over_time(i_instant[15s])": 0,
		"c_counter * on () group_left () lat_seconds_count": 0, "predict_linear(c_counter[2m], 60)": 0, "deriv(i_instant[1m])": 0,
		"label_replace(i_instant, \"n\", \"$1\", \"instname\", \"i(.*)\")": 0, "vector(1)": 0, "changes(i_instant[1m])": 0,
	} {
		t.Run(expr, func(t *testing.T) {
			crossing := func(sec float64) bool {
				return slices.ContainsFunc(marks, func(m float64) bool { return sec >= m && sec < m+window })
			}
			for _, sec := range []float64{-1, 0, 0.123, 0.124, 100, 300.5, 419, 421, 429, 500, 840, 1130, 2000} {
				if !crossing(sec) {
					assert.Equal(t, now(t, theirs, sec, expr), now(t, ours, sec, expr), "at %v", sec)
				}
			}
			require.NotEmpty(t, over(t, theirs, -10, 900, 7, expr), "the question is worth asking")
			for _, x := range [][3]float64{{-10, 900, 0.5}, {-10, 900, 7}, {-10, 900, 60}, {400, 450, 1}} {
				want, got := over(t, theirs, x[0], x[1], x[2], expr), over(t, ours, x[0], x[1], x[2], expr)
				assert.Equal(t, without(want, crossing), without(got, crossing), "%v", x)
			}
		})
	}
}

// without leaves out points of the lines that over returns.
func without(lines []string, points func(sec float64) bool) []string {
	var kept []string
	for _, line := range lines {
		fields := slices.DeleteFunc(strings.Fields(line), func(f string) bool {
			at, _, _ := strings.Cut(f, "=")
			sec, err := strconv.ParseFloat(at, 64)
			return err == nil && points(sec)
		})
		kept = append(kept, strings.Join(fields, " "))
	}
	return kept
}

// The same holds for several archives of one host, whose gaps are marks.
func TestSetAgreesWithPrometheus(t *testing.T) {
	dir := t.TempDir()
	var marks []float64
	for _, part := range [][2]int{{0, 40}, {45, 80}, {81, 120}} {
		busyPart(t, filepath.Join(dir, fmt.Sprint("part", part[0])), part[0], part[1])
		marks = append(marks, 7*float64(part[1]-1)+3.1234567+0.001)
	}
	marks = append(marks[:2], crossedMark)
	set := storetest.Open(t, dir)
	agrees(t, newSetEngine(t, Options{}, dir), exportBlock(t, set), marks)
}
