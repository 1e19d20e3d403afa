package converttest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Fixture is a mapper with one source, web.
type Fixture struct {
	t      *testing.T
	Mapper *mapper.Mapper
	Src    *mapper.Source // the source that the methods use
	Report *prom.Report
	Now    pcp.Timestamp // time of the last step
}

// NewFixture returns a Fixture of a new archive.
func NewFixture(t *testing.T) *Fixture {
	t.Helper()
	f := &Fixture{t: t, Report: &prom.Report{}, Now: pcp.Timestamp{Sec: 1_700_000_000, Nsec: 123_000_000}}
	var err error
	f.Mapper, err = mapper.New(mapper.Options{
		Host: "recorder", Report: f.Report, External: []prom.Label{{Name: "env", Value: "test"}},
	})
	require.NoError(t, err)
	f.Src = f.AddSource("web")
	return f
}

// AddSource adds a source to the mapper and returns it.
func (f *Fixture) AddSource(name string) *mapper.Source {
	f.t.Helper()
	host := name + ".example:9100"
	s, err := f.Mapper.Source(mapper.Target{
		Name: name, Job: "job of " + name, Instance: host, URL: "http://me:secret@" + host + "/metrics?token=hush#x", Host: host,
	})
	require.NoError(f.t, err)
	return s
}

// Series returns a series of Src. The pairs are names and values of labels in turn.
func (f *Fixture) Series(name, typ string, pairs ...string) *mapper.Series {
	f.t.Helper()
	s, err := f.Src.Series(name, Labels(pairs), prom.Family{Name: name, Type: typ})
	require.NoError(f.t, err)
	return s
}

// Labels returns labels. The pairs are names and values in turn.
func Labels(pairs []string) []prom.Label {
	var labels []prom.Label
	for i := 0; i+1 < len(pairs); i += 2 {
		labels = append(labels, prom.Label{Name: pairs[i], Value: pairs[i+1]})
	}
	return labels
}

// Step returns a step that has the value 1 for each series.
func (f *Fixture) Step(series ...*mapper.Series) *history.Step {
	f.Begin()
	for _, s := range series {
		f.Src.Set(s, 1)
	}
	return f.Src.Step()
}

// Begin begins a step of Src one second after the last step.
func (f *Fixture) Begin() {
	f.Now.Sec++
	f.Src.Begin(f.Now)
}

// MetricOf returns the metric to which a series belongs.
func (f *Fixture) MetricOf(s *mapper.Series) *history.Metric {
	f.t.Helper()
	step := f.Step(s)
	require.Len(f.t, step.Metrics, 1)
	return step.Metrics[0].Metric
}

// NewAdopting returns a Fixture that continues an archive with the given metadata.
func NewAdopting(t *testing.T, s *meta.Store) *Fixture {
	t.Helper()
	f := &Fixture{t: t, Report: &prom.Report{}, Now: pcp.Timestamp{Sec: 1_800_000_000}}
	var err error
	f.Mapper, err = mapper.New(mapper.Options{Host: "recorder", Report: f.Report})
	require.NoError(t, err)
	require.NoError(t, f.Mapper.Adopt(s))
	f.Src = f.AddSource("web")
	return f
}
