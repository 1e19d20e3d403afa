package assemble_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/pcparchive/pcparchive/convert/assemble"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/converttest"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
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
func again(t *testing.T, put func(history.Sink), o assemble.Options) (first, second *converttest.Seen, report *prom.Report) {
	t.Helper()
	first, second, report = &converttest.Seen{}, &converttest.Seen{}, &prom.Report{}
	mapper, err := mapper.New(mapper.Options{Host: "h", Report: report})
	require.NoError(t, err)
	o.Report = report
	back := flatten.New(sinktest.Sink(second), flatten.Options{TargetLabels: true, Report: report})
	assembler := assemble.New(back, mapper, o)
	put(flatten.New(sinktest.Sink(samplesTee{sinktest.Sink(first), assembler}), flatten.Options{TargetLabels: true}))
	require.NoError(t, sinktest.Finish(assembler))
	slices.Sort(first.Lines)
	slices.Sort(second.Lines)
	return first, second, report
}

func TestAssemblerUndoesFlattener(t *testing.T) {
	first, second, report := again(t, func(s history.Sink) { converttest.RecordOddly(t, s) }, assemble.Options{})
	assert.Greater(t, len(first.Lines), 50)
	assert.Equal(t, first.Lines, second.Lines)
	assert.Empty(t, report.Losses())
	for key, s := range first.Series {
		assert.Equal(t, s.Family, second.Series[key].Family, key)
	}
}

func TestAssemblerOverRecording(t *testing.T) {
	r, err := archive.Open(filepath.Join("..", "..", "testdata", "archives", "host_v3"), nil)
	require.NoError(t, err)
	first, second, report := again(t, func(s history.Sink) {
		require.NoError(t, convert.Copy(context.Background(), s, convert.FromArchive(r, history.Query{})))
	}, assemble.Options{})
	assert.Greater(t, len(first.Lines), 100)
	assert.Equal(t, first.Lines, second.Lines)
	assert.Empty(t, report.Losses())
}

func TestAssemblerRefusesOldSamples(t *testing.T) {
	mapper, err := mapper.New(mapper.Options{Host: "h"})
	require.NoError(t, err)
	a := assemble.New(flatten.New(sinktest.Sink(&converttest.Seen{}), flatten.Options{}), mapper, assemble.Options{})
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

// gathered gives samples of one time to an Assembler and returns the values.
func gathered(t *testing.T, o assemble.Options, samples ...given) []string {
	t.Helper()
	mapper, err := mapper.New(mapper.Options{Host: "h", Report: o.Report})
	require.NoError(t, err)
	sink := &converttest.StepLines{}
	a := assemble.New(sink, mapper, o)
	for i, g := range samples {
		s := &prom.Series{Name: g.name, ID: i}
		for _, pair := range converttest.SplitPairs(g.labels) {
			s.Labels = append(s.Labels, prom.Label{Name: pair[0], Value: pair[1]})
		}
		require.NoError(t, sinktest.Put(a, s, 1000, g.v))
	}
	require.NoError(t, sinktest.Finish(a))
	return sink.Lines
}

// histograms keeps native histograms beside numbers.
type histograms struct{ converttest.Seen }

func (h *histograms) Histogram(s *prom.Series, t int64, data []byte) error {
	h.Lines = append(h.Lines, fmt.Sprintf("%d %s %v %s", t, s.Name, s.Labels, data))
	return nil
}

func TestHistogramsCross(t *testing.T) {
	mapper, err := mapper.New(mapper.Options{Host: "h"})
	require.NoError(t, err)
	report, out, none := &prom.Report{}, &histograms{}, &converttest.Seen{}
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
	}, sortedByTime(out.Lines))
	assert.Empty(t, report.Losses())
	assert.Equal(t, family, out.Series["lat job=j le=x"].Family)
	flatten(sinktest.Sink(none, report))
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossNativeHist, Name: "lat", Count: 3}}, report.Losses())
}

func sortedByTime(lines []string) []string {
	slices.Sort(lines)
	return lines
}
