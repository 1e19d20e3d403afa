package convert_test

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/converttest"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

func TestUnwrap(t *testing.T) {
	const wrap = 1 << 32
	for name, test := range map[string]struct {
		typ      pcp.Type
		sem      pcp.Semantics
		in, want []int64 // -1: a mark
		wraps    int64
	}{
		"no wrap":           {pcp.TypeU32, pcp.SemCounter, []int64{1, 1, 5}, []int64{1, 1, 5}, 0},
		"wraps":             {pcp.TypeU32, pcp.SemCounter, []int64{wrap - 2, 3, wrap / 2, wrap - 1, 0}, []int64{wrap - 2, wrap + 3, wrap + wrap/2, 2*wrap - 1, 2 * wrap}, 2},
		"signed":            {pcp.Type32, pcp.SemCounter, []int64{wrap - 2, 3}, []int64{wrap - 2, wrap + 3}, 1},
		"a reset":           {pcp.TypeU32, pcp.SemCounter, []int64{wrap - 2, 3, 1000, 10}, []int64{wrap - 2, wrap + 3, wrap + 1000, 10}, 1},
		"a mark":            {pcp.TypeU32, pcp.SemCounter, []int64{wrap - 2, 3, -1, 5, 6}, []int64{wrap - 2, wrap + 3, 5, 6}, 1},
		"a wrap and a mark": {pcp.TypeU32, pcp.SemCounter, []int64{wrap - 2, -1, 3}, []int64{wrap - 2, 3}, 0},
		"no counter":        {pcp.TypeU32, pcp.SemInstant, []int64{wrap - 2, 3}, []int64{wrap - 2, 3}, 0},
		"64 bits":           {pcp.TypeU64, pcp.SemCounter, []int64{wrap - 2, 3}, []int64{wrap - 2, 3}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			out, report := &converttest.Column{}, &prom.Report{}
			u := convert.NewUnwrap(flatten.New(sinktest.Sink(out), flatten.Options{}), report)
			n := converttest.NewSingular(t, "c", 1, test.typ, test.sem)
			for i, v := range test.in {
				if v < 0 {
					require.NoError(t, u.Put(converttest.Mark(int64(i))))
					continue
				}
				require.NoError(t, u.Put(&history.Step{Stamp: pcp.TimestampMilli(int64(i)), Metrics: []history.MetricValues{n.Numbers(v)}}))
			}
			require.NoError(t, u.Close())
			var got []int64
			for _, v := range out.Values {
				if !prom.IsStale(v) {
					got = append(got, int64(v))
				}
			}
			assert.Equal(t, test.want, got)
			var wraps int64
			for _, l := range report.Losses() {
				assert.Equal(t, prom.LossUnwrapped, l.Loss)
				wraps += l.Count
			}
			assert.Equal(t, test.wraps, wraps)
		})
	}
}

// steps is a Sink that prints what it gets.
type steps struct{ lines []string }

func (s *steps) Put(step *history.Step) error {
	at := fmt.Sprint(step.Stamp.Sec*1e9 + int64(step.Stamp.Nsec))
	if step.Mark {
		s.lines = append(s.lines, at+" mark")
	}
	for _, mv := range step.Metrics {
		line := at + " " + mv.Metric.Name
		if mv.Err != 0 {
			line += " error"
		}
		for _, p := range mv.Points {
			v, _ := p.Value.Number(mv.Metric.Desc.Type)
			line += fmt.Sprintf(" %d=%v", p.Series.Inst.ID, v)
		}
		s.lines = append(s.lines, line)
	}
	return nil
}

func (*steps) Close() error { return nil }

func TestDownsample(t *testing.T) {
	gauge := converttest.NewRecorded(t, "g", meta.Desc{PMID: 1, Type: pcp.TypeU32, InDom: 7, Sem: pcp.SemInstant})
	other := converttest.NewRecorded(t, "h", meta.Desc{PMID: 2, Type: pcp.TypeU32, InDom: 7, Sem: pcp.SemInstant})
	counter := converttest.NewRecorded(t, "c", meta.Desc{PMID: 3, Type: pcp.TypeU32, InDom: 7, Sem: pcp.SemCounter})
	failed := history.MetricValues{Metric: gauge.Metric, Err: pcp.ErrnoAgain}
	type step struct {
		ns     int64
		values []history.MetricValues
	}
	one := func(ns int64, values ...history.MetricValues) step { return step{ns, values} }
	for name, test := range map[string]struct {
		in   []step
		want []string
		lost int64
	}{
		"the last of each window, at its time": {
			[]step{one(1, gauge.Numbers(1)), one(7, gauge.Numbers(2)), one(13, gauge.Numbers(3)), one(19, gauge.Numbers(4)), one(20, gauge.Numbers(5))},
			[]string{"7 g 0=2", "19 g 0=4", "20 g 0=5"}, 2,
		},
		"metrics of different times": {
			[]step{one(1, gauge.Numbers(1), other.Numbers(1)), one(5, gauge.Numbers(2)), one(15, gauge.Numbers(3))},
			[]string{"1 h 0=1", "5 g 0=2", "15 g 0=3"}, 1,
		},
		"a reset shows, though the counter passes its old value": {
			[]step{one(1, counter.Numbers(100)), one(2, counter.Numbers(110)), one(3, counter.Numbers(5)), one(4, counter.Numbers(200)), one(5, counter.Numbers(300))},
			[]string{"2 c 0=110", "3 c 0=5", "5 c 0=300"}, 2,
		},
		"a reset between windows": {
			[]step{one(1, counter.Numbers(100)), one(2, counter.Numbers(110)), one(13, counter.Numbers(5)), one(14, counter.Numbers(200)), one(15, counter.Numbers(300))},
			[]string{"2 c 0=110", "13 c 0=5", "15 c 0=300"}, 2,
		},
		"a reset of one instance, seen two records later": {
			[]step{one(1, counter.Numbers(100, 1)), one(2, counter.Numbers(-1, 2)), one(3, counter.Numbers(50, 3)), one(4, counter.Numbers(150, 4))},
			[]string{"1 c 0=100 1=1", "3 c 0=50 1=3", "4 c 0=150 1=4"}, 1,
		},
		"an instance that ends": {
			[]step{one(1, gauge.Numbers(1, 1, 1)), one(2, gauge.Numbers(2, 2, 2)), one(3, gauge.Numbers(3, -1, 3)), one(4, gauge.Numbers(4, -1, 4))},
			[]string{"2 g 0=2 1=2", "4 g 0=4 2=4"}, 6,
		},
		"logging groups": {
			[]step{one(1, gauge.Numbers(1, -1)), one(2, gauge.Numbers(-1, 2)), one(3, gauge.Numbers(3, -1)), one(4, gauge.Numbers(-1, 4))},
			[]string{"3 g 0=3", "4 g 1=4"}, 2,
		},
		"errors": {
			[]step{one(1, gauge.Numbers(1)), one(2, gauge.Numbers(2)), one(3, failed), one(4, failed), one(5, gauge.Numbers(3)), one(6, gauge.Numbers(4))},
			[]string{"2 g 0=2", "3 g error", "6 g 0=4"}, 3,
		},
		"marks": {
			[]step{one(1, gauge.Numbers(1)), one(2, gauge.Numbers(2)), one(3), one(4, gauge.Numbers(3)), one(5, gauge.Numbers(4))},
			[]string{"2 g 0=2", "3 mark", "5 g 0=4"}, 2,
		},
		"before 1970": {
			[]step{one(-12, gauge.Numbers(1)), one(-3, gauge.Numbers(2)), one(-1, gauge.Numbers(3)), one(1, gauge.Numbers(4))},
			[]string{"-12 g 0=1", "-1 g 0=3", "1 g 0=4"}, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			out, report := &steps{}, &prom.Report{}
			d := convert.NewDownsample(out, 10, report)
			for _, in := range test.in {
				stamp := pcp.Timestamp{}.Add(time.Duration(in.ns))
				require.NoError(t, d.Put(&history.Step{Stamp: stamp, Mark: in.values == nil, Metrics: in.values}))
			}
			require.NoError(t, d.Close())
			assert.Equal(t, test.want, out.lines)
			var lost int64
			for _, l := range report.Losses() {
				assert.Equal(t, prom.LossStep, l.Loss)
				lost += l.Count
			}
			assert.Equal(t, test.lost, lost)
		})
	}
}

// increases adds up what Prometheus' increase() sees of a counter.
type increases struct {
	sum, last float64
	any       bool
}

func (s *increases) Sample(_ *prom.Series, _ int64, v float64) error {
	switch {
	case s.any && v < s.last:
		s.sum += v
	case s.any:
		s.sum += v - s.last
	}
	s.last, s.any = v, true
	return nil
}

// What a counter increases by is what it was, however it is thinned: but for
// what precedes the first value that is left.
// Parts of a host have the same metric with the same instances, and stay apart.
func TestStagesOfParts(t *testing.T) {
	out := &converttest.Column{}
	down := convert.NewDownsample(flatten.New(sinktest.Sink(out), flatten.Options{}), 10*time.Second, nil)
	u := convert.NewUnwrap(down, nil)
	metrics := []*converttest.Recorded{
		converttest.NewSingular(t, "c", 1, pcp.TypeU32, pcp.SemCounter), converttest.NewSingular(t, "c", 1, pcp.TypeU32, pcp.SemCounter),
	}
	put := func(ms int64, part int, v int64) {
		require.NoError(t, u.Put(&history.Step{Stamp: pcp.TimestampMilli(ms), Part: part, Metrics: []history.MetricValues{metrics[part].Numbers(v)}}))
	}
	for i := range int64(3) { // neither counter falls, although their values alternate
		put(1000+2000*i, 0, 1<<32-100+i)
		put(2000+2000*i, 1, 10+i)
	}
	require.NoError(t, u.Put(&history.Step{Stamp: pcp.TimestampMilli(7000), Part: 1, Mark: true}))
	put(8000, 0, 1) // a wrap
	put(9000, 1, 1) // began anew
	require.NoError(t, u.Close())
	assert.Equal(t, []float64{1<<32 - 98, 12, 1<<32 + 1, 1}, slices.DeleteFunc(out.Values, prom.IsStale))
}

func TestDownsampleKeepsIncreases(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		n := converttest.NewSingular(t, "c", 1, pcp.TypeU64, pcp.SemCounter)
		all, thinned := &increases{}, &increases{}
		d := convert.NewDownsample(flatten.New(sinktest.Sink(thinned), flatten.Options{}), 10*time.Millisecond, nil)
		f := flatten.New(sinktest.Sink(all), flatten.Options{})
		v := int64(0)
		for i := range int64(300) {
			if i > 10 && rng.IntN(9) == 0 {
				v = rng.Int64N(50)
			} else if i > 10 {
				v += rng.Int64N(100)
			}
			converttest.Put(t, f, i, n.Numbers(v))
			require.NoError(t, d.Put(&history.Step{Stamp: pcp.TimestampMilli(i), Metrics: []history.MetricValues{n.Numbers(v)}}))
		}
		require.NoError(t, d.Close())
		require.Equal(t, all.sum, thinned.sum)
	}
}

// stepsAt is a Source of the steps at some times, with one metric.
type stepsAt struct {
	n     *converttest.Recorded
	times []int64
	err   error
}

func (g stepsAt) Steps(context.Context) iter.Seq2[*history.Step, error] {
	return func(yield func(*history.Step, error) bool) {
		for _, ms := range g.times {
			if !yield(&history.Step{Stamp: pcp.TimestampMilli(ms), Metrics: []history.MetricValues{g.n.Numbers(ms)}}, nil) {
				return
			}
		}
		if g.err != nil {
			yield(nil, g.err)
		}
	}
}

func TestCopyMerged(t *testing.T) {
	n := converttest.NewSingular(t, "m", 1, pcp.TypeU32, pcp.SemInstant)
	out := &converttest.Seen{}
	f := flatten.New(sinktest.Sink(out), flatten.Options{})
	every := func(dst history.Sink) history.Sink { return convert.NewDownsample(dst, 10*time.Millisecond, nil) }
	err := convert.CopyMerged(t.Context(), []convert.Part{
		{Source: stepsAt{n: n, times: []int64{1, 4, 9}}, Sink: f.Fork("a")},
		{Source: stepsAt{n: n}, Sink: f.Fork("none")},
		{Source: convert.Through(stepsAt{n: n, times: []int64{2, 4, 31}}, every), Sink: f.Fork("b")},
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"1 m hostname=a 1", "4 m hostname=a 4", "4 m hostname=b 4", "9 m hostname=a 9", "31 m hostname=b 31"}, out.Lines)

	err = convert.CopyMerged(t.Context(), []convert.Part{
		{Source: stepsAt{n: n, times: []int64{1, 2}, err: assert.AnError}, Sink: f.Fork("c")},
		{Source: stepsAt{n: n, times: []int64{1, 2, 3}}, Sink: f.Fork("d")},
	})
	require.ErrorIs(t, err, assert.AnError)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = convert.CopyMerged(ctx, []convert.Part{{Source: stepsAt{n: n, times: []int64{50}}, Sink: f.Fork("e")}})
	require.ErrorIs(t, err, context.Canceled)
}
