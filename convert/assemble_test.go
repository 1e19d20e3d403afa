package convert_test

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pcparchive/pcparchive/convert/assemble"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// samplesTee hands samples to several.
type samplesTee []prom.SampleSink

func (t samplesTee) Sample(s *prom.Series, at int64, v float64) error {
	for _, dst := range t {
		if err := sinktest.Put(dst, s, at, v); err != nil {
			return err
		}
	}
	return nil
}

// again returns the samples that a sink's steps become, and those that these
// become when they are made steps and samples once more.
func again(t *testing.T, put func(history.Sink), o assemble.Options) (first, second *seen, report *prom.Report) {
	t.Helper()
	first, second, report = &seen{}, &seen{}, &prom.Report{}
	mapper, err := mapper.New(mapper.Options{Host: "h", Report: report})
	require.NoError(t, err)
	o.Report = report
	back := flatten.New(sinktest.Sink(second), flatten.Options{TargetLabels: true, Report: report})
	assembler := assemble.New(back, mapper, o)
	put(flatten.New(sinktest.Sink(samplesTee{sinktest.Sink(first), assembler}), flatten.Options{TargetLabels: true}))
	require.NoError(t, sinktest.Finish(assembler))
	slices.Sort(first.lines)
	slices.Sort(second.lines)
	return first, second, report
}

func TestAssemblerUndoesFlattener(t *testing.T) {
	first, second, report := again(t, func(s history.Sink) { recordOddly(t, s) }, assemble.Options{})
	assert.Greater(t, len(first.lines), 50)
	assert.Equal(t, first.lines, second.lines)
	assert.Empty(t, report.Losses())
	for key, s := range first.series {
		assert.Equal(t, s.Family, second.series[key].Family, key)
	}
}

func TestAssemblerOverRecording(t *testing.T) {
	r, err := archive.Open(filepath.Join("..", "testdata", "archives", "host_v3"), nil)
	require.NoError(t, err)
	first, second, report := again(t, func(s history.Sink) {
		require.NoError(t, convert.Copy(context.Background(), s, convert.FromArchive(r, history.Query{})))
	}, assemble.Options{})
	assert.Greater(t, len(first.lines), 100)
	assert.Equal(t, first.lines, second.lines)
	assert.Empty(t, report.Losses())
}

func TestAssemblerRefusesOldSamples(t *testing.T) {
	mapper, err := mapper.New(mapper.Options{Host: "h"})
	require.NoError(t, err)
	a := assemble.New(flatten.New(sinktest.Sink(&seen{}), flatten.Options{}), mapper, assemble.Options{})
	s := &prom.Series{Name: "x"}
	require.NoError(t, sinktest.Put(a, s, 2000, 1))
	require.ErrorIs(t, sinktest.Put(a, s, 1999, 1), archive.ErrOrder)
}

func TestAssemblerSources(t *testing.T) {
	steps := gathered(t, assemble.Options{},
		given{"a", "job=web instance=h1:80", 1}, given{"a", "job=web instance=h2:80", 2},
		given{"a", "job=web instance=h2:81", 3}, given{"a", "", 4}, given{"a", "instance=h3", 5})
	assert.Equal(t, []string{
		"openmetrics.web.a -1 1", "openmetrics.web_h2.a -1 2", "openmetrics.web_h2_81.a -1 3",
		"openmetrics.import.a -1 4", "openmetrics.h3.a -1 5",
	}, steps)
}

type given struct {
	name, labels string
	v            float64
}

// assemble gives samples of one time to an Assembler and returns the values.
func gathered(t *testing.T, o assemble.Options, samples ...given) []string {
	t.Helper()
	mapper, err := mapper.New(mapper.Options{Host: "h", Report: o.Report})
	require.NoError(t, err)
	sink := &stepLines{}
	a := assemble.New(sink, mapper, o)
	for i, g := range samples {
		s := &prom.Series{Name: g.name, ID: i}
		for _, pair := range fields(g.labels) {
			s.Labels = append(s.Labels, prom.Label{Name: pair[0], Value: pair[1]})
		}
		require.NoError(t, sinktest.Put(a, s, 1000, g.v))
	}
	require.NoError(t, sinktest.Finish(a))
	return sink.lines
}

type stepLines struct{ lines []string }

func (s *stepLines) Put(step *history.Step) error {
	for _, mv := range step.Metrics {
		for _, p := range mv.Points {
			v, _ := p.Value.Number(mv.Metric.Desc.Type)
			s.lines = append(s.lines, fmt.Sprintf("%s %d %v", mv.Metric.Name, p.Value.Inst, v))
		}
	}
	return nil
}

func (s *stepLines) Close() error { return nil }

// cpus is a Natives for a made-up exporter.
type cpus struct{ user, ncpu, percpu *native.Metric }

func newCPUs() cpus {
	metric := func(name string, item uint32, d meta.Desc) *native.Metric {
		d.Names, d.PMID = []string{name}, pcp.NewPMID(60, 0, item)
		return &native.Metric{Desc: d}
	}
	return cpus{
		user:   metric("kernel.all.cpu.user", 20, meta.Desc{Type: pcp.TypeU64, InDom: pcp.InDomNull, Sem: pcp.SemCounter}),
		ncpu:   metric("hinv.ncpu", 32, meta.Desc{Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemDiscrete}),
		percpu: metric("kernel.percpu.cpu.user", 1, meta.Desc{Type: pcp.TypeU64, InDom: pcp.NewInDomID(60, 0), Sem: pcp.SemCounter}),
	}
}

func (c cpus) Places(s *prom.Series) []native.Place {
	if s.Name != "cpu" {
		return nil
	}
	cpu := s.Labels[0].Value
	return []native.Place{
		{Metric: c.user, Factor: 1000, Combine: native.CombineSum},
		{Metric: c.ncpu, Combine: native.CombineCount},
		{Metric: c.percpu, Instance: "cpu" + cpu, ID: pcp.InstNull, Factor: 1000, Labels: labelset.Set{}},
	}
}

func TestAssemblerNatives(t *testing.T) {
	report := &prom.Report{}
	steps := gathered(t, assemble.Options{Natives: newCPUs(), Report: report},
		given{"cpu", "cpu=0", 1.5}, given{"other", "", math.Pi}, given{"cpu", "cpu=1", 2.25})
	assert.Equal(t, []string{
		"kernel.all.cpu.user -1 3750", "hinv.ncpu -1 2",
		"kernel.percpu.cpu.user 0 1500", "kernel.percpu.cpu.user 1 2250",
		"openmetrics.import.other -1 3.141592653589793",
	}, steps)
	assert.Empty(t, report.Losses())

	// A second target's values do not mix with the first one's.
	steps = gathered(t, assemble.Options{Natives: newCPUs(), Report: report},
		given{"cpu", "cpu=0 instance=a", 1}, given{"cpu", "cpu=0 instance=b", 1})
	assert.Contains(t, steps, "kernel.all.cpu.user -1 1000")
	assert.Contains(t, steps, "openmetrics.b.cpu 0 1")
	assert.NotEmpty(t, report.Losses())
}

// fields splits "k=v k=v".
func fields(text string) [][2]string {
	var out [][2]string
	for pair := range strings.FieldsSeq(text) {
		k, v, _ := strings.Cut(pair, "=")
		out = append(out, [2]string{k, v})
	}
	return out
}

// histograms keeps native histograms beside numbers.
type histograms struct{ seen }

func (h *histograms) Histogram(s *prom.Series, t int64, data []byte) error {
	h.lines = append(h.lines, fmt.Sprintf("%d %s %v %s", t, s.Name, s.Labels, data))
	return nil
}

func TestHistogramsCross(t *testing.T) {
	mapper, err := mapper.New(mapper.Options{Host: "h"})
	require.NoError(t, err)
	report, out, none := &prom.Report{}, &histograms{}, &seen{}
	base := filepath.Join(t.TempDir(), "a")
	w, err := archive.Create(base, archive.Header{Host: "h", PID: 1}, nil)
	require.NoError(t, err)
	a := assemble.New(convert.NewToArchive(w), mapper, assemble.Options{Report: report})
	family := &prom.Family{Name: "lat", Type: prom.TypeHistogram, Help: "Latency."}
	s := &prom.Series{Name: "lat", Labels: []prom.Label{{Name: "job", Value: "j"}, {Name: "le", Value: "x"}}, Family: family}
	other := &prom.Series{ID: 1, Name: "x"}
	data := []byte("first")
	require.NoError(t, sinktest.PutHistogram(a, s, 1000, data))
	copy(data, "again") // it was borrowed
	require.NoError(t, sinktest.Put(a, other, 1000, 1))
	require.NoError(t, sinktest.PutHistogram(a, s, 2000, []byte("second")))
	require.NoError(t, sinktest.Put(a, s, 3000, 3)) // a number takes its turn
	require.NoError(t, sinktest.Put(a, other, 3000, 1))
	require.NoError(t, sinktest.PutHistogram(a, s, 4000, []byte("third")))
	require.NoError(t, sinktest.Put(a, s, 5000, prom.StaleNaN))
	require.NoError(t, sinktest.Finish(a))

	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	flatten := func(dst prom.SampleSink) {
		f := flatten.New(dst, flatten.Options{TargetLabels: true, Report: report})
		require.NoError(t, convert.Copy(context.Background(), f, convert.FromArchive(r, history.Query{})))
	}
	flatten(sinktest.Sink(out))
	assert.Equal(t, []string{
		"1000 lat [{job j} {le x}] first", "1000 x 1",
		"2000 lat [{job j} {le x}] second",
		"3000 lat job=j le=x 3", "3000 x 1",
		"4000 lat [{job j} {le x}] third",
		"5000 lat job=j le=x stale",
	}, sortedByTime(out.lines))
	assert.Empty(t, report.Losses())
	assert.Equal(t, family, out.series["lat job=j le=x"].Family)
	flatten(sinktest.Sink(none, report))
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossNativeHist, Name: "lat", Count: 3}}, report.Losses())
}

func sortedByTime(lines []string) []string {
	slices.Sort(lines)
	return lines
}
