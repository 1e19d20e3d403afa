package query

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/pcp"
)

// FuzzQuery compares the answers to any expression with those of Prometheus' engine
// over the blocks that the archive becomes. The archive has no mark and no discrete
// metric, at which they differ on purpose.
func FuzzQuery(f *testing.F) {
	for _, expr := range []string{
		"c_counter", "rate(c_counter[1m])", "sum by (instname) (i_instant)", "i_instant / on(instname) group_left i_instant", "1 + i_one offset 30s",
		"max_over_time(rate(c_counter[30s])[2m:10s])", "topk(2, i_instant)", `{__name__=~".+"}`, `count_values("v", i_instant)`, "absent(none)", "-i_one @ end()",
		`label_replace(i_instant, "a", "$1", "instname", "(.*)")`, "histogram_quantile(0.5, i_instant)", "sort_desc(i_instant)", "i_instant > bool 0", "predict_linear(i_one[1m], 60)",
	} {
		f.Add(expr, uint16(150), false)
		f.Add(expr, uint16(7), true)
	}
	w := newWriter(f)
	for i := range 60 {
		v := map[pcp.InstID]float64{}
		for id := pcp.InstID(1); id < 5; id++ {
			if (i/10+int(id))%4 != 0 {
				v[id] = math.Sin(float64(i)) * float64(id)
			}
		}
		w.record(5*float64(i)+0.1234567, one(counter, float64(i*i%700)), one(instantOne, float64(i%7)), metricValues{desc: instant, v: v})
	}
	r := w.open()
	theirs := exportBlock(f, r)
	ours := newEngine(f, r, Options{MaxSamples: 100_000, Timeout: time.Second})
	f.Fuzz(func(t *testing.T, expr string, sec uint16, ranged bool) {
		if len(expr) > 500 {
			return // grows with each level of subqueries
		}
		answer := func(e asker) (string, error) {
			when := at(float64(sec % 400))
			q, err := e.Instant(t.Context(), expr, when)
			if ranged {
				q, err = e.Range(t.Context(), expr, when, when.Add(time.Minute), 7*time.Second)
			}
			if err != nil {
				return "", err
			}
			defer q.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			res := q.Exec(ctx)
			if res.Err != nil {
				return "", res.Err
			}
			if v, ok := res.Value.(promql.Vector); ok {
				lines := strings.Split(v.String(), "\n")
				slices.Sort(lines)
				return strings.Join(lines, "\n"), nil
			}
			return res.Value.String(), nil
		}
		got, err := answer(ours)
		if err != nil {
			return // a limit, or a mistake in the expression
		}
		want, err := answer(theirs)
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}
