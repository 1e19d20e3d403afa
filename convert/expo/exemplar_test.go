package expo_test

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/assemble"
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
)

// exemplary is a dump with all kinds of exemplars.
const exemplary = `# TYPE c counter
c_total{job="j",path="/"} 1.0 1700000000.000 # {trace_id="a\\b\"c\n<é>"} 0.5 1699999999.123
c_total{job="j",path="/"} 2.0 1700000010.000
c_total{job="j",path="/"} 3.0 1700000020.000 # {trace_id="x"} NaN
c_total{job="j",path="/"} 4.0 1700000030.000 # {} 1.0 1700000030.000
# HELP lat Latency.
# TYPE lat histogram
lat_bucket{job="j",le="0.5"} 1 1700000000.000 # {span_id="2",trace_id="1"} 0.25 1699999990.500
lat_bucket{job="j",le="+Inf"} 2 1700000000.000 # {} +Inf
lat_sum{job="j"} 1.25 1700000000.000
lat_count{job="j"} 2 1700000000.000
lat_bucket{job="j",le="0.5"} 2 1700000010.000
lat_bucket{job="j",le="+Inf"} 3 1700000010.000 # {trace_id="3"} 0.75 1700000009.999
lat_sum{job="j"} 2.0 1700000010.000
lat_count{job="j"} 3 1700000010.000
# TYPE single counter
single_total{job="j"} 7.0 1700000000.000 # {"with space"="1"} 1.0
# EOF
`

// toArchive makes an archive of a page by way of a Sorter and returns its name.
func toArchive(t *testing.T, page string, version pcp.Version, report *prom.Report) string {
	t.Helper()
	m, err := mapper.New(mapper.Options{Host: "h", Report: report})
	require.NoError(t, err)
	base := filepath.Join(t.TempDir(), "a")
	w, err := archive.Create(base, archive.Header{Host: "h", PID: 1}, &archive.WriteOptions{Version: version})
	require.NoError(t, err)
	sorted := prom.NewSorter(assemble.New(convert.NewToArchive(w), m, assemble.Options{Report: report}),
		prom.SorterOptions{Memory: 1, Dir: t.TempDir(), Report: report})
	readTo(t, page, sorted, report)
	require.NoError(t, sinktest.Finish(sorted))
	return base
}

func readTo(t *testing.T, page string, dst prom.SampleSink, report *prom.Report) {
	t.Helper()
	reader := expo.NewReader([]expo.Input{{
		Name: "page", Time: time.Unix(1_700_000_000, 0),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(page)), nil },
	}}, expo.ReadOptions{Report: report})
	require.NoError(t, reader.Samples(context.Background(), dst))
}

// flattened hands what an archive has to dst.
func flattened(t *testing.T, base string, dst prom.SampleSink, report *prom.Report) {
	t.Helper()
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	f := flatten.New(dst, flatten.Options{TargetLabels: true, NoHealth: true, Report: report})
	require.NoError(t, convert.Copy(context.Background(), f, convert.FromArchive(r, history.Query{})))
}

// TestExemplarsCross takes exemplars through archives and back, sample by sample.
func TestExemplarsCross(t *testing.T) {
	for _, version := range []pcp.Version{pcp.V2, pcp.V3} {
		t.Run(version.String(), func(t *testing.T) {
			report := &prom.Report{}
			base := toArchive(t, exemplary, version, report)
			store := write.NewStore(t.TempDir(), report)
			defer func() { assert.NoError(t, store.Close()) }()
			flattened(t, base, store, report)
			var out strings.Builder
			require.NoError(t, expo.WriteDump(&out, store, expo.Options{Format: expo.OpenMetrics}, report))
			assert.Equal(t, exemplary, out.String())
			assert.Empty(t, report.Losses())

			var text strings.Builder
			require.NoError(t, expo.WriteDump(&text, store, expo.Options{}, report))
			assert.NotContains(t, text.String(), "# {")
			assert.Equal(t, []prom.LossCount{
				{Loss: prom.LossExemplar, Name: "c_total", Count: 3}, {Loss: prom.LossExemplar, Name: "lat_bucket", Count: 3},
				{Loss: prom.LossExemplar, Name: "single_total", Count: 1},
			}, report.Losses())

			t.Run("pmlogcheck", func(t *testing.T) {
				assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", base))
			})
			t.Run("pmdumplog", func(t *testing.T) {
				listing := oracle.Run(t, "pmdumplog", "-z", base)
				assert.Contains(t, listing, `(openmetrics.control.exemplar.labels): value "{"span_id":"2","trace_id":"1"}"`)
				assert.Contains(t, listing, `(openmetrics.control.exemplar.value): value 0.25`)
				assert.Contains(t, listing, `(openmetrics.j.exemplar.lat_bucket[0 or "0 le:0.5"]): 1 event record`)
			})
		})
	}
}

// TestExemplarsOfPage has the exemplars that an endpoint repeats on the page that
// comes of the archive.
func TestExemplarsOfPage(t *testing.T) {
	report := &prom.Report{}
	snapshot := expo.NewSnapshot(expo.SnapshotOptions{At: time.Unix(1_700_000_010, 0)})
	flattened(t, toArchive(t, exemplary, pcp.V3, report), snapshot, report)
	var out strings.Builder
	require.NoError(t, expo.Write(&out, snapshot.Families(), expo.Options{Format: expo.OpenMetrics, Report: report}))
	assert.Equal(t, `# TYPE c counter
c_total{job="j",path="/"} 2.0 # {trace_id="a\\b\"c\n<é>"} 0.5 1699999999.123
# HELP lat Latency.
# TYPE lat histogram
lat_bucket{job="j",le="0.5"} 2 # {span_id="2",trace_id="1"} 0.25 1699999990.500
lat_bucket{job="j",le="+Inf"} 3 # {trace_id="3"} 0.75 1700000009.999
lat_sum{job="j"} 2.0
lat_count{job="j"} 3
# TYPE single counter
single_total{job="j"} 7.0 # {"with space"="1"} 1.0
# EOF
`, out.String())
	assert.Empty(t, report.Losses())
}

// TestExemplarsNotSaid counts those that OpenMetrics has no place for, and those
// that blocks cannot hold.
func TestExemplarsNotSaid(t *testing.T) {
	report := &prom.Report{}
	long := prom.Exemplar{Labels: []prom.Label{{Name: "l", Value: strings.Repeat("é", 128)}}}
	fits := prom.Exemplar{Labels: []prom.Label{{Name: "l", Value: strings.Repeat("é", 127)}}}
	early := prom.Exemplar{Time: -1, HasTime: true}
	families := []expo.Family{
		{Family: prom.Family{Name: "c", Type: prom.TypeCounter}, Samples: []expo.Sample{
			{Name: "c_total", Labels: []prom.Label{{Name: "a", Value: "1"}}, Exemplar: &long},
			{Name: "c_total", Labels: []prom.Label{{Name: "a", Value: "2"}}, Exemplar: &fits},
			{Name: "c_total", Labels: []prom.Label{{Name: "a", Value: "3"}}, Exemplar: &early},
		}},
		{Family: prom.Family{Name: "g", Type: prom.TypeGauge}, Samples: []expo.Sample{{Name: "g", Exemplar: &fits}}},
	}
	var out strings.Builder
	require.NoError(t, expo.Write(&out, families, expo.Options{Format: expo.OpenMetrics, Report: report}))
	assert.Equal(t, 1, strings.Count(out.String(), " # {"))
	assert.Contains(t, out.String(), `c_total{a="2"} 0.0 # {l="é`)
	want := []prom.LossCount{
		{Loss: prom.LossExemplar, Name: "c_total", Count: 2}, {Loss: prom.LossExemplar, Name: "g", Count: 1},
	}
	assert.Equal(t, want, report.Losses())

	report = &prom.Report{}
	blocks, err := write.NewBlocks(t.TempDir(), write.Options{Report: report})
	require.NoError(t, err)
	readTo(t, "# TYPE c counter\nc_total 1 1700000000 # {} 1\nc_total 2 1700000001 # {} 2\n# EOF\n", blocks, report)
	require.NoError(t, sinktest.Finish(blocks))
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossExemplar, Name: "c_total", Count: 2}}, report.Losses())
}
