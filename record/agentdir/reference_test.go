package agentdir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/record"
	"github.com/pcparchive/pcparchive/record/registry"
	"github.com/pcparchive/pcparchive/scrape"
)

// referencePage has the cases of the agent's manual and of its tests: blanks before the
// braces, labels in another order, repeated instances, odd characters, PCP's own comments,
// histograms and summaries.
const referencePage = `# HELP loadavg local load average
# TYPE loadavg gauge
loadavg {interval="1-minute"} 0.12
loadavg {interval="5-minute"} 0.27
loadavg {interval="15-minute"} 0.54

# HELP metric1 one uninteresting label
# TYPE metric1 gauge
metric1 {foo="abc",uninteresting="123"} 1
# HELP metric2 all labels go
# TYPE metric2 gauge
metric2 {removeme="something"} 8
# HELP singular no labels
# TYPE singular gauge
singular 9
# HELP metric3 the last repeated instance counts
# TYPE metric3 gauge
metric3 {abc="0"} 456
metric3 {abc="0",uninteresting="1"} 458
# HELP metric4 an optional label
# TYPE metric4 gauge
metric4 {xyz="0",someoptional="not in instance name"} 456
# TYPE reordered gauge
reordered{a="1",b="2"} 1
reordered { b = "2" , a = "1", } 2
# TYPE odd gauge
odd{text="'"} 2
odd{text=","} 6
odd{text="="} 7
odd{text=":"} 8
odd{text="}"} 9
odd{text="{"} 10
odd{text="two  blanks"} 11
# HELP longhelp The first line\nthe second
# TYPE longhelp gauge
longhelp 0
# TYPE rule:sum:mean gauge
rule:sum:mean 5
# TYPE requests_total counter
requests_total{code="200",method="get"} 1027 1395066363000
requests_total{code="400",method="get"} 3
# TYPE latency_seconds histogram
latency_seconds_bucket{le="0.05"} 24054
latency_seconds_bucket{le="+Inf"} 144320
latency_seconds_sum 53423
latency_seconds_count 144320
# TYPE rpc_bytes summary
rpc_bytes{quantile="0.01"} 3102
rpc_bytes{quantile="0.99"} 76656
rpc_bytes_sum 1.7560473e+07
rpc_bytes_count 2693
metric_without_timestamp_and_labels 12.47
something_weird{problem="division by zero"} +Inf
# PCP5 sample.bin 29.0.14 32 29.2 instant Kbyte
sample_bin{instname="bin-100"} 100
sample_bin{instname="bin-200"} 200
# PCP5 sample.seconds 29.0.8 32 PM_INDOM_NULL counter sec
sample_seconds{agent="sample"} 86
# PCP sample.old counter millisec
sample_old{instance="old one"} 4
sample_old{instance="old two"} 5
# TYPE thermostat gauge
thermostat{location="hall"} 20.5
# TYPE overridden gauge
overridden{kind="a"} 7
overridden{kind="b"} 8
# TYPE overridden_single gauge
overridden_single{kind="a"} 7
`

// The agent and this package give the same metrics the same names, numbers, types,
// semantics, units, instances and values.
func TestAgreesWithAgent(t *testing.T) {
	dir := t.TempDir()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Token") != "a : b" {
			http.Error(w, "no token", http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, "# HELP served over HTTP\n# TYPE served gauge\nserved{by=\"http\"} 4\n")
	}))
	t.Cleanup(server.Close)
	page := filepath.Join(t.TempDir(), "page.txt")
	write(t, page, 0o644, referencePage)
	write(t, filepath.Join(dir, "plain.url"), 0o644, "file://"+page+"\n")
	write(t, filepath.Join(dir, "rules.url"), 0o644, "file://"+page+`
# a comment
FILTER: INCLUDE METRIC metric|^over|^sample
FILTER: INCLUDE METRIC load
FILTER: EXCLUDE METRIC .*
FILTER: EXCLUDE LABEL uninteresting
FILTER: EXCLUDE LABEL removeme
FILTER: OPTIONAL LABEL someoptional
METADATA: overridden_single u64 PM_INDOM_NULL counter byte / sec
METADATA: overridden u32 kinds counter KB
METADATA: metric2 float none discrete none
UNKNOWN: passed over
`)
	write(t, filepath.Join(dir, "http.url"), 0o644, server.URL+"/metrics\nHEADER: X-Token: a : b\n")
	write(t, filepath.Join(dir, "refused.url"), 0o644, server.URL+"/metrics\n")
	write(t, filepath.Join(dir, "absent.url"), 0o644, "file:///no/such/file\n")
	write(t, filepath.Join(dir, "README"), 0o644, "not a source\n")
	write(t, filepath.Join(dir, "not-suitable.url"), 0o644, "file://"+page+"\n")
	write(t, filepath.Join(dir, "control.url"), 0o644, "file://"+page+"\n")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "local", "deep"), 0o755))
	write(t, filepath.Join(dir, "local", "system.sh"), 0o755, "#!/bin/sh\necho '# TYPE from_script counter'\necho 'from_script{a=\"b\"} 3'\necho warning >&2\n")
	write(t, filepath.Join(dir, "local", "deep", "without_suffix"), 0o755, "#!/bin/sh\necho '# TYPE x gauge'; echo 'x 3'\n")
	write(t, filepath.Join(dir, "several.levels.of.names.sh"), 0o755, "#!/bin/sh\necho y_bytes 3\n")
	write(t, filepath.Join(dir, "fails.sh"), 0o755, "#!/bin/sh\necho z 3\nexit 3\n")

	agent := oracle.StartAgent(t, dir)
	agent.WaitFor(t, "openmetrics.several.levels.of.names.y_bytes")
	base := agent.Record(t, 3)
	want, got := recorded(t, base), mapped(t, dir)
	for _, name := range []string{"calls", "fetch_time", "parse_time", "status", "status_code", "debug"} {
		delete(want, "openmetrics.control."+name)
	}
	for name, m := range want {
		assert.Equal(t, m, got[name], name)
		delete(got, name)
	}
	assert.Empty(t, got, "metrics that the agent does not have")
	assert.Len(t, want, 40)
}

// told is what two recordings of a metric must share.
type told struct {
	PMID, InDom, Type, Sem, Units, Help string
	Values                              map[string]string // by number and name of the instance
}

func tell(mv *history.MetricValues) told {
	d := mv.Metric.Desc
	m := told{
		PMID: d.PMID.String(), InDom: d.InDom.String(), Type: d.Type.String(), Sem: d.Sem.String(), Units: d.Units.String(),
		Help: mv.Metric.OneLine, Values: map[string]string{},
	}
	for _, p := range mv.Points {
		v, _ := p.Value.Number(d.Type)
		m.Values[fmt.Sprintf("%d %q", p.Series.Inst.ID, p.Series.Inst.Name)] = fmt.Sprint(v)
	}
	return m
}

// recorded returns the metrics of the last step of an archive that have values.
func recorded(t *testing.T, base string) map[string]told {
	t.Helper()
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	out := map[string]told{}
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		for _, mv := range step.Metrics {
			if len(mv.Points) > 0 && strings.HasPrefix(mv.Metric.Name, "openmetrics.") {
				out[mv.Metric.Name] = tell(&mv)
			}
		}
	}
	return out
}

// mapped fetches all sources of a folder as the scraper does and maps their samples.
func mapped(t *testing.T, dir string) map[string]told {
	t.Helper()
	n, err := registry.Open(registry.Options{Dir: t.TempDir(), Prefix: "openmetrics"})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, n.Close()) })
	l := New(dir, Options{Numbers: n})
	t.Cleanup(func() { assert.NoError(t, l.Close()) })
	config, err := l.Load(context.Background(), nil)
	require.NoError(t, err)
	m, err := mapper.New(mapper.Options{Host: "localhost", Numbers: n})
	require.NoError(t, err)
	out := map[string]told{}
	for _, job := range config.Prometheus.ScrapeConfigs {
		page, kind, err := getPage(config, job.JobName)
		src := newMapped(t, m, config.Jobs[job.JobName], job.JobName)
		if err == nil {
			feed(t, src, page, kind)
		}
		for _, mv := range src.Step().Metrics {
			out[mv.Metric.Name] = tell(&mv)
		}
	}
	return out
}

func newMapped(t *testing.T, m *mapper.Mapper, job record.Job, name string) *mapper.Source {
	t.Helper()
	src, err := m.Source(mapper.Target{Name: job.Name, Job: name, Instance: "i", URL: "http://h/", Options: job.Source})
	require.NoError(t, err)
	src.Begin(pcp.TimestampMilli(1000))
	return src
}

// getPage fetches the page of a source through the gateway.
func getPage(config *record.Config, name string) (page []byte, kind string, err error) {
	client := &http.Client{Transport: &http.Transport{DialContext: config.Dial, DisableKeepAlives: true}}
	resp, err := client.Get("http://" + name + hostSuffix + "/")
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	page, err = io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = scrape.Cause(errors.New("server returned HTTP status " + resp.Status)) // as the scraper says it
	}
	return page, resp.Header.Get("Content-Type"), err
}

// feed maps the samples of a page.
func feed(t *testing.T, src *mapper.Source, page []byte, kind string) {
	t.Helper()
	p, err := textparse.New(page, kind, labels.NewSymbolTable(), textparse.ParserOptions{})
	require.NoError(t, err)
	families := map[string]*prom.Family{}
	family := func(name []byte) *prom.Family {
		f := families[string(name)]
		if f == nil {
			f = &prom.Family{Name: string(name)}
			families[string(name)] = f
		}
		return f
	}
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		switch entry {
		case textparse.EntryHelp:
			name, help := p.Help()
			family(name).Help = string(help)
		case textparse.EntryType:
			name, typ := p.Type()
			family(name).Type = string(typ)
		case textparse.EntrySeries:
			_, _, v := p.Series()
			var set labels.Labels
			p.Labels(&set)
			feedSample(t, src, set, families, v)
		}
	}
}

func feedSample(t *testing.T, src *mapper.Source, set labels.Labels, families map[string]*prom.Family, v float64) {
	t.Helper()
	name := set.Get(model.MetricNameLabel)
	var own []prom.Label
	set.Range(func(l labels.Label) {
		if l.Name != model.MetricNameLabel {
			own = append(own, prom.Label{Name: l.Name, Value: l.Value})
		}
	})
	var f prom.Family
	for _, suffix := range []string{"", "_bucket", "_sum", "_count"} {
		if base, ok := strings.CutSuffix(name, suffix); ok && families[base] != nil {
			f = *families[base]
			break
		}
	}
	ser, err := src.Series(name, own, f)
	require.NoError(t, err)
	if !src.Has(ser) {
		src.Set(ser, v)
	}
}

func write(t testing.TB, path string, mode os.FileMode, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), mode))
	require.NoError(t, os.Chmod(path, mode))
}
