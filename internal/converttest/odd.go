package converttest

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
)

// ShowLabels returns a line for each label, with its level and flags.
func ShowLabels(set labelset.Set) []string {
	var out []string
	for l := range set.All() {
		out = append(out, fmt.Sprintf("%s=%s %s %d", l.Name, l.Value, l.Level, l.Flags))
	}
	return out
}

// OddValues are values of labels that JSON escapes, or that look like escaped ones.
var OddValues = []string{
	`"quoted"`, "line\nfeed", "tab\ttab", `back\slash`, `\n`, `\u0041`, "é 日本 😀", "\a\x00\x1f\x7f", " blanks  ", "{a:1}",
	"null", "1", "\u2028", "<&>", "'", "/", "",
}

// ShowStep describes everything in a step, one line for each fact.
func ShowStep(step *history.Step) string {
	var b strings.Builder
	fmt.Fprintf(&b, "step %s mark %v\n", step.Stamp, step.Mark)
	for _, mv := range step.Metrics {
		d := mv.Metric.Desc
		fmt.Fprintf(&b, " %s %s %s %s %s %q err %d\n", mv.Metric.Name, d.PMID, d.InDom, d.Type, d.Sem, d.Units, mv.Err)
		fmt.Fprintf(&b, "  help %q %q\n", mv.Metric.OneLine, mv.Metric.Help)
		for _, set := range mv.Metric.Labels {
			for _, l := range ShowLabels(set) {
				fmt.Fprintf(&b, "  %s\n", l)
			}
		}
		if mv.InDom != nil {
			for _, in := range mv.InDom.Instances {
				set, _ := mv.Labels.Find(in.ID)
				fmt.Fprintf(&b, "  member %d %q %s\n", in.ID, in.Name, ShowLabels(set))
			}
		}
		for _, p := range mv.Points {
			fmt.Fprintf(&b, "  value %d %q %s: %d %s %x %q\n", p.Series.Inst.ID, p.Series.Inst.Name,
				ShowLabels(p.Series.Labels), p.Value.Inst, p.Value.Type, p.Value.Bits, p.Value.Data)
		}
	}
	return b.String()
}

// RecordOddly puts steps with odd labels, numbers and texts into a sink. It returns the
// texts of the steps as ShowStep writes them.
func RecordOddly(t *testing.T, sink history.Sink) []string {
	t.Helper()
	f := NewFixture(t)
	other := f.AddSource("db")
	var want []string
	put := func(step *history.Step) {
		t.Helper()
		want = append(want, ShowStep(step))
		require.NoError(t, sink.Put(step))
	}
	var odd []*mapper.Series
	for _, v := range OddValues {
		odd = append(odd, f.Series("odd:labels", "gauge", "k", v, "l.é", v, "z", "1"))
	}
	odd = append(odd, f.Series("odd:labels", "gauge", "k", strings.Repeat("long ", 12_000)))
	numbers := []float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 5e-324, math.MaxFloat64, 1.0 / 3}
	singles := make([]*mapper.Series, len(numbers))
	for i := range numbers {
		singles[i] = f.Series(fmt.Sprint("single:é", i), "counter")
	}
	for round := range 4 {
		f.Begin()
		for i, s := range odd {
			if round == 2 && i%2 == 0 {
				f.Src.End(s)
			} else {
				f.Src.Set(s, float64(i))
			}
		}
		for i, s := range singles {
			f.Src.Set(s, numbers[(i+round)%len(numbers)])
		}
		f.Src.SetHealth(mapper.Health{Up: 1, Fetch: 1e9})
		put(f.Src.Step())

		other.Begin(f.Now)
		s, err := other.Series("a_total", Labels([]string{"x", fmt.Sprint(round)}), prom.Family{Name: "a", Type: "counter", Unit: "u", Help: "äé\n\"\\"})
		require.NoError(t, err)
		other.Set(s, 1)
		other.SetHealth(mapper.Health{Err: fmt.Errorf("it \"failed\"\n%d times", round)})
		put(other.Step())
	}
	f.Begin()
	f.Src.EndAll()
	put(f.Src.Step())
	f.Now.Sec++
	put(&history.Step{Stamp: f.Now, Mark: true})
	put(f.Step(odd[0], singles[0]))
	assert.Empty(t, f.Report.Losses())
	return want
}
