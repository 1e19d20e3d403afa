package ingest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
)

// samples is a SampleSource of series with two samples each, the later one first.
type samples []struct{ name, instance string }

// Samples hands the samples to dst.
func (all samples) Samples(_ context.Context, dst prom.SampleSink) error {
	for i, s := range all {
		series := &prom.Series{Name: s.name, ID: i, Family: &prom.Family{Name: s.name, Type: prom.TypeGauge}}
		if s.instance != "" {
			series.Labels = []prom.Label{{Name: "instance", Value: s.instance}}
		}
		for _, at := range []int64{2000, 1000} {
			if err := dst.Append(series, []prom.Sample{{T: at, V: float64(at)}}); err != nil {
				return err
			}
		}
	}
	return nil
}

func importSamples(t *testing.T, o Options, src prom.SampleSource) *Result {
	t.Helper()
	im, err := New(o)
	require.NoError(t, err)
	res, err := im.Samples(t.Context(), Source{SampleSource: src})
	require.NoError(t, err)
	return res
}

// TestSamplesSplits checks that each host gets an archive, and that samples come
// out by ascending time.
func TestSamplesSplits(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "hosts")
	res := importSamples(t, Options{Out: dir, SplitBy: "instance"}, samples{{"a", "web:1"}, {"b", "db:1"}, {"c", "web:2"}, {"d", ""}})
	require.Len(t, res.Archives, 3)
	hosts := map[string]int{}
	for _, a := range res.Archives {
		hosts[a.Host] = a.Series
		assert.EqualValues(t, 2*a.Series, a.Samples)
		assert.EqualValues(t, 1000, a.Start.UnixMilli())
		assert.EqualValues(t, 2000, a.End.UnixMilli())
		assert.Equal(t, a.Host == unknownHost, a.Unsplit)
		r, err := archive.Open(a.Path, nil)
		require.NoError(t, err)
		var stamps []int64
		for step, err := range r.Steps(history.Query{}) {
			require.NoError(t, err)
			stamps = append(stamps, step.Stamp.Milli())
		}
		assert.IsNonDecreasing(t, stamps)
		assert.NotEmpty(t, stamps)
	}
	assert.Equal(t, map[string]int{"web": 2, "db": 1, unknownHost: 1}, hosts)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 3*3, "nothing but three files of each archive")
}

// failingSource fails after some samples.
type failingSource struct{ samples }

var errTorn = errors.New("torn")

// Samples hands on samples and fails.
func (f failingSource) Samples(ctx context.Context, dst prom.SampleSink) error {
	return errors.Join(f.samples.Samples(ctx, dst), errTorn)
}

// TestFailureLeavesNothing checks that a failed import removes its files and the
// folder that it made.
func TestFailureLeavesNothing(t *testing.T) {
	for _, split := range []string{"", "instance"} {
		dir := t.TempDir()
		im, err := New(Options{Out: filepath.Join(dir, "out"), SplitBy: split, Memory: 1})
		require.NoError(t, err)
		_, err = im.Samples(t.Context(), Source{SampleSource: failingSource{samples{{"a", "web:1"}, {"b", "db:1"}}}})
		require.ErrorIs(t, err, errTorn)
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		assert.Empty(t, entries)
	}
}

// TestExistingArchiveStays checks that an import does not overwrite an archive.
func TestExistingArchiveStays(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	importSamples(t, Options{Out: base}, samples{{"a", "web:1"}})
	im, err := New(Options{Out: base})
	require.NoError(t, err)
	_, err = im.Samples(t.Context(), Source{SampleSource: samples{{"b", "db:1"}}})
	require.ErrorIs(t, err, os.ErrExist)
}

// TestNewChecksOptions checks that New finds mistakes.
func TestNewChecksOptions(t *testing.T) {
	for _, o := range []Options{{}, {Out: "rec", Prefix: "1st"}} {
		_, err := New(o)
		var mistake *OptionError
		assert.ErrorAs(t, err, &mistake)
	}
}
