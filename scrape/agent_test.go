package scrape_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/scrape"
)

// The same endpoint through the real agent and the real logger gives the same
// metrics, apart from the agent's defects listed here.
func TestAgreesWithAgent(t *testing.T) {
	oracle.Path(t, "pmlogger")
	ref := startReference(t)
	node, _ := nodeExporter(t)
	resp, err := http.Get(node.target)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	body = append(body, agentExtras...)
	url := serve(t, &page{body: string(body), kind: "text/plain; version=0.0.4"})

	source := fmt.Sprintf("parity%d", os.Getpid()) // the agent remembers earlier ones
	theirs := ref.record(t, source, url)
	s := start(t, scrape.Settings{Interval: tick}, scrape.Endpoint{URL: url, Name: source})
	s.wait(2)
	ours := s.finish()

	want, got := describeAll(t, theirs, source), describeAll(t, ours, source)
	families := map[string]prom.Family{}
	for _, e := range parsePage(t, body, "text/plain; version=0.0.4") {
		families["openmetrics."+source+"."+naming.LeafName(e.Name)] = e.Family
	}
	deviations := 0
	for name, theirs := range want {
		ours, ok := got[name]
		require.True(t, ok, "%s is missing", name)
		if theirs.sem != ours.sem {
			deviations++
			// A word of the name beats a declared type: features 1.6, "gauge called counter".
			typ := families[name].Type
			words := strings.Split(name[strings.LastIndex(name, ".")+1:], "_")
			assert.True(t, typ == prom.TypeGauge || typ == prom.TypeUnknown, "%s: %s", name, typ)
			assert.True(t, slices.Contains(words, "count") || slices.Contains(words, "sum") || slices.Contains(words, "total"), name)
			theirs.sem = ours.sem
		}
		for inst, v := range theirs.value {
			delete(theirs.value, inst)
			theirs.value[prometheusName(inst)] = v
		}
		assert.Equal(t, theirs, ours, name)
		delete(got, name)
	}
	assert.Empty(t, got, "metrics that the agent does not have")
	assert.Positive(t, deviations, "the page holds one on purpose")
}

// prometheusName turns the agent's name of an instance into ours where the agent
// does not read the page as Prometheus does: to Prometheus a label without a
// value is no label, and le="1" is le="1.0".
func prometheusName(inst string) string {
	var kept []string
	for word := range strings.SplitSeq(inst, " ") {
		name, value, ok := strings.Cut(word, ":")
		if ok && value == "" {
			continue
		}
		if f, err := strconv.ParseFloat(value, 64); err == nil && (name == "le" || name == "quantile") {
			word = name + ":" + labels.FormatOpenMetricsFloat(f)
		}
		kept = append(kept, word)
	}
	return strings.Join(kept, " ")
}

// agentExtras are families that node_exporter's page lacks.
const agentExtras = `# TYPE job:queue:mean gauge
job:queue:mean 5
# TYPE queue_count_value gauge
queue_count_value 5
# TYPE req_seconds histogram
req_seconds_bucket{le="0.1"} 1
req_seconds_bucket{le="+Inf"} 2
req_seconds_sum 0.3
req_seconds_count 2
# TYPE rpc_bytes summary
rpc_bytes{quantile="0.5"} 10
rpc_bytes_sum 30
rpc_bytes_count 3
untyped_total 7
`

// described is what two recordings of one metric must share.
type described struct {
	sem   pcp.Semantics
	units string
	typ   pcp.Type
	value map[string]float64 // by instance name
}

func describeAll(t *testing.T, r *archive.Reader, source string) map[string]described {
	t.Helper()
	out := map[string]described{}
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		for _, mv := range step.Metrics {
			if !strings.HasPrefix(mv.Metric.Name, "openmetrics."+source+".") {
				continue
			}
			d := mv.Metric.Desc
			m := described{sem: d.Sem, units: d.Units.String(), typ: d.Type, value: map[string]float64{}}
			for _, p := range mv.Points {
				v, ok := p.Value.Number(d.Type)
				require.True(t, ok, mv.Metric.Name)
				m.value[p.Series.Inst.Name] = v
			}
			out[mv.Metric.Name] = m
		}
	}
	require.NotEmpty(t, out)
	return out
}

// reference is the real stack on this host.
type reference struct{ dir string }

// startReference starts pmcd and the openmetrics agent unless they run.
func startReference(t *testing.T) reference {
	t.Helper()
	script := oracle.Tool(t, "reference.sh")
	ref := reference{dir: t.TempDir()}
	if oracle.Exec(t, "pminfo", "-h", "127.0.0.1", "openmetrics.control").Exit == 0 {
		return ref
	}
	cmd := oracle.Command(t, "bash", script, "start", ref.dir)
	cmd.Dir = ref.dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	t.Cleanup(func() {
		stop := oracle.Command(t, "bash", script, "stop", ref.dir)
		stop.Dir = ref.dir
		_ = stop.Run()
	})
	return ref
}

// record lets the agent fetch a URL and the logger log it.
func (ref reference) record(t *testing.T, name, url string) *archive.Reader {
	t.Helper()
	config := filepath.Join("/var/lib/pcp/pmdas/openmetrics/config.d", name+".url")
	writeFile(t, config, url+"\n")
	require.Eventually(t, func() bool {
		return oracle.Exec(t, "pminfo", "-h", "127.0.0.1", "-f", "openmetrics."+name).Exit == 0
	}, 60*time.Second, 500*time.Millisecond)
	base := filepath.Join(ref.dir, name)
	writeFile(t, base+".conf", "log mandatory on 1 sec { openmetrics."+name+" }\n")
	cmd := oracle.Command(t, "pmlogger", "-h", "127.0.0.1", "-V", "3", "-c", base+".conf", "-T", "3sec", "-l", base+".log", base)
	cmd.Dir = ref.dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	return r
}
