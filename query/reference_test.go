package query

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/tsdb"
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

// exportBlock turns an archive into a block and opens it with Prometheus' library.
func exportBlock(t *testing.T, r *archive.Reader) prometheus {
	t.Helper()
	blocks, err := tsdb.NewBlocks(t.TempDir(), tsdb.Options{})
	require.NoError(t, err)
	sink := convert.NewFlattener(blocks, convert.FlattenOptions{TargetLabels: true})
	require.NoError(t, convert.Copy(context.Background(), sink, convert.FromArchive(r, archive.Query{})))
	require.NoError(t, blocks.Close())
	require.Len(t, blocks.Written(), 1)
	block, err := promtsdb.OpenBlock(slog.New(slog.DiscardHandler), blocks.Written()[0].Dir, nil, nil)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, block.Close()) })
	return prometheus{
		promql.NewEngine(promql.EngineOpts{
			MaxSamples: defaultMaxSamples, Timeout: time.Minute, LookbackDelta: defaultLookback,
			EnableAtModifier: true, EnableNegativeOffset: true, Parser: parser.NewParser(parser.Options{}),
		}),
		storage.QueryableFunc(func(mint, maxt int64) (storage.Querier, error) {
			return promtsdb.NewBlockQuerier(block, mint, maxt)
		}),
	}
}

// busyArchive has native metrics and scraped ones, with marks, errors, resets,
// instances that come and go, and times between milliseconds.
func busyArchive(t *testing.T) *archive.Reader {
	w := newWriter(t)
	m, err := convert.NewMapper(convert.MapperOptions{Host: "h"})
	require.NoError(t, err)
	src, err := m.Source(convert.Target{Name: "web", Job: "web", Instance: "web:1"})
	require.NoError(t, err)
	sink := convert.NewToArchive(w.a)
	for i := range 120 {
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
		native := value{desc: instant, v: v}
		if i%37 == 0 {
			native = value{desc: instant, err: pcp.ErrnoAgain}
		}
		w.record(sec, native, one(counter, float64((i%50)*(i%50))))
		scraped(t, src, sec+3, i)
		require.NoError(t, sink.Put(src.Step()))
	}
	return w.open()
}

// scraped gives a source a histogram and a counter whose labels change.
func scraped(t *testing.T, src *convert.MappedSource, sec float64, i int) {
	t.Helper()
	src.Begin(stamp(sec))
	set := func(v float64, sample string, f convert.Family, labels ...convert.Label) *convert.MappedSeries {
		s, err := src.Series(sample, labels, f)
		require.NoError(t, err)
		if v >= 0 {
			src.Set(s, v)
		}
		return s
	}
	lat := convert.Family{Name: "lat_seconds", Type: convert.TypeHistogram}
	for n, le := range []string{"0.1", "0.5", "1.0", "+Inf"} {
		set(float64(i*(n+1)), "lat_seconds_bucket", lat, convert.Label{Name: "le", Value: le})
	}
	set(float64(i)*0.7, "lat_seconds_sum", lat)
	set(float64(4*i), "lat_seconds_count", lat)
	hits := convert.Family{Name: "hits_total", Type: convert.TypeCounter}
	set(float64(i), "hits_total", hits, convert.Label{Name: "code", Value: fmt.Sprint(200 + i/30)})
	if i > 0 && i%30 == 0 {
		src.End(set(-1, "hits_total", hits, convert.Label{Name: "code", Value: fmt.Sprint(200 + i/30 - 1)}))
	}
}

// The same expressions give the same results as Prometheus' engine over the
// block that the archive is exported to. Discrete metrics would not: a block
// holds them once.
func TestAgreesWithPrometheus(t *testing.T) {
	r := busyArchive(t)
	ours, theirs := NewEngine(r, Options{}), exportBlock(t, r)
	for _, expr := range []string{
		"i_instant", "c_counter", `{__name__=~".+"}`, "count({__name__=~\".+\"})",
		"rate(c_counter[1m])", "irate(c_counter[30s])", "increase(hits_total[2m])", "resets(c_counter[10m])",
		"sum by (instname) (i_instant)", "topk(2, i_instant)", "quantile(0.5, i_instant)",
		"avg_over_time(i_instant[1m])", "max_over_time(i_instant[1m:7s])", "stddev_over_time(i_instant[90s])",
		"histogram_quantile(0.9, sum by (le) (rate(lat_seconds_bucket[1m])))",
		"rate(lat_seconds_sum[1m]) / rate(lat_seconds_count[1m])",
		"hits_total offset 1m", "hits_total offset -1m", "hits_total @ end()", "count_over_time(hits_total[5m])",
		`i_instant{instname!~"i[1-3]"} > bool 0`, "absent(no_such)", "absent_over_time(i_instant[10s])",
		"last_over_time(i_instant[20s])", "timestamp(c_counter)", "present_over_time(i_instant[15s])",
		"c_counter * on () group_left () lat_seconds_count", "predict_linear(c_counter[2m], 60)", "deriv(i_instant[1m])",
		"label_replace(i_instant, \"n\", \"$1\", \"instname\", \"i(.*)\")", "vector(1)", "changes(i_instant[1m])",
	} {
		t.Run(expr, func(t *testing.T) {
			for _, sec := range []float64{-1, 0, 0.123, 0.124, 100, 300.5, 419, 421, 429, 500, 840, 1130, 2000} {
				assert.Equal(t, now(t, theirs, sec, expr), now(t, ours, sec, expr), "at %v", sec)
			}
			require.NotEmpty(t, over(t, theirs, -10, 900, 7, expr), "the question is worth asking")
			for _, step := range []float64{0.5, 7, 60} {
				assert.Equal(t, over(t, theirs, -10, 900, step, expr), over(t, ours, -10, 900, step, expr), "step %v", step)
			}
			assert.Equal(t, over(t, theirs, 400, 450, 1, expr), over(t, ours, 400, 450, 1, expr), "around the mark")
		})
	}
}
