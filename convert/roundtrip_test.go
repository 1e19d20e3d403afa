package convert_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
)

// show writes everything that a step holds, one line per fact.
func show(step *history.Step) string {
	var b strings.Builder
	fmt.Fprintf(&b, "step %s mark %v\n", step.Stamp, step.Mark)
	for _, mv := range step.Metrics {
		d := mv.Metric.Desc
		fmt.Fprintf(&b, " %s %s %s %s %s %q err %d\n", mv.Metric.Name, d.PMID, d.InDom, d.Type, d.Sem, d.Units, mv.Err)
		fmt.Fprintf(&b, "  help %q %q\n", mv.Metric.OneLine, mv.Metric.Help)
		for _, set := range mv.Metric.Labels {
			for _, l := range showLabels(set) {
				fmt.Fprintf(&b, "  %s\n", l)
			}
		}
		if mv.InDom != nil {
			for _, in := range mv.InDom.Instances {
				set, _ := mv.Labels.Find(in.ID)
				fmt.Fprintf(&b, "  member %d %q %s\n", in.ID, in.Name, showLabels(set))
			}
		}
		for _, p := range mv.Points {
			fmt.Fprintf(&b, "  value %d %q %s: %d %s %x %q\n", p.Series.Inst.ID, p.Series.Inst.Name,
				showLabels(p.Series.Labels), p.Value.Inst, p.Value.Type, p.Value.Bits, p.Value.Data)
		}
	}
	return b.String()
}

// recordOddly puts steps with everything odd into a sink and returns what they
// were.
func recordOddly(t *testing.T, sink history.Sink) []string {
	t.Helper()
	f := newFixture(t)
	other := f.source("db")
	var want []string
	put := func(step *history.Step) {
		t.Helper()
		want = append(want, show(step))
		require.NoError(t, sink.Put(step))
	}
	var odd []*mapper.Series
	for _, v := range oddValues {
		odd = append(odd, f.series("odd:labels", "gauge", "k", v, "l.é", v, "z", "1"))
	}
	odd = append(odd, f.series("odd:labels", "gauge", "k", strings.Repeat("long ", 12_000)))
	numbers := []float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 5e-324, math.MaxFloat64, 1.0 / 3}
	singles := make([]*mapper.Series, len(numbers))
	for i := range numbers {
		singles[i] = f.series(fmt.Sprint("single:é", i), "counter")
	}
	for round := range 4 {
		f.begin()
		for i, s := range odd {
			if round == 2 && i%2 == 0 {
				f.src.End(s)
			} else {
				f.src.Set(s, float64(i))
			}
		}
		for i, s := range singles {
			f.src.Set(s, numbers[(i+round)%len(numbers)])
		}
		f.src.SetHealth(mapper.Health{Up: 1, Fetch: 1e9})
		put(f.src.Step())

		other.Begin(f.now)
		s, err := other.Series("a_total", pairLabels([]string{"x", fmt.Sprint(round)}), prom.Family{Name: "a", Type: "counter", Unit: "u", Help: "äé\n\"\\"})
		require.NoError(t, err)
		other.Set(s, 1)
		other.SetHealth(mapper.Health{Err: fmt.Errorf("it \"failed\"\n%d times", round)})
		put(other.Step())
	}
	f.begin()
	f.src.EndAll()
	put(f.src.Step())
	f.now.Sec++
	put(&history.Step{Stamp: f.now, Mark: true})
	put(f.step(odd[0], singles[0]))
	assert.Empty(t, f.report.Losses())
	return want
}

// What is written is read again: values to the bit, labels at their levels with
// their flags, help, instances. The reference finds nothing to complain about.
func TestArchiveRoundTrip(t *testing.T) {
	for _, v := range []pcp.Version{pcp.V2, pcp.V3} {
		t.Run(fmt.Sprint("v", v), func(t *testing.T) {
			base, sink := create(t, &archive.WriteOptions{Version: v})
			want := recordOddly(t, sink)
			require.NoError(t, sink.Close())
			compareSteps(t, want, open(t, base))
			t.Run("pmlogcheck", func(t *testing.T) {
				cmd := oracle.Exec(t, "pmlogcheck", base)
				assert.Equal(t, oracle.Result{}, cmd)
			})
			t.Run("copy", func(t *testing.T) {
				again, sink := create(t, &archive.WriteOptions{Version: v})
				require.NoError(t, convert.Copy(context.Background(), sink, convert.FromArchive(open(t, base), history.Query{})))
				require.NoError(t, sink.Close())
				compareSteps(t, want, open(t, again))
			})
		})
	}
}

func compareSteps(t *testing.T, want []string, r *archive.Reader) {
	t.Helper()
	n := 0
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		require.Less(t, n, len(want), "more steps than were written")
		require.Equal(t, want[n], show(step), "step %d", n)
		n++
	}
	assert.Len(t, want, n)
}

// Every sample of what a page said comes back from the archive: name, labels,
// family, value, time.
func TestSamplesRoundTrip(t *testing.T) {
	live, stored := &seen{}, &seen{}
	base, sink := create(t, nil)
	both := tee{sink, flatten.New(sinktest.Sink(live), flatten.Options{TargetLabels: true})}
	recordOddly(t, both)
	require.NoError(t, sink.Close())
	flat := flatten.New(sinktest.Sink(stored), flatten.Options{TargetLabels: true})
	require.NoError(t, convert.Copy(context.Background(), flat, convert.FromArchive(open(t, base), history.Query{})))
	require.NotEmpty(t, stored.lines)
	assert.ElementsMatch(t, live.lines, stored.lines)
	for key, p := range live.series {
		assert.Equal(t, p.Family, stored.series[key].Family, key)
	}
}

// tee gives steps to two sinks.
type tee struct{ a, b history.Sink }

func (s tee) Put(step *history.Step) error {
	if err := s.a.Put(step); err != nil {
		return err
	}
	return s.b.Put(step)
}

func (s tee) Close() error { return convert.CloseAll(s.a, s.b) }

// An error of the source or of the sink, or the context's, ends a copy.
func TestCopyStops(t *testing.T) {
	base, sink := create(t, nil)
	recordOddly(t, sink)
	require.NoError(t, sink.Close())
	src := convert.FromArchive(open(t, base), history.Query{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	assert.ErrorIs(t, convert.Copy(ctx, failing{}, src), context.Canceled)
	_, full := create(t, nil)
	require.NoError(t, full.Put(&history.Step{Stamp: pcp.Timestamp{Sec: 2_000_000_000}, Mark: true}))
	assert.ErrorIs(t, convert.Copy(context.Background(), full, src), archive.ErrOrder)
	require.NoError(t, full.Close())
}
