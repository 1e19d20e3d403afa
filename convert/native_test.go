package convert_test

import (
	"hash/crc32"
	"math"
	"testing"

	"github.com/pcparchive/pcparchive/convert/assemble"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// placing is a Natives that knows series by name.
type placing map[string][]native.Place

func (p placing) Places(s *prom.Series) []native.Place { return p[s.Name] }

func metricOf(name string, t pcp.Type, sem pcp.Semantics, indom pcp.InDomID) *native.Metric {
	return &native.Metric{Desc: meta.Desc{Names: []string{name}, PMID: pcp.NewPMID(60, 0, crc32.ChecksumIEEE([]byte(name))%1024), Type: t, Sem: sem, InDom: indom}}
}

// moment is samples of one time; NaN stands for the end of a series.
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
				for _, pair := range fields(g.labels) {
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
	lines := &stepLines{}
	err := lines.Put(step)
	for _, mv := range step.Metrics {
		if len(mv.Points) == 0 && mv.Err == 0 {
			lines.lines = append(lines.lines, mv.Metric.Name+" none")
		}
		if mv.Err != 0 {
			lines.lines = append(lines.lines, mv.Metric.Name+" "+mv.Err.Error())
		}
	}
	s.steps[step.Stamp.Nsec/1e6] = lines.lines
	return err
}

func (s *stepsSeen) Close() error { return nil }

func TestNativeDifference(t *testing.T) {
	used := metricOf("used", pcp.TypeU64, pcp.SemInstant, pcp.InDomNull)
	full := metricOf("full", pcp.TypeDouble, pcp.SemInstant, pcp.InDomNull)
	n := placing{
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
		moment{{"total", "", 4096}}, moment{{"total", "", 4096}, {"free", "", 1024}}, moment{{"total", "", 0}, {"free", "", 0}},
		moment{{"free", "", math.NaN()}, {"total", "", 4096}}, moment{{"total", "", 2048}})
	assert.Equal(t, []string{"used none", "full none"}, steps[0], "half of a difference is no value")
	assert.Equal(t, []string{"used -1 3", "full -1 25"}, steps[1])
	assert.Equal(t, []string{"used -1 0", "full " + pcp.ErrnoAgain.Error()}, steps[2], "a quotient by nothing")
	assert.Equal(t, []string{"used " + pcp.ErrnoAgain.Error()}, steps[3])
	assert.Empty(t, steps[4])
}

func TestNativeValues(t *testing.T) {
	value := func(typ pcp.Type, sem pcp.Semantics, p native.Place, v float64) []string {
		p.Metric = metricOf("m", typ, sem, pcp.InDomNull)
		return assembleAll(t, assemble.Options{Natives: placing{"s": {p}}}, moment{{"s", "", v}})[0]
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
		n := placing{"s": {{Metric: metricOf("m", typ, pcp.SemInstant, pcp.InDomNull), Factor: factor}}}
		return assembleAll(t, assemble.Options{Natives: n, Report: report}, moment{{"s", "", v}})[0][0], len(report.Losses())
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
	pool := metricOf("pool", pcp.TypeU64, pcp.SemInstant, pcp.InDomNull)
	disk := metricOf("disk", pcp.TypeU64, pcp.SemCounter, pcp.NewInDomID(60, 1))
	n := placing{
		"pages": {{Metric: pool, Combine: native.CombineSum, Part: 0, Parts: 2}, {Metric: disk, Known: true}},
		"size":  {{Metric: pool, Combine: native.CombineTimes, Part: 1, Parts: 2}},
		"sda":   {{Metric: disk, Instance: "sda", ID: pcp.InstNull}},
	}
	steps := assembleAll(t, assemble.Options{Natives: n},
		moment{{"size", "", 2048}, {"pages", "", 3}}, moment{{"sda", "", 5}})
	assert.Equal(t, []string{"pool -1 6144", "disk none"}, steps[0])
	assert.Equal(t, []string{"disk 0 5"}, steps[1])
}

// Instances have no host, so that another host's series cannot be theirs.
func TestNativeHosts(t *testing.T) {
	disk := metricOf("disk", pcp.TypeU64, pcp.SemCounter, pcp.NewInDomID(60, 1))
	report := &prom.Report{}
	n := placing{
		"sda": {{Metric: disk, Instance: "sda", ID: pcp.InstNull}},
		"sdb": {{Metric: disk, Instance: "sdb", ID: pcp.InstNull}},
	}
	steps := assembleAll(t, assemble.Options{Natives: n, Report: report}, moment{
		{"sda", "instance=a:9100", 1}, {"sdb", "instance=a:9101", 2}, {"sdb", "instance=b:9100", 3},
	})
	assert.Equal(t, []string{"disk 0 1", "disk 1 2", "openmetrics.b.sdb -1 3"}, steps[0])
	assert.Len(t, report.Losses(), 1)
}

// A place becomes free when its series ends; one that is made of labels passes
// on at once.
func TestNativePassesOn(t *testing.T) {
	size := metricOf("size", pcp.TypeU64, pcp.SemInstant, pcp.InDomNull)
	duplex := metricOf("duplex", pcp.TypeU32, pcp.SemInstant, pcp.InDomNull)
	n := placing{
		"size": {{Metric: size}},
		"half": {{Metric: duplex, Combine: native.CombineLast}},
		"full": {{Metric: duplex, Factor: 2, Combine: native.CombineLast}},
	}
	steps := assembleAll(t, assemble.Options{Natives: n},
		moment{{"size", "on=/", 1}, {"size", "on=/bind", 1}, {"half", "", 1}},
		moment{{"size", "on=/", math.NaN()}, {"full", "", 1}, {"half", "", math.NaN()}},
		moment{{"size", "on=/new", 7}, {"full", "", 1}})
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
