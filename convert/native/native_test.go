package native_test

import (
	"math"
	"testing"

	"github.com/pcparchive/pcparchive/convert/assemble"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/converttest"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/pcp"
)

// given is a sample of a series with labels such as "job=a instance=b".
type given struct {
	name, labels string
	v            float64
}

// moment is the samples of one time. NaN stands for the end of a series.
type moment []given

// assembleAll gives samples of several times to an Assembler and returns each
// step's values.
func assembleAll(t *testing.T, o assemble.Options, moments ...moment) [][]string {
	t.Helper()
	mapper, err := mapper.New(mapper.Options{Host: "h", Report: o.Report})
	require.NoError(t, err)
	sink := &stepsSeen{}
	a := assemble.New(sink, mapper, o)
	known := map[[2]string]*prom.Series{}
	for i, m := range moments {
		sink.steps = append(sink.steps, nil)
		for _, g := range m {
			key := [2]string{g.name, g.labels}
			s := known[key]
			if s == nil {
				s = &prom.Series{Name: g.name, ID: len(known)}
				for _, pair := range converttest.SplitPairs(g.labels) {
					s.Labels = append(s.Labels, prom.Label{Name: pair[0], Value: pair[1]})
				}
				known[key] = s
			}
			v := g.v
			if v != v {
				v = prom.StaleNaN
			}
			require.NoError(t, sinktest.Put(a, s, int64(i), v))
		}
	}
	require.NoError(t, sinktest.Finish(a))
	return sink.steps
}

type stepsSeen struct{ steps [][]string }

func (s *stepsSeen) Put(step *history.Step) error {
	lines := &converttest.StepLines{}
	err := lines.Put(step)
	for _, mv := range step.Metrics {
		if len(mv.Points) == 0 && mv.Err == 0 {
			lines.Lines = append(lines.Lines, mv.Metric.Name+" none")
		}
		if mv.Err != 0 {
			lines.Lines = append(lines.Lines, mv.Metric.Name+" "+mv.Err.Error())
		}
	}
	s.steps[step.Stamp.Nsec/1e6] = lines.Lines
	return err
}

func (s *stepsSeen) Close() error { return nil }

func TestNativeDifference(t *testing.T) {
	used := converttest.NativeMetric("used", pcp.TypeU64, pcp.SemInstant, pcp.InDomNull)
	full := converttest.NativeMetric("full", pcp.TypeDouble, pcp.SemInstant, pcp.InDomNull)
	n := converttest.Placing{
		"total": {
			{Metric: used, Factor: 1. / 1024, Combine: native.CombineSum, Part: 0, Parts: 2},
			{Metric: full, Combine: native.CombineOver, Part: 0, Parts: 2},
		},
		"free": {
			{Metric: used, Factor: -1. / 1024, Combine: native.CombineSum, Part: 1, Parts: 2},
			{Metric: full, Factor: 100, Combine: native.CombineSum, Part: 1, Parts: 2},
		},
	}
	steps := assembleAll(t, assemble.Options{Natives: n},
		moment{{name: "total", labels: "", v: 4096}}, moment{{name: "total", labels: "", v: 4096}, {name: "free", labels: "", v: 1024}}, moment{{name: "total", labels: "", v: 0}, {name: "free", labels: "", v: 0}},
		moment{{name: "free", labels: "", v: math.NaN()}, {name: "total", labels: "", v: 4096}}, moment{{name: "total", labels: "", v: 2048}})
	assert.Equal(t, []string{"used none", "full none"}, steps[0], "half of a difference is no value")
	assert.Equal(t, []string{"used -1 3", "full -1 25"}, steps[1])
	assert.Equal(t, []string{"used -1 0", "full " + pcp.ErrnoAgain.Error()}, steps[2], "a quotient by nothing")
	assert.Equal(t, []string{"used " + pcp.ErrnoAgain.Error()}, steps[3])
	assert.Empty(t, steps[4])
}

func TestNativeValues(t *testing.T) {
	value := func(typ pcp.Type, sem pcp.Semantics, p native.Place, v float64) []string {
		p.Metric = converttest.NativeMetric("m", typ, sem, pcp.InDomNull)
		return assembleAll(t, assemble.Options{Natives: converttest.Placing{"s": {p}}}, moment{{name: "s", labels: "", v: v}})[0]
	}
	assert.Equal(t, []string{"m -1 424848"}, value(pcp.TypeU64, pcp.SemCounter, native.Place{Factor: 1000}, 424.848))
	assert.Equal(t, []string{"m -1 24105"}, value(pcp.TypeU32, pcp.SemDiscrete, native.Place{Factor: 1. / 1024}, 24684092), "cut as an agent's division")
	assert.Equal(t, []string{"m -1 5"}, value(pcp.TypeU32, pcp.SemCounter, native.Place{}, 1<<32+5), "counters wrap")
	assert.Equal(t, []string{"m -1 4.294967295e+09"}, value(pcp.TypeU32, pcp.SemInstant, native.Place{}, 1<<33), "others do not")
	assert.Equal(t, []string{"m -1 -2.147483648e+09"}, value(pcp.Type32, pcp.SemCounter, native.Place{}, 1<<31))
	// Only what was computed is taken for the whole number next to it, and only of
	// that is a float no more exact; the rest is counted.
	losses := func(typ pcp.Type, factor, v float64) (string, int) {
		report := &prom.Report{}
		n := converttest.Placing{"s": {{Metric: converttest.NativeMetric("m", typ, pcp.SemInstant, pcp.InDomNull), Factor: factor}}}
		return assembleAll(t, assemble.Options{Natives: n, Report: report}, moment{{name: "s", labels: "", v: v}})[0][0], len(report.Losses())
	}
	for _, tt := range []struct {
		typ       pcp.Type
		factor, v float64
		want      string
		lost      int
	}{
		{pcp.TypeU64, 1, 4.9999999, "m -1 5", 0}, {pcp.TypeU64, 1, 4.7, "m -1 4", 0}, {pcp.TypeU64, 0, 4.7, "m -1 5", 1}, {pcp.TypeU64, 0, 5, "m -1 5", 0},
		{pcp.TypeDouble, 1, 4.7, "m -1 4.7", 0}, {pcp.TypeDouble, 0, 4.7, "m -1 4.7", 0},
		{pcp.TypeFloat, 1, 0.1, "m -1 0.10000000149011612", 0}, {pcp.TypeFloat, 0, 0.1, "m -1 0.10000000149011612", 1},
	} {
		got, lost := losses(tt.typ, tt.factor, tt.v)
		assert.Equal(t, tt.want, got, "%v", tt)
		assert.Equal(t, tt.lost, lost, "%v", tt)
	}
	odd := func(v float64) (float64, bool) { return math.Mod(v, 2), v >= 0 }
	assert.Equal(t, []string{"m -1 1"}, value(pcp.TypeU32, pcp.SemInstant, native.Place{Pick: odd}, 4099))
	assert.Equal(t, []string{"m none"}, value(pcp.TypeU32, pcp.SemInstant, native.Place{Pick: odd}, -1))
}

func TestNativeProductAndNames(t *testing.T) {
	pool := converttest.NativeMetric("pool", pcp.TypeU64, pcp.SemInstant, pcp.InDomNull)
	disk := converttest.NativeMetric("disk", pcp.TypeU64, pcp.SemCounter, pcp.NewInDomID(60, 1))
	n := converttest.Placing{
		"pages": {{Metric: pool, Combine: native.CombineSum, Part: 0, Parts: 2}, {Metric: disk, Known: true}},
		"size":  {{Metric: pool, Combine: native.CombineTimes, Part: 1, Parts: 2}},
		"sda":   {{Metric: disk, Instance: "sda", ID: pcp.InstNull}},
	}
	steps := assembleAll(t, assemble.Options{Natives: n},
		moment{{name: "size", labels: "", v: 2048}, {name: "pages", labels: "", v: 3}}, moment{{name: "sda", labels: "", v: 5}})
	assert.Equal(t, []string{"pool -1 6144", "disk none"}, steps[0])
	assert.Equal(t, []string{"disk 0 5"}, steps[1])
}

// Instances have no host, so that another host's series cannot be theirs.
func TestNativeHosts(t *testing.T) {
	disk := converttest.NativeMetric("disk", pcp.TypeU64, pcp.SemCounter, pcp.NewInDomID(60, 1))
	report := &prom.Report{}
	n := converttest.Placing{
		"sda": {{Metric: disk, Instance: "sda", ID: pcp.InstNull}},
		"sdb": {{Metric: disk, Instance: "sdb", ID: pcp.InstNull}},
	}
	steps := assembleAll(t, assemble.Options{Natives: n, Report: report}, moment{
		{name: "sda", labels: "instance=a:9100", v: 1}, {name: "sdb", labels: "instance=a:9101", v: 2}, {name: "sdb", labels: "instance=b:9100", v: 3},
	})
	assert.Equal(t, []string{"disk 0 1", "disk 1 2", "openmetrics.b.sdb -1 3"}, steps[0])
	assert.Len(t, report.Losses(), 1)
}

// A place becomes free when its series ends; one that is made of labels passes
// on at once.
func TestNativePassesOn(t *testing.T) {
	size := converttest.NativeMetric("size", pcp.TypeU64, pcp.SemInstant, pcp.InDomNull)
	duplex := converttest.NativeMetric("duplex", pcp.TypeU32, pcp.SemInstant, pcp.InDomNull)
	n := converttest.Placing{
		"size": {{Metric: size}},
		"half": {{Metric: duplex, Combine: native.CombineLast}},
		"full": {{Metric: duplex, Factor: 2, Combine: native.CombineLast}},
	}
	steps := assembleAll(t, assemble.Options{Natives: n},
		moment{{name: "size", labels: "on=/", v: 1}, {name: "size", labels: "on=/bind", v: 1}, {name: "half", labels: "", v: 1}},
		moment{{name: "size", labels: "on=/", v: math.NaN()}, {name: "full", labels: "", v: 1}, {name: "half", labels: "", v: math.NaN()}},
		moment{{name: "size", labels: "on=/new", v: 7}, {name: "full", labels: "", v: 1}})
	assert.Equal(t, []string{"size -1 1", "duplex -1 1", "openmetrics.import.size 0 1"}, steps[0])
	assert.Equal(t, []string{"size " + pcp.ErrnoAgain.Error()}, filter(steps[1], "size"))
	assert.Contains(t, steps[1], "duplex -1 2")
	assert.Equal(t, []string{"size -1 7", "duplex -1 2"}, steps[2])
}

func filter(lines []string, prefix string) []string {
	var out []string
	for _, l := range lines {
		if len(l) > len(prefix) && l[:len(prefix)+1] == prefix+" " {
			out = append(out, l)
		}
	}
	return out
}
