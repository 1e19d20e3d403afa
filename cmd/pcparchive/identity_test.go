package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/format"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
)

// oddText has series of names, types and labels that one format or another has no
// place for.
const oddText = `# TYPE bare counter
bare{job="j",instance="i:1"} 1 1767225600000
# HELP good_total
# TYPE good_total counter
good_total{job="j",instance="i:1"} 1 1767225600000
# HELP both ends like a note\n# TYPE both gauge
# TYPE both counter
both 1 1767225600000
# TYPE both_total counter
both_total 2 1767225600000
# TYPE g_total gauge
g_total 1 1767225600000
# TYPE g_bucket gauge
g_bucket{le="1"} 1 1767225600000
# TYPE g_sum counter
g_sum 1 1767225600000
# TYPE g_count untyped
g_count 1 1767225600000
# TYPE g_created counter
g_created 1 1767225600000
# TYPE g_info counter
g_info{x="y"} 1 1767225600000
# TYPE g gauge
g 1 1767225600000
# TYPE h histogram
h_bucket{le="1"} 1 1767225600000
h_bucket{le="+Inf"} 2 1767225600000
h_sum 2 1767225600000
h_count 2 1767225600000
# TYPE s summary
s{quantile="0.50"} 1 1767225600000
s_sum 2 1767225600000
s_count 2 1767225600000
none 1 1767225600000
none{job="",a="1"} 1 1767225600000
none{job="k"} 1 1767225600000
none{instance="only:9"} 1 1767225600000
# TYPE "dotted.name" counter
{"dotted.name","label.with.dots"="1","1st"="a",_st="b",__x="c","blank s"="d"} 1 1767225600000
{"U__a_b",U__x="1"} 1 1767225600000
{"é/ü"} 1 1767225600000
a:b:c 1 1767225600000
a:b 1 1767225600000
a 1 1767225600000
_x 1 1767225600000
v{v="quote\" back\\slash line\nfeed \ttab é 😀 {}=,#"} 1 1767225600000
host{hostname="one"} 1 1767225600000
host{hostname="two"} 1 1767225600000
host{hostname="two",instname="x",instid="3"} 1 1767225600000
same{le="1",le_2="1"} 1 1767225600000
`

// oddOpenMetrics has the types that the text format lacks.
const oddOpenMetrics = `# TYPE c counter
# HELP c Things.
c_total{job="j",instance="i:1"} 1.0 1767225600
c_created{job="j",instance="i:1"} 1.0 1767225600
# TYPE i info
i_info{version="1"} 1 1767225600
# TYPE e stateset
e{e="on"} 1 1767225600
e{e="off"} 0 1767225600
# TYPE q gaugehistogram
q_bucket{le="1"} 1 1767225600
q_bucket{le="+Inf"} 2 1767225600
q_gsum 2 1767225600
q_gcount 2 1767225600
# TYPE h_seconds histogram
# UNIT h_seconds seconds
h_seconds_bucket{le="0.5"} 1 1767225600
h_seconds_bucket{le="+Inf"} 2 1767225600
h_seconds_sum 2 1767225600
h_seconds_count 2 1767225600
h_seconds_created 2 1767225600
# TYPE total counter
total_total 1 1767225600
# TYPE info info
info_info 1 1767225600
# TYPE u unknown
u 1 1767225600
# EOF
`

// oddJSON is a reply whose labels are those of a server of version 2.
const oddJSON = `{"status":"success","data":{"resultType":"matrix","result":[
{"metric":{"__name__":"r_bucket","le":"1","job":"j","instance":"i:1"},"values":[[1767225600,"1"]]},
{"metric":{"__name__":"r_bucket","le":"1.0","job":"j","instance":"i:1"},"values":[[1767225600,"1"]]},
{"metric":{"__name__":"r_total","quantile":"0.50"},"values":[[1767225600,"1"]]},
{"metric":{"__name__":"r","_st":"1"},"values":[[1767225600,"1"]]},
{"metric":{"__name__":"r","1st":"1"},"values":[[1767225600,"1"]]}]}}
`

// TestIdentity takes odd series from every format to every other and on to every
// third: what had a name and labels before has them afterwards, or is lost by name.
func TestIdentity(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{"odd.prom": oddText, "odd.om": oddOpenMetrics, "odd.json": oddJSON} {
		require.NoError(t, os.WriteFile(at(name), []byte(text), 0o666))
	}
	require.NoError(t, writeAgent(at("agent"), "monitor"))
	require.NoError(t, writeMetrics(at("hostile"), "monitor", hostileMetrics("monitor")))
	require.NoError(t, writeNative(at("native")))
	require.NoError(t, writeProm(at("scraped"), "tester", "web", "db"))
	require.NoError(t, writeAgent(at("second"), "other"))
	for _, source := range [][]string{
		{at("odd.prom")}, {at("odd.om")}, {at("odd.json")}, {at("agent")}, {at("hostile")}, {at("native")}, {at("scraped")},
		{at("agent"), at("native"), at("second")},
	} {
		base := filepath.Base(source[0])
		if len(source) > 1 {
			base = "several"
		}
		t.Run(base, func(t *testing.T) {
			before := seriesAt(t, source...)
			require.NotEmpty(t, before)
			for _, first := range identityKinds {
				if len(source) > 1 && first == format.Archive {
					continue // an archive is one host's
				}
				there := at(base + "-" + string(first))
				between := identical(t, before, source, there, first)
				for _, second := range identityKinds {
					identical(t, between, []string{there}, there+"-"+string(second), second)
				}
			}
		})
	}
}

// keepsSeries are losses of which a series has others samples left.
var keepsSeries = map[prom.Loss]bool{
	prom.LossStale: true, prom.LossRounded: true, prom.LossSameTime: true, prom.LossEnd: true, prom.LossExemplar: true,
	prom.LossDuplicate: true,
}

var identityKinds = []format.Format{format.Archive, format.Blocks, format.Text, format.OpenMetrics}

// identical converts and compares names and labels; it returns those afterwards.
func identical(t *testing.T, before, in []string, out string, kind format.Format) (after []string) {
	t.Helper()
	said, _ := command(t, exitOK, append(append([]string{"convert"}, in...), out, "--to", string(kind), "--output", "json")...)
	var told struct {
		Losses []prom.LossCount `json:"losses"`
	}
	if said != "" {
		require.NoError(t, json.Unmarshal([]byte(said), &told), said)
	}
	after = seriesAt(t, out)
	lost := func(name string) bool {
		return slices.ContainsFunc(told.Losses, func(l prom.LossCount) bool {
			return !keepsSeries[l.Loss] && (l.Name == name || naming.PrometheusName(l.Name) == name)
		})
	}
	t.Logf("%s: %d series, %d afterwards, losses %v", strings.TrimPrefix(out, filepath.Dir(out)), len(before), len(after), told.Losses)
	for _, s := range before {
		name, _, _ := strings.Cut(s, " [")
		assert.True(t, slices.Contains(after, s) || lost(name), "%s → %s: silently lost %s", in, out, s)
	}
	for _, s := range after {
		name, _, _ := strings.Cut(s, " [")
		assert.True(t, slices.Contains(before, s) || lost(name), "%s → %s: silently gained %s", in, out, s)
	}
	return after
}

// TestSameNamesEverywhere has what the flags of the mapping make of an archive be
// the same series in every format.
func TestSameNamesEverywhere(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, writeMetrics(filepath.Join(dir, "hostile"), "monitor", hostileMetrics("monitor")))
	require.NoError(t, writeAgent(filepath.Join(dir, "agent"), "monitor"))
	require.NoError(t, writeNative(filepath.Join(dir, "native")))
	for n, flags := range [][]string{
		{"--names", "utf8"}, {"--names", "prometheus"}, {"--strings", "info"}, {"--label-instid"}, {"--optional-labels", "--label", "dc=east"},
		{"--names", "prometheus", "--unwrap", "--repeat-discrete", "1m"}, {"--split-at-marks"},
	} {
		for _, name := range []string{"hostile", "agent", "native"} {
			t.Run(name+" "+strings.Join(flags, " "), func(t *testing.T) {
				var want []string
				for _, kind := range []format.Format{format.Blocks, format.Text, format.OpenMetrics} {
					out := filepath.Join(dir, fmt.Sprintf("%s-%d-%s", name, n, kind))
					command(t, exitOK, append([]string{"convert", filepath.Join(dir, name), out, "--to", string(kind)}, flags...)...)
					got := seriesAt(t, out)
					if want == nil {
						want = got
					}
					assert.Equal(t, want, got, kind)
				}
			})
		}
	}
}

// TestNoteIsScraped has a recording read the types that a page of ours notes in
// help texts.
func TestNoteIsScraped(t *testing.T) {
	const page = "# HELP wmi fails\\n# TYPE wmi counter\nwmi 5\n# EOF\n"
	base, losses := recordPage(t, []byte(page), expo.OpenMetrics.ContentType())
	assert.Empty(t, losses)
	out, _ := command(t, exitOK, "export", "prom", base)
	assert.Equal(t, "# HELP wmi fails\n# TYPE wmi counter\nwmi 5\n", out)
}
