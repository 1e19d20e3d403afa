package agentdir

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/record"
	"github.com/pcparchive/pcparchive/record/registry"
)

var nodeSeconds = flag.Int("node-seconds", 4, "seconds for which TestNodeExporter records")

// The real node_exporter by the real agent and logger, and beside them by a Recorder from the
// agent's folder and by one from a prometheus.yml: names, numbers, types, semantics, units,
// help, instances and all values are the same, apart from what docs/agent.md says.
func TestNodeExporter(t *testing.T) {
	pages := serveNode(t)
	config := t.TempDir()
	write(t, filepath.Join(config, "node.url"), 0o644, "http://"+pages+"/metrics\n")
	yml := filepath.Join(t.TempDir(), "prometheus.yml")
	write(t, yml, 0o644, fmt.Sprintf("global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs: [{job_name: node, static_configs: [{targets: [%q]}]}]\n", pages))

	agent := oracle.StartAgent(t, config)
	agent.WaitFor(t, "openmetrics.node.relay_page")
	folder := startRecording(t, func(n *registry.Registry) record.Loader {
		l := New(config, Options{Interval: time.Second, Numbers: n})
		t.Cleanup(func() { assert.NoError(t, l.Close()) })
		return l
	})
	file := startRecording(t, func(*registry.Registry) record.Loader { return record.PrometheusFile{Name: yml} })
	base := agent.Record(t, *nodeSeconds)

	want := pagesOf(t, base)
	for name, bases := range map[string][]string{"config.d": folder(), "prometheus.yml": file()} {
		got := map[int]map[string]told{}
		for _, base := range bases {
			maps.Copy(got, pagesOf(t, base))
		}
		common, values := 0, 0
		for page, metrics := range want {
			if got[page] == nil {
				continue
			}
			common++
			for _, m := range metrics {
				values += len(m.Values)
			}
			samePage(t, fmt.Sprintf("%s, page %d", name, page), metrics, got[page])
		}
		t.Logf("%s: %d pages, %d values compared", name, common, values)
		assert.GreaterOrEqual(t, common, *nodeSeconds/2, name)
	}
}

// samePage compares the metrics of one page.
func samePage(t *testing.T, what string, want, got map[string]told) {
	t.Helper()
	deviating := 0
	for name, m := range want {
		ours, ok := got[name]
		if !assert.True(t, ok, "%s: %s is missing", what, name) {
			continue
		}
		if m.Sem != ours.Sem { // a word of the name beats a declared type in the agent
			deviating++
			words := strings.Split(name[strings.LastIndexByte(name, '.')+1:], "_")
			assert.True(t, slices.ContainsFunc(words, func(w string) bool { return w == "count" || w == "sum" || w == "total" }), "%s: %s", what, name)
			m.Sem = ours.Sem
		}
		values := map[string]string{}
		for inst, v := range m.Values {
			values[prometheusName(inst)] = v
		}
		m.Values = values
		assert.Equal(t, m, ours, "%s: %s", what, name)
	}
	for name := range got {
		assert.Contains(t, want, name, what)
	}
	assert.Less(t, deviating, len(want)/10, what)
}

// prometheusName turns the agent's name of an instance into ours: to Prometheus a label
// without a value is no label, and quantile="1" is quantile="1.0".
func prometheusName(inst string) string {
	number, name, ok := strings.Cut(inst, " ")
	plain, err := strconv.Unquote(name)
	if !ok || err != nil {
		return inst
	}
	var kept []string
	for word := range strings.SplitSeq(plain, " ") {
		name, value, ok := strings.Cut(word, ":")
		if ok && value == "" {
			continue
		}
		if f, err := strconv.ParseFloat(value, 64); err == nil && (name == "le" || name == "quantile") {
			word = name + ":" + labels.FormatOpenMetricsFloat(f)
		}
		kept = append(kept, word)
	}
	return fmt.Sprintf("%s %q", number, strings.Join(kept, " "))
}

// serveNode serves pages of the real node_exporter, a new one each second. All clients of one
// second get the same page, which has its number.
func serveNode(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	exporter := l.Addr().String()
	require.NoError(t, l.Close())
	cmd := oracle.Command(t, "prometheus-node-exporter", "--web.listen-address="+exporter)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Wait() }) // the end of the test kills it
	var page atomic.Pointer[[]byte]
	fetch := func(number int) bool {
		resp, err := http.Get("http://" + exporter + "/metrics")
		if err != nil {
			return false
		}
		body, err := io.ReadAll(resp.Body)
		if resp.Body.Close() != nil || err != nil || resp.StatusCode != http.StatusOK {
			return false
		}
		body = append(bytes.TrimSpace(body), fmt.Sprintf("\n# TYPE relay_page gauge\nrelay_page %d\n", number)...)
		page.Store(&body)
		return true
	}
	require.Eventually(t, func() bool { return fetch(1) }, time.Minute, 50*time.Millisecond)
	ctx := t.Context()
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for number := 2; ; number++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				fetch(number)
			}
		}
	}()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = w.Write(*page.Load())
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// startRecording begins a recording. The function that it returns ends it and returns the
// base paths of its archives.
func startRecording(t *testing.T, loader func(*registry.Registry) record.Loader) (finish func() []string) {
	t.Helper()
	dir := t.TempDir()
	numbers, err := registry.Open(registry.Options{Dir: dir, NoSync: true})
	require.NoError(t, err)
	rec, err := record.New(context.Background(), record.Options{Dir: dir, Loader: loader(numbers), Numbers: numbers})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- rec.Run(ctx) }()
	t.Cleanup(cancel)
	return func() (bases []string) {
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, numbers.Close())
		found, err := filepath.Glob(filepath.Join(dir, "*", "node.*.meta"))
		require.NoError(t, err)
		for _, name := range found {
			bases = append(bases, strings.TrimSuffix(name, ".meta"))
		}
		require.NotEmpty(t, bases)
		return bases
	}
}

// pagesOf returns the metrics of the source node by the number of the page.
func pagesOf(t *testing.T, base string) map[int]map[string]told {
	t.Helper()
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	out := map[int]map[string]told{}
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		page, number := map[string]told{}, 0
		for _, mv := range step.Metrics {
			if !strings.HasPrefix(mv.Metric.Name, "openmetrics.node.") || len(mv.Points) == 0 {
				continue
			}
			page[mv.Metric.Name] = tell(&mv)
			if mv.Metric.Name == "openmetrics.node.relay_page" {
				v, _ := mv.Points[0].Value.Number(mv.Metric.Desc.Type)
				number = int(v)
			}
		}
		if number > 0 {
			out[number] = page
		}
	}
	return out
}
