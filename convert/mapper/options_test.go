package mapper_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// optioned is a source whose options change its metrics.
func optioned(t *testing.T, r *prom.Report, o mapper.SourceOptions) *mapper.Source {
	t.Helper()
	m, err := mapper.New(mapper.Options{Host: "h", Report: r})
	require.NoError(t, err)
	src, err := m.Source(mapper.Target{Name: "a.b", Job: "j", Instance: "i", URL: "http://u/", Options: o})
	require.NoError(t, err)
	src.Begin(pcp.TimestampMilli(1000))
	return src
}

func setTo(t *testing.T, src *mapper.Source, sample string, v float64, labels ...prom.Label) {
	t.Helper()
	ser, err := src.Series(sample, labels, prom.Family{Name: sample, Type: prom.TypeGauge})
	require.NoError(t, err)
	if !src.Has(ser) {
		src.Set(ser, v)
	}
}

func one(t *testing.T, step *history.Step) *history.MetricValues {
	t.Helper()
	require.Len(t, step.Metrics, 1)
	return &step.Metrics[0]
}

func TestOptionsChangeLabels(t *testing.T) {
	src := optioned(t, nil, mapper.SourceOptions{
		Labels:   []labelset.Label{labelset.String("url", ""), labelset.String("job", "other")},
		Drop:     func(label string) bool { return strings.HasPrefix(label, "drop") },
		Optional: func(label string) bool { return label == "version" },
		LastWins: true,
	})
	setTo(t, src, "x", 1, prom.Label{Name: "dropped", Value: "1"}, prom.Label{Name: "k", Value: "v"}, prom.Label{Name: "version", Value: "1"})
	setTo(t, src, "x", 2, prom.Label{Name: "k", Value: "v"}, prom.Label{Name: "version", Value: "2"})
	mv := one(t, src.Step())
	require.Len(t, mv.Points, 1, "labels that do not identify an instance make no further one")
	v, _ := mv.Points[0].Value.Number(mv.Metric.Desc.Type)
	assert.InDelta(t, 2, v, 0, "the last value counts")
	assert.Equal(t, "0 k:v", mv.InDom.Instances[0].Name)
	assert.JSONEq(t, `{"k":"v","version":"2"}`, mv.Labels.Sets[0].Set.JSON())
	version, _ := mv.Labels.Sets[0].Set.Lookup("version")
	assert.Equal(t, labelset.Optional, version.Flags)
	cluster := mv.Metric.Labels[labelset.AtCluster]
	assert.Equal(t, "other", cluster.Text("job"))
	assert.Empty(t, cluster.Text("url"))
}

func TestOptionsMakeSingular(t *testing.T) {
	src := optioned(t, nil, mapper.SourceOptions{Singular: func(string) bool { return true }})
	setTo(t, src, "x", 1, prom.Label{Name: "k", Value: "v"})
	mv := one(t, src.Step())
	assert.Equal(t, pcp.InDomNull, mv.Metric.Desc.InDom)
	assert.Equal(t, "v", mv.Metric.Labels[labelset.AtItem].Text("k"))
	assert.Equal(t, pcp.InstNull, mv.Points[0].Series.Inst.ID)
}

func TestOptionsName(t *testing.T) {
	src := optioned(t, nil, mapper.SourceOptions{
		Leaf:         func(string) string { return "disk.dev.read" },
		InstanceName: func(_ string, labels []prom.Label) string { return labels[0].Value },
	})
	setTo(t, src, "disk_dev_read", 1, prom.Label{Name: "instname", Value: "sda"})
	mv := one(t, src.Step())
	assert.Equal(t, "openmetrics.a.b.disk.dev.read", mv.Metric.Name)
	assert.Equal(t, "sda", mv.InDom.Instances[0].Name)
}

// A value that the type cannot hold is counted. Other options later make another metric.
func TestOptionsDescribe(t *testing.T) {
	typ := pcp.TypeU32
	report := &prom.Report{}
	src := optioned(t, report, mapper.SourceOptions{Describe: func(_ string, d *meta.Desc) { d.Type, d.Sem = typ, pcp.SemCounter }})
	for _, v := range []float64{-1, 0.5, 1 << 32} {
		setTo(t, src, "bad", v)
	}
	setTo(t, src, "x", 4294967295)
	mv := one(t, src.Step())
	assert.Equal(t, pcp.TypeU32, mv.Metric.Desc.Type)
	assert.Equal(t, pcp.SemCounter, mv.Metric.Desc.Sem)
	v, _ := mv.Points[0].Value.Number(pcp.TypeU32)
	assert.InDelta(t, float64(1<<32-1), v, 0)
	require.Len(t, report.Losses(), 1)
	assert.Equal(t, int64(3), report.Losses()[0].Count)

	for typ, values := range map[pcp.Type][]float64{
		pcp.Type32: {-2147483648, 2147483647}, pcp.Type64: {-9007199254740992}, pcp.TypeU64: {1 << 60}, pcp.TypeFloat: {0.5}, pcp.TypeDouble: {0.1},
	} {
		src := optioned(t, report, mapper.SourceOptions{Describe: func(_ string, d *meta.Desc) { d.Type = typ }})
		for _, want := range values {
			src.Begin(pcp.TimestampMilli(2000))
			setTo(t, src, "x", want)
			mv := one(t, src.Step())
			v, ok := mv.Points[0].Value.Number(typ)
			assert.True(t, ok)
			assert.InDelta(t, want, v, 0, typ.String())
		}
	}

	typ = pcp.TypeDouble
	setTo(t, src, "x", 1) // resolved before the step begins, as by a scraper
	src.Begin(pcp.TimestampMilli(3000))
	setTo(t, src, "x", 0.5)
	step := src.Step()
	require.Len(t, step.Metrics, 2)
	assert.Equal(t, pcp.ErrnoAgain, step.Metrics[0].Err, "the former metric ends")
	assert.Equal(t, "openmetrics.a.b.x_2", step.Metrics[1].Metric.Name)
	assert.Equal(t, pcp.TypeDouble, step.Metrics[1].Metric.Desc.Type)
}
