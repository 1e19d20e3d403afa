package sidecar_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/blocktest"
	"github.com/pcparchive/pcparchive/internal/sinktest"
	"github.com/pcparchive/pcparchive/internal/tsdbtest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/read"
	"github.com/pcparchive/pcparchive/convert/tsdb/sidecar"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// labelled makes a label set of pairs of names and JSON values; a name with a
// question mark is optional.
func labelled(t testing.TB, level labelset.Level, pairs ...string) labelset.Set {
	t.Helper()
	var all []labelset.Label
	for i := 0; i < len(pairs); i += 2 {
		l := labelset.Label{Name: pairs[i], Value: pairs[i+1]}
		if l.Name[len(l.Name)-1] == '?' {
			l.Name, l.Flags = l.Name[:len(l.Name)-1], labelset.Optional
		}
		all = append(all, l)
	}
	set, err := labelset.New(level, all...)
	require.NoError(t, err)
	return set
}

// nativeSteps puts PCP metrics of every numeric type and both shapes into sinks.
func nativeSteps(t testing.TB, host string, sinks ...history.Sink) {
	t.Helper()
	var upper [5]labelset.Set
	upper[0] = labelled(t, labelset.Context, "hostname", `"`+host+`"`, "secret?", `"s"`)
	upper[1] = labelled(t, labelset.Domain, "agent", `"linux"`)
	upper[3] = labelled(t, labelset.Cluster, "number", "17", "a.b", "true")
	upper[4] = labelled(t, labelset.Item, "note?", `"n"`)
	cpu := &meta.InDom{ID: pcp.NewInDomID(60, 1), Instances: []meta.Instance{{ID: 4, Name: "cpu four"}, {ID: 9, Name: "cpu nine"}}}
	own := []labelset.Set{labelled(t, labelset.Instances, "core", "4"), labelled(t, labelset.Instances, "core", "9", "hint?", `"x"`)}
	labels := &meta.Labels{Level: labelset.Instances, Ident: uint32(cpu.ID), Sets: []labelset.Instance{{Inst: 4, Set: own[0]}, {Inst: 9, Set: own[1]}}}
	var steps []history.MetricValues
	for i, typ := range []pcp.Type{pcp.Type32, pcp.TypeU32, pcp.Type64, pcp.TypeU64, pcp.TypeFloat, pcp.TypeDouble} {
		d := &meta.Desc{
			PMID: pcp.NewPMID(60, 2, uint32(i)), Type: typ, InDom: pcp.InDomNull, Sem: []pcp.Semantics{pcp.SemCounter, pcp.SemInstant, pcp.SemDiscrete}[i%3],
			Units: pcp.Units{DimSpace: 1, DimTime: -1, ScaleSpace: pcp.SpaceKbyte, ScaleTime: pcp.TimeSec}, Names: []string{fmt.Sprintf("some.metric.m%d_%s", i, typ)},
		}
		m := &history.Metric{Name: d.Names[0], Desc: d, OneLine: "one line", Help: "more than\none line", Labels: upper}
		mv := history.MetricValues{Metric: m, Points: []history.Point{{Series: &history.Series{Metric: m, Inst: meta.Instance{ID: pcp.InstNull}}}}}
		if i%2 == 1 {
			d.InDom = cpu.ID
			mv.InDom, mv.Labels, mv.Points = cpu, labels, nil
			for j, inst := range cpu.Instances {
				mv.Points = append(mv.Points, history.Point{Series: &history.Series{Metric: m, Inst: inst, Labels: own[j]}})
			}
		}
		steps = append(steps, mv)
	}
	for now := range int64(100) {
		for i := range steps {
			for j := range steps[i].Points {
				p := &steps[i].Points[j]
				id, typ := p.Series.Inst.ID, steps[i].Metric.Desc.Type
				switch v := uint64(now * 7); typ {
				case pcp.TypeFloat:
					p.Value = history.NumberValue(id, typ, uint64(math.Float32bits(float32(v)/3)))
				case pcp.TypeDouble:
					p.Value = history.DoubleValue(id, float64(v)/3)
				case pcp.Type32, pcp.TypeU32:
					p.Value = history.WordValue(id, uint32(v))
				default:
					p.Value = history.NumberValue(id, typ, v)
				}
			}
		}
		for _, s := range sinks {
			require.NoError(t, s.Put(&history.Step{Stamp: pcp.TimestampMilli(blocktest.Noon + now*1000), Metrics: steps}))
		}
	}
}

func newArchive(t testing.TB, path string) *convert.ToArchive {
	t.Helper()
	a, err := archive.Create(path, archive.Header{Host: "original", PID: 1}, &archive.WriteOptions{NoSync: true})
	require.NoError(t, err)
	return convert.NewToArchive(a)
}

// TestNativeMetricsComeBack goes from an archive to blocks and back: what the
// reference dumps of both is the same.
func TestNativeMetricsComeBack(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	blocks, data := blocktest.NewBlocks(t, write.Options{})
	original := newArchive(t, first)
	flat := flatten.New(blocks, flatten.Options{})
	nativeSteps(t, "web", original, flat)
	require.NoError(t, original.Close())
	require.NoError(t, sinktest.Finish(blocks))

	report := &prom.Report{}
	tsdbtest.ToArchive(t, report, second, data)
	assert.Empty(t, report.Losses())
	assert.Empty(t, oracle.Run(t, "pmlogcheck", second))
	for _, what := range []string{"-di", "-te", "-m"} {
		want := oracle.Run(t, "pmdumplog", what, first)
		assert.NotEmpty(t, want)
		assert.Equal(t, want, oracle.Run(t, "pmdumplog", what, second), what)
	}
	a, err := archive.Open(first, nil)
	require.NoError(t, err)
	b, err := archive.Open(second, nil)
	require.NoError(t, err)
	assert.Equal(t, allLabels(a), allLabels(b), "flags of labels, which pmdumplog does not show")
}

// allLabels returns the labels of an archive with their flags.
func allLabels(r *archive.Reader) map[string]bool {
	found := map[string]bool{}
	for l := range r.Meta().AllLabels() {
		for _, set := range l.Sets {
			for label := range set.Set.All() {
				if label.Flags&labelset.Optional != 0 {
					label.Name += "?"
				}
				found[l.Level.String()+" "+label.Name+" "+label.Value] = true
			}
		}
	}
	return found
}

func TestSidecarNamesHosts(t *testing.T) {
	blocks, data := blocktest.NewBlocks(t, write.Options{})
	a, b := &seriesBy{}, &seriesBy{}
	nativeSteps(t, "a", flatten.New(sinktest.Sink(a), flatten.Options{}))
	nativeSteps(t, "b", flatten.New(sinktest.Sink(b), flatten.Options{}))
	for now := range int64(2) {
		for i, s := range append(a.all, b.all...) {
			s.ID = i
			require.NoError(t, sinktest.Put(blocks, s, blocktest.Noon+now, 1))
		}
	}
	require.NoError(t, sinktest.Finish(blocks))
	got := blocktest.Gather(t, read.Options{}, data)
	require.Len(t, got.Series, 18)
	for _, s := range got.Series {
		require.NotNil(t, s.PCPMetric)
		for _, l := range s.Labels {
			if l.Name == "hostname" {
				assert.Equal(t, l.Value, s.PCPMetric.Labels[0].Text("hostname"))
			}
		}
		assert.Equal(t, "more than\none line", s.Family.Help)
	}
	report := &prom.Report{}
	tsdbtest.ToArchive(t, report, filepath.Join(t.TempDir(), "both"), data)
	var renamed int64
	for _, l := range report.Losses() {
		require.Equal(t, prom.LossRenamed, l.Loss)
		renamed += l.Count
	}
	assert.EqualValues(t, 9, renamed, "the other host's have their numbers taken")
}

// seriesBy is a Samples that keeps the series.
type seriesBy struct{ all []*prom.Series }

func (s *seriesBy) Sample(p *prom.Series, _ int64, _ float64) error {
	if p.ID == len(s.all) {
		s.all = append(s.all, p)
	}
	return nil
}

func TestSidecarIsOptional(t *testing.T) {
	blocks, data := blocktest.NewBlocks(t, write.Options{NoSidecar: true})
	nativeSteps(t, "a", flatten.New(blocks, flatten.Options{}))
	require.NoError(t, sinktest.Finish(blocks))
	path := filepath.Join(blocks.Written()[0].Dir, sidecar.FileName)
	require.NoFileExists(t, path)
	got := blocktest.Gather(t, read.Options{}, data)
	assert.Len(t, got.Series, 9)
	assert.Nil(t, got.Series[0].Family)
	assert.Empty(t, got.Damage)

	for text, want := range map[string]string{
		"{": "pcparchive.json: unexpected end", "{}": "pcparchive.json: unknown format",
		`{"format":"pcparchive block metadata","version":1,"hosts":[{"context":{"set":[]}}]}`: "names and types of metrics: ",
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
		got = blocktest.Gather(t, read.Options{}, data)
		assert.Len(t, got.Series, 9)
		require.Len(t, got.Damage, 1)
		assert.Contains(t, got.Damage[0], want)
	}
}
