package agentdir

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
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

func write(t testing.TB, path string, mode os.FileMode, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), mode))
	require.NoError(t, os.Chmod(path, mode))
}
