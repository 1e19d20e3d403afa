package expo_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
)

// pageFor returns a page as OpenMetrics. Its names begin with a prefix, so that
// several pages are one to promtool, which takes a while to start.
func pageFor(t *testing.T, families []expo.Family, prefix string) string {
	t.Helper()
	for i := range families {
		f := &families[i]
		f.Name = prefix + f.Name
		f.Samples = f.Samples[:min(len(f.Samples), mostSamples)]
		for j := range f.Samples {
			f.Samples[j].Name = prefix + f.Samples[j].Name
		}
	}
	var page strings.Builder
	require.NoError(t, expo.Write(&page, families, expo.Options{Format: expo.OpenMetrics}))
	return page.String()
}

// remarks is promtool's exit status where it has some about names and help, which
// are the archive's; 1 is for what it cannot read.
const remarks = 3

// checkMetrics has promtool check a page. It reads the text format.
func checkMetrics(t *testing.T, page string) oracle.Result {
	t.Helper()
	cmd := oracle.Command(t, "promtool", "check", "metrics")
	var stderr strings.Builder
	cmd.Stdin, cmd.Stderr = strings.NewReader(page), &stderr
	_ = cmd.Run() // the exit status says it
	return oracle.Result{Stderr: stderr.String(), Exit: cmd.ProcessState.ExitCode()}
}

// TestPromtoolPraises has promtool find nothing to say of a page that was recorded.
func TestPromtoolPraises(t *testing.T) {
	const page = `# HELP app_done_total What is "done".
# TYPE app_done_total counter
app_done_total{path="C:\\"} 3
# HELP app_latency_seconds How long it took.
# TYPE app_latency_seconds histogram
app_latency_seconds_bucket{le="0.5"} 1
app_latency_seconds_bucket{le="+Inf"} 2
app_latency_seconds_sum 1.5
app_latency_seconds_count 2
# HELP app_load_ratio Load.
# TYPE app_load_ratio gauge
app_load_ratio 0.25
`
	report := &prom.Report{}
	snapshot := expo.NewSnapshot(expo.SnapshotOptions{})
	r, err := archive.Open(toArchive(t, page, pcp.V3, report), nil)
	require.NoError(t, err)
	f := flatten.New(snapshot, flatten.Options{NoHealth: true, Report: report})
	require.NoError(t, convert.Copy(t.Context(), f, convert.FromArchive(r, history.Query{})))
	var out strings.Builder
	require.NoError(t, expo.Write(&out, snapshot.Families(), expo.Options{}))
	assert.Equal(t, page, out.String())
	assert.Empty(t, report.Losses())
	assert.Equal(t, oracle.Result{}, checkMetrics(t, page))
}

// TestPromtoolRefuses has promtool read OpenMetrics but for the types that the
// text format lacks.
func TestPromtoolRefuses(t *testing.T) {
	labels := []prom.Label{{Name: "app_load_ratio", Value: "on"}}
	for typ, sample := range map[string]expo.Sample{
		prom.TypeGauge:          {Name: "app_load_ratio", Labels: labels},
		prom.TypeUnknown:        {Name: "app_load_ratio", Labels: labels},
		prom.TypeStateset:       {Name: "app_load_ratio", Labels: labels},
		prom.TypeInfo:           {Name: "app_load_ratio_info", Labels: labels},
		prom.TypeGaugeHistogram: {Name: "app_load_ratio_bucket", Labels: []prom.Label{{Name: "le", Value: "+Inf"}}},
	} {
		var page strings.Builder
		require.NoError(t, expo.Write(&page, []expo.Family{{
			Family: prom.Family{Name: "app_load_ratio", Type: typ, Help: `What "load" is.`}, Samples: []expo.Sample{sample},
		}}, expo.Options{Format: expo.OpenMetrics}))
		want := oracle.Result{}
		if typ != prom.TypeGauge && typ != prom.TypeUnknown {
			want = oracle.Result{Exit: 1, Stderr: fmt.Sprintf("error while linting: text format parsing error in line 2: unknown metric type %q\n", typ)}
		}
		assert.Equal(t, want, checkMetrics(t, page.String()), page.String())
	}
}
