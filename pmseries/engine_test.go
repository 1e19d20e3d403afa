package pmseries

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/query"
)

// lines returns the values of an answer as "host second instance=value".
func lines(v *View, r *Result) (all []string) {
	t, err := v.load(context.Background())
	if err != nil {
		return []string{err.Error()}
	}
	for _, s := range r.Values {
		host := "-"
		for _, id := range []ID{s.Series, s.Origin} {
			if m := t.byID[id]; len(m) > 0 {
				host = m[0].Host
			}
		}
		for _, x := range s.Values {
			name := ""
			if x.Instance != nil {
				name = x.Instance.Name
			}
			all = append(all, fmt.Sprintf("%s %d %s=%s", host, x.Stamp.Sub(stampAt(0))/time.Second, name, x))
		}
	}
	return all
}

func TestValues(t *testing.T) {
	v := twoHosts(t)
	for expr, want := range map[string]string{
		`kernel.all.load{hostname == "node88"}[count:2]`:                                                                                   "node88 90 1 minute=2.25, node88 90 5 minute=1, node88 90 15 minute=1.5, node88 80 1 minute=2, node88 80 5 minute=1, node88 80 15 minute=3",
		`kernel.all.pswitch{hostname:node89}[samples:1]`:                                                                                   "node89 90 =1243",
		`rate(kernel.all.pswitch{hostname:node88}[count:2] + kernel.all.pswitch{hostname:node89}[count:2])`:                                "node88 90 =6.8",
		`max_inst(kernel.all.load{hostname:node88}[count:3])`:                                                                              "node88 90 1 minute=2.25, node88 90 5 minute=1, node88 70 15 minute=4.5",
		`min(kernel.all.load{hostname:node88}[count:3])`:                                                                                   "node88 70 1 minute=1.75, node88 90 5 minute=1, node88 90 15 minute=1.5",
		`max_sample(kernel.all.load{hostname:node88}[count:2])`:                                                                            "node88 90 1 minute=2.25, node88 80 15 minute=3",
		`min_sample(test.delta{hostname:node88}[count:2])`:                                                                                 "node88 90 =1, node88 80 =-2",
		`sum_inst(test.delta{hostname:node88}[count:10])`:                                                                                  "node88 90 =-20",
		`avg(kernel.all.pswitch{hostname:node88}[count:10])`:                                                                               "node88 90 =1028.5",
		`sum_sample(disk.dev.read_bytes{hostname:node88}[count:2])`:                                                                        "- 90 =27648, - 80 =24576",
		`stdev_inst(mem.freemem{hostname:node88}[count:2])`:                                                                                "node88 90 =5",
		`topk_inst(test.delta{hostname:node88}[count:10], 3)`:                                                                              "node88 90 =1, node88 20 =1, node88 40 =0",
		`topk_sample(kernel.all.load{hostname:node88}[count:1], 2)`:                                                                        "node88 90 1 minute=2.25, node88 90 15 minute=1.5",
		`nth_percentile_inst(test.delta{hostname:node88}[count:10], 0)`:                                                                    "node88 70 =-5",
		`nth_percentile_inst(test.delta{hostname:node88}[count:10], 100)`:                                                                  "node88 20 =1",
		`nth_percentile_sample(kernel.all.load{hostname:node88}[count:1], 50)`:                                                             "node88 90 15 minute=1.5",
		`rescale(rate(disk.dev.read_bytes{hostname:node88}[count:4]), "mbytes/s")`:                                                         "node88 90 sda=0.1, node88 90 sdb=0.2, node88 80 sda=0.1, node88 80 sdb=0.2, node88 70 sda=0.1, node88 70 sdb=0.2",
		`abs(test.delta{hostname:node88}[count:2])`:                                                                                        "node88 90 =1, node88 80 =2",
		`floor(kernel.all.load{hostname:node88}[count:1])`:                                                                                 "node88 90 1 minute=2, node88 90 5 minute=1, node88 90 15 minute=1",
		`round(kernel.all.load{hostname:node88}[count:1])`:                                                                                 "node88 90 1 minute=2, node88 90 5 minute=1, node88 90 15 minute=2",
		`sqrt(kernel.all.load{hostname:node88, instance.name == "1 minute"}[count:1])`:                                                     "node88 90 1 minute=1.5",
		`log(kernel.all.load{hostname:node88, instance.name ~~ "5 *"}[count:1])`:                                                           "node88 90 5 minute=0",
		`log(mem.freemem{hostname:node88}[count:1] - mem.freemem{hostname:node88}[count:1] + mem.freemem{hostname:node88}[count:1], 4910)`: "node88 90 =1",
		`mem.freemem{hostname:node88}[count:1] - mem.freemem{hostname:node89}[count:1]`:                                                    "node88 90 =0",
		`test.delta{hostname:node88}[count:1] - test.delta[count:1]`:                                                                       "node88 90 =0, node88 90 =0",
		`mem.freemem[count:1] / mem.freemem[count:1]`:                                                                                      "node88 90 =1, node89 90 =1",
		`2 * mem.freemem{hostname:node88}[count:1] / 4`:                                                                                    "node88 90 =2455",
		`(mem.freemem{hostname:node88}[count:1] + mem.freemem{hostname:node88}[count:1]) * 2`:                                              "node88 90 =19640",
		`instant(rate(kernel.all.pswitch{hostname:node88}[count:3]))`:                                                                      "node88 90 =1.7, node88 80 =1.5",
		`kernel.uname.release{hostname:node88}[count:1]`:                                                                                   "node88 90 =6.1.node88",
		`mem.freemem{hostname:node88}[start:"2025-03-04 12:00:10", finish:"2025-03-04 12:00:31"]`:                                          "node88 10 =4990, node88 20 =4980, node88 30 =4970",
		`mem.freemem{hostname:node88}[start:1741089600, samples:2]`:                                                                        "node88 0 =5000, node88 10 =4990",
		`mem.freemem{hostname:node88}[start:1741089600, interval:"30sec"]`:                                                                 "node88 0 =5000, node88 30 =4970, node88 60 =4940, node88 90 =4910",
		`mem.freemem{hostname:node88}[start:-25, finish:"now"]`:                                                                            "node88 70 =4930, node88 80 =4920, node88 90 =4910",
		`mem.freemem{hostname:node88}[25sec]`:                                                                                              "node88 70 =4930, node88 80 =4920, node88 90 =4910",
		`mem.freemem{hostname:node88}[samples:2, interval:20]`:                                                                             "node88 70 =4930, node88 90 =4910",
		`mem.freemem{hostname:node88}[samples:2, finish:"2025-03-04 12:00:31"]`:                                                            "node88 20 =4980, node88 30 =4970",
		`mem.freemem{hostname:node88}[start:"2025-03-04 12:00:00", align:"1min", offset:5, samples:1]`:                                     "node88 60 =4940",
		`mem.freemem{hostname:node88}[start:"2025-03-04 13:00:00", timezone:"Europe/Berlin", samples:1]`:                                   "node88 0 =5000",
		`disk.dev.read_bytes{bus == "nvme" && hostname == "node88"}[count:1]`:                                                              "node88 90 sdb=18432",
		`{metric.name == "mem.freemem", hostname =~ "node8[9]"}[count:1]`:                                                                  "node89 90 =4910",
	} {
		assert.Equal(t, want, strings.Join(lines(v, ask(t, v, expr)), ", "), expr)
	}
}

func TestSelection(t *testing.T) {
	v := twoHosts(t)
	names := func(expr string) string {
		tables, err := v.load(context.Background())
		require.NoError(t, err)
		var all []string
		for _, id := range ask(t, v, expr).Series {
			m := tables.byID[id][0]
			all = append(all, m.Host[4:]+":"+m.Name)
		}
		return strings.Join(all, " ")
	}
	for expr, want := range map[string]string{
		`kernel.all.*`: "88:kernel.all.load 89:kernel.all.load 88:kernel.all.pswitch 89:kernel.all.pswitch",
		`kernel.all.pswitch{hostname != "node88"}`: "89:kernel.all.pswitch",
		`{rank}`: "88:kernel.all.pswitch 89:kernel.all.pswitch",
		`{rank > 6, rank <= 7, hostname !~ ".*9"}`: "88:kernel.all.pswitch",
		`{rank < 7}`: "",
		`{rank == 7 && label.hostname == "node88"}`:                                    "88:kernel.all.pswitch",
		`{rank == "7", source.name == "node88"}`:                                       "88:kernel.all.pswitch",
		`*.dev.*{bus == "sata", context.name : "node88"}`:                              "88:disk.dev.read_bytes",
		`disk.dev.read_bytes{bus == "scsi"}`:                                           "",
		`{instance.name == "sda" && hostname : "*88"}`:                                 "88:disk.dev.read_bytes",
		`{(instance.name == "sda" || metric.name == "mem.freemem"), hostname : "*88"}`: "88:disk.dev.read_bytes 88:mem.freemem",
		`{device_type == "block"}`:                                                     "88:disk.dev.read_bytes 89:disk.dev.read_bytes",
		`mem.freemem{bus != "sata", userid == 1000}`:                                   "88:mem.freemem 89:mem.freemem",
		`nosuch.metric`: "",
	} {
		assert.Equal(t, want, names(expr), expr)
	}
}

// TestExpressionSeries asks for the values of an expression by the ID of its result.
func TestExpressionSeries(t *testing.T) {
	v := twoHosts(t)
	e := NewEngine(Options{})
	ctx, at := context.Background(), Times{Present: stampAt(9)}
	r, err := e.Query(ctx, v, at, `rate(kernel.all.pswitch{hostname == "node88"})`)
	require.NoError(t, err)
	require.Len(t, r.Series, 1)
	assert.Equal(t, expressionID(`rate(kernel.all.pswitch{hostname=="node88"})`), r.Series[0])
	values, err := e.Values(ctx, v, at, r.Series, Window{Samples: 2})
	require.NoError(t, err)
	require.Len(t, values, 1)
	assert.Equal(t, r.Series[0], values[0].Series)
	assert.Equal(t, "[1.7]", fmt.Sprint(values[0].Values))
	values, err = e.Values(ctx, v, at, []ID{{1}}, Window{Samples: 2})
	require.NoError(t, err)
	assert.Empty(t, values, "an unknown series has no values")
}

// TestDocumentedExamples compares the examples of pmseries(1) with PromQL.
func TestDocumentedExamples(t *testing.T) {
	v := twoHosts(t)
	engine := query.NewEngine(v.Sets(), query.Options{})
	at := func(expr string, i int) (all []float64) {
		q, err := engine.Instant(context.Background(), expr, stampAt(i).Time())
		require.NoError(t, err)
		defer q.Close()
		res := q.Exec(context.Background())
		require.NoError(t, res.Err, expr)
		vector, err := res.Vector()
		require.NoError(t, err)
		for _, s := range vector {
			all = append(all, s.F)
		}
		return all
	}
	require.IsType(t, promql.Vector{}, promql.Vector{})
	for _, c := range []struct {
		ours, promql string
		steps        []int // the records at which PromQL is asked
	}{
		{`kernel.all.load[count:2]`, `kernel_all_load`, []int{9, 8}},
		{`kernel.all.pswitch[count:5]`, `kernel_all_pswitch`, []int{9, 8, 7, 6, 5}},
		{`rate(kernel.all.pswitch{hostname:node88}[count:2] + kernel.all.pswitch{hostname:node89}[count:2])`, `sum(irate(kernel_all_pswitch[15s]))`, []int{9}},
		{`min_inst(kernel.all.load[count:10])`, `min_over_time(kernel_all_load[100s])`, []int{9}},
		{`max_inst(kernel.all.load[count:10])`, `max_over_time(kernel_all_load[100s])`, []int{9}},
		{`min_sample(kernel.all.load{hostname:node88}[count:2])`, `min(kernel_all_load{hostname="node88"})`, []int{9, 8}},
		{`max_sample(kernel.all.load{hostname:node88}[count:2])`, `max(kernel_all_load{hostname="node88"})`, []int{9, 8}},
		{`sum_inst(kernel.all.load[count:4])`, `sum_over_time(kernel_all_load[40s])`, []int{9}},
		{`avg_inst(kernel.all.load[count:4])`, `avg_over_time(kernel_all_load[40s])`, []int{9}},
		{`stdev_inst(kernel.all.load[count:4])`, `stddev_over_time(kernel_all_load[40s])`, []int{9}},
		{`sum_sample(kernel.all.load{hostname:node88}[count:3])`, `sum(kernel_all_load{hostname="node88"})`, []int{9, 8, 7}},
		{`stdev_sample(kernel.all.load{hostname:node88}[count:1])`, `stddev(kernel_all_load{hostname="node88"})`, []int{9}},
		{`topk_sample(kernel.all.load{hostname:node88}[count:1], 2)`, `topk(2, kernel_all_load{hostname="node88"})`, []int{9}},
		{`rescale(rate(disk.dev.read_bytes[count:4]), "mbytes/s")`, `irate(disk_dev_read_bytes[15s]) / 1024`, []int{9, 8, 7}},
		{`rescale(mem.freemem[count:1], "bytes")`, `mem_freemem * 1024`, []int{9}},
		{`sqrt(kernel.all.load[count:1])`, `sqrt(kernel_all_load)`, []int{9}},
		{`log(mem.freemem[count:1])`, `ln(mem_freemem)`, []int{9}},
		{`log(mem.freemem[count:1], 2)`, `log2(mem_freemem)`, []int{9}},
		{`abs(test.delta[count:3])`, `abs(test_delta)`, []int{9, 8, 7}},
		{`floor(kernel.all.load[count:1])`, `floor(kernel_all_load)`, []int{9}},
		{`round(kernel.all.load[count:1])`, `round(kernel_all_load)`, []int{9}},
		{`mem.freemem[count:2] / 2`, `mem_freemem / 2`, []int{9, 8}},
		{`nth_percentile_inst(mem.freemem[count:10], 100)`, `quantile_over_time(1, mem_freemem[100s])`, []int{9}},
	} {
		var want, got []float64
		for _, i := range c.steps {
			want = append(want, at(c.promql, i)...)
		}
		for _, s := range ask(t, v, c.ours).Values {
			for _, x := range s.Values {
				got = append(got, x.Float())
			}
		}
		require.NotEmpty(t, want, c.promql)
		require.Len(t, got, len(want), c.ours)
		used := map[int]bool{}
		for _, w := range want {
			found := -1
			for i, g := range got {
				if !used[i] && (w == g || (w-g)*(w-g) < 1e-12*(1+w*w)) {
					found = i
				}
			}
			assert.GreaterOrEqual(t, found, 0, "%s: PromQL has %v; got %v", c.ours, w, got)
			used[found] = true
		}
	}
}

func TestRefusals(t *testing.T) {
	v := twoHosts(t)
	e := NewEngine(Options{MaxValues: 25})
	for expr, want := range map[string]string{
		`rate(kernel.all.load[count:2])`:                            "Can't rate convert 'kernel.all.load', counter semantics required",
		`rate(rate(kernel.all.pswitch[count:3]))`:                   "counter semantics required",
		`rescale(mem.freemem[count:1], "sec")`:                      "dimension",
		`rescale(disk.dev.read_bytes[count:1], "bytes")`:            "counters cannot be rescaled",
		`sum_inst(kernel.uname.release[count:1])`:                   "are not numbers",
		`kernel.uname.release[count:1] + 1`:                         "are not numbers",
		`mem.freemem[count:1] + kernel.all.load[count:1]`:           "same instance domain",
		`mem.freemem[count:1] + test.delta[count:1]`:                "Dimensions of two operands mismatch",
		`mem.freemem[count:1] + mem.freemem[count:2]`:               "Number of samples",
		`kernel.all.pswitch[count:1] * kernel.all.pswitch[count:1]`: "only addition or subtraction",
		`kernel.all.pswitch[count:1] + test.delta[count:1]`:         "only multiplication or division",
		`test.delta[count:1] / kernel.all.pswitch[count:1]`:         "only multiplication is allowed",
		`kernel.all.load[count:10]`:                                 "more than 25 values",
		`mem.freemem[start:"2025-03-04 12:00:00", finish:"never"]`:  "not a time",
	} {
		_, err := e.Query(context.Background(), v, Times{}, expr)
		assert.ErrorContains(t, err, want, expr)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := e.Query(ctx, twoHosts(t), Times{}, "mem.freemem[count:1]")
	assert.ErrorIs(t, err, context.Canceled)
	limited := NewIndex(IndexOptions{MaxMetrics: 3}).View(v.Sets())
	_, err = e.Query(context.Background(), limited, Times{}, "mem.freemem")
	var limit *LimitError
	require.True(t, errors.As(err, &limit))
	assert.Equal(t, 3, limit.Limit)
}

// TestMovedTimes shows a recording as if it were made later, up to its sixth record.
func TestMovedTimes(t *testing.T) {
	v := twoHosts(t)
	at := Times{Present: stampAt(5).Add(time.Hour), By: time.Hour, Until: stampAt(5)}
	r, err := NewEngine(Options{}).Query(context.Background(), v, at, `mem.freemem{hostname:node88}[15sec]`)
	require.NoError(t, err)
	assert.Equal(t, []string{"node88 3640 =4960", "node88 3650 =4950"}, lines(v, r))
}

// TestMarks computes no rate across a mark.
func TestMarks(t *testing.T) {
	v := viewOf(t, writeHost(t, t.TempDir(), "node88", 1))
	r := ask(t, v, `rate(kernel.all.pswitch[count:10])`)
	require.Len(t, r.Values, 1)
	assert.Len(t, r.Values[0].Values, 9)
	x := &vector{metric: &Metric{Name: "a"}, sem: pcp.SemCounter, typ: pcp.TypeU64, samples: []sample{
		{stampAt(0), 0, []Value{{Stamp: stampAt(0), number: number{form: unsigned, bits: 10}}}},
		{stampAt(1), 1, []Value{{Stamp: stampAt(1), number: number{form: unsigned, bits: 30}}}},
		{stampAt(2), 1, []Value{{Stamp: stampAt(2), number: number{form: unsigned, bits: 20}}}},
		{stampAt(3), 1, []Value{{Stamp: stampAt(3), number: number{form: unsigned, bits: 25}}}},
	}}
	require.NoError(t, rate(&node{call: functions["rate"]}, x))
	require.Len(t, x.samples, 1)
	assert.Equal(t, "[0.5]", fmt.Sprint(x.samples[0].values), "neither across the mark nor where the counter decreases")
}
