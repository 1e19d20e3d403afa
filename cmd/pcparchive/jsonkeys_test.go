package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The keys of JSON outputs are an interface: programs read them. Add to these
// lists, and do not take from them.
func TestJSONKeys(t *testing.T) {
	native := filepath.Join(t.TempDir(), "nat")
	require.NoError(t, fixtures["native"](native))
	prom := filepath.Join(t.TempDir(), "rec")
	require.NoError(t, fixtures["prom"](prom))
	torn := filepath.Join(t.TempDir(), "torn")
	require.NoError(t, fixtures["prom"](torn))
	info, err := os.Stat(torn + ".0")
	require.NoError(t, err)
	require.NoError(t, os.Truncate(torn+".0", info.Size()-10))

	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"info": {
			[]string{"info", torn, "--metrics"},
			[]string{
				"hosts", "hosts[].host", "hosts[].start", "hosts[].end", "hosts[].duration_seconds", "hosts[].bytes",
				"hosts[].archives", "hosts[].archives[].archive", "hosts[].archives[].bytes", "hosts[].archives[].damage",
				"hosts[].archives[].duration_seconds", "hosts[].archives[].end", "hosts[].archives[].files",
				"hosts[].archives[].files[].bytes", "hosts[].archives[].files[].name", "hosts[].archives[].host",
				"hosts[].archives[].index_entries", "hosts[].archives[].instance_domains", "hosts[].archives[].instances",
				"hosts[].archives[].label_sets", "hosts[].archives[].marks", "hosts[].archives[].metric_list",
				"hosts[].archives[].metric_list[].indom", "hosts[].archives[].metric_list[].name",
				"hosts[].archives[].metric_list[].oneline", "hosts[].archives[].metric_list[].pmid",
				"hosts[].archives[].metric_list[].semantics", "hosts[].archives[].metric_list[].type",
				"hosts[].archives[].metric_list[].units", "hosts[].archives[].metrics", "hosts[].archives[].pid",
				"hosts[].archives[].records", "hosts[].archives[].series", "hosts[].archives[].start", "hosts[].archives[].texts",
				"hosts[].archives[].timezone", "hosts[].archives[].values", "hosts[].archives[].version",
			},
		},
		"list": {
			[]string{"list", prom, "--match", `{code!=""}`, "--label", "code"},
			[]string{
				"hosts", "hosts[].host", "hosts[].metrics", "hosts[].metrics[].help", "hosts[].metrics[].indom", "hosts[].metrics[].name",
				"hosts[].metrics[].oneline", "hosts[].metrics[].pmid", "hosts[].metrics[].promql", "hosts[].metrics[].semantics",
				"hosts[].metrics[].series", "hosts[].metrics[].type", "hosts[].metrics[].units", "labels", "values",
			},
		},
		"labels dump": {
			[]string{"labels", "dump", prom},
			[]string{
				"[].host", "[].identifier", "[].level", "[].sets", "[].sets[].instance", "[].sets[].labels", "[].sets[].labels[].flags",
				"[].sets[].labels[].name", "[].sets[].labels[].value", "[].sets[].name", "[].time",
			},
		},
		"labels dump --merged": {
			[]string{"labels", "dump", prom, "--merged"},
			[]string{
				"[].host", "[].instance", "[].labels", "[].labels[].flags", "[].labels[].level", "[].labels[].name", "[].labels[].value",
				"[].metric", "[].name",
			},
		},
		"export tsdb": {
			[]string{"export", "tsdb", native, "-o", t.TempDir()},
			[]string{
				"blocks", "blocks[].bytes", "blocks[].dir", "blocks[].end", "blocks[].samples", "blocks[].series",
				"blocks[].start", "blocks[].ulid", "kept", "losses", "losses[].count", "losses[].loss", "losses[].name", "overlaps",
				"replaced",
			},
		},
		"summary": {
			[]string{"summary", prom, "openmetrics.web.temp_celsius"},
			[]string{
				"hosts", "hosts[].archives", "hosts[].end", "hosts[].host", "hosts[].marks", "hosts[].records", "hosts[].series",
				"hosts[].series[].bad_values", "hosts[].series[].count", "hosts[].series[].coverage", "hosts[].series[].first",
				"hosts[].series[].gaps", "hosts[].series[].last", "hosts[].series[].max", "hosts[].series[].max_time",
				"hosts[].series[].mean", "hosts[].series[].metric", "hosts[].series[].min", "hosts[].series[].min_time",
				"hosts[].series[].pmid", "hosts[].series[].rate", "hosts[].series[].resets", "hosts[].series[].semantics",
				"hosts[].series[].span_seconds", "hosts[].series[].stddev", "hosts[].series[].sum", "hosts[].series[].time_average",
				"hosts[].series[].units", "hosts[].series[].values", "hosts[].series[].wraps", "hosts[].start",
			},
		},
		"top": {
			[]string{"top", native, "--table", "host"},
			[]string{
				"hosts", "hosts[].empty", "hosts[].from", "hosts[].host", "hosts[].missing", "hosts[].tables", "hosts[].tables.host",
				"hosts[].tables.host[].idle", "hosts[].time", "hosts[].to",
			},
		},
		"diff": {
			[]string{"diff", native, prom, "--threshold", "1"},
			[]string{
				"a", "a.end", "a.host", "a.records", "a.start", "b", "b.end", "b.host", "b.records", "b.start", "changes",
				"labels", "missing_a", "missing_b", "only_a", "only_b", "redescribed", "same",
			},
		},
		"values": {
			[]string{"values", native, "kernel.all.load"},
			[]string{"[].host", "[].instance", "[].instance_id", "[].mark", "[].metric", "[].time", "[].value"},
		},
		"size": {
			[]string{"size", native, "--interval", "1h"},
			[]string{
				"days", "days[].date", "days[].host", "days[].length", "days[].records",
				"domains", "domains[].indom", "domains[].labels", "domains[].length", "domains[].records", "domains[].text",
				"files", "files[].host", "files[].length", "files[].path", "files[].stored", "files[].unreadable",
				"kinds", "kinds[].length", "kinds[].name", "kinds[].records",
				"labels", "labels[].length", "labels[].name", "labels[].records", "length",
				"metrics", "metrics[].interval", "metrics[].length", "metrics[].metadata", "metrics[].name", "metrics[].pmid", "metrics[].records",
				"metrics[].repeated", "metrics[].saved", "metrics[].values", "stored",
			},
		},
		"copy": {
			[]string{"copy", prom, filepath.Join(t.TempDir(), "copy"), "--archive-version", "2", "--lossy"},
			[]string{"archive", "index_kept", "losses", "records"},
		},
		"redact": {
			[]string{"redact", prom, filepath.Join(t.TempDir(), "public")},
			[]string{"archives", "archives[].out", "archives[].records", "common", "fixed", "kinds", "kinds[].distinct", "kinds[].kind", "kinds[].replaced", "named", "shared"},
		},
		"convert to text": {
			[]string{"convert", native, filepath.Join(t.TempDir(), "all.om")},
			[]string{"file", "losses", "losses[].count", "losses[].loss", "losses[].name"},
		},
		"query": { // Prometheus' own
			[]string{"query", "up", prom, "--step", "1s"},
			[]string{
				"data", "data.result", "data.resultType", "data.result[].metric", "data.result[].metric.__name__",
				"data.result[].metric.instance", "data.result[].metric.job", "data.result[].values", "status",
			},
		},
	} {
		t.Run(name, func(t *testing.T) { checkJSONKeys(t, c.args, c.want) })
	}
}

// checkJSONKeys runs a command and compares the keys of its JSON, which docs/json.md must name.
func checkJSONKeys(t *testing.T, args, want []string) {
	documented, err := os.ReadFile("../../docs/json.md")
	require.NoError(t, err)
	var out, errs bytes.Buffer
	code := run(append(args, "--output", "json"), streams{out: &out, err: &errs})
	require.Equal(t, exitOK, code, errs.String())
	var v any
	require.NoError(t, json.Unmarshal(out.Bytes(), &v))
	found := map[string]bool{}
	collectKeys(v, "", found)
	assert.Equal(t, slices.Sorted(slices.Values(want)), slices.Sorted(maps.Keys(found)))
	for key := range found {
		if name := key[strings.LastIndexByte(key, '.')+1:]; !strings.Contains(key, "metric.") {
			assert.Contains(t, string(documented), "`"+name+"`")
		}
	}
}

// collectKeys adds the paths of all keys below v.
func collectKeys(v any, path string, found map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for key, below := range v {
			at := key
			if path != "" {
				at = path + "." + key
			}
			found[at] = true
			collectKeys(below, at, found)
		}
	case []any:
		for _, below := range v {
			collectKeys(below, path+"[]", found)
		}
	}
}

// A list that is empty is [], not null: programs walk over it.
func TestJSONListsAreNeverNull(t *testing.T) {
	dir := t.TempDir()
	prom := filepath.Join(dir, "rec")
	require.NoError(t, fixtures["prom"](prom))
	for _, args := range [][]string{
		{"info", prom, "--metrics"}, {"labels", "dump", prom}, {"labels", "dump", prom, "--merged"},
		{"labels", "dump", prom, "--at", "0"}, {"labels", "dump", prom, "--at", "0", "--merged"},
		{"export", "tsdb", prom, "-o", filepath.Join(dir, "data")}, {"copy", prom, filepath.Join(dir, "copy")}, {"check", prom},
		{"export", "prom", prom, "-o", filepath.Join(dir, "page.prom")},
		{"query", "no_such", prom}, {"query", "no_such", prom, "--step", "1s"},
	} {
		var out, errs bytes.Buffer
		require.Equal(t, exitOK, run(append(args, "--output", "json"), streams{out: &out, err: &errs}), errs.String())
		assert.NotContains(t, out.String(), "null", args)
	}
}

// TestJSONOneShape: a verb's JSON has one form for one archive, for several of a
// host and for those of several hosts, and label values are not JSON in strings.
func TestJSONOneShape(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, dir := range []string{"one", "many", "hosts"} {
		require.NoError(t, os.Mkdir(dir, 0o777))
	}
	for base, fixture := range map[string]string{
		"one/a": "day1", "many/a": "day1", "many/b": "day2", "hosts/a": "day1", "hosts/b": "guest",
	} {
		require.NoError(t, fixtures[fixture](base))
	}
	for _, args := range [][]string{
		{"info"}, {"info", "--metrics"}, {"summary", "--labels"}, {"size"}, {"list"}, {"labels", "dump"}, {"labels", "dump", "--merged"}, {"check", "--severity", "error"},
		{"query", "disk_all_read"}, {"dump"}, {"export", "tsdb", "-o", "DIR"},
	} {
		var shapes []string
		for _, operand := range []string{"one/a", "one", "many", "hosts"} {
			full := slices.Clone(args)
			for i, a := range full {
				if a == "DIR" {
					full[i] = filepath.Join(t.TempDir(), "out")
				}
			}
			var out, errs bytes.Buffer
			code := run(append(full, operand, "--output", "json"), streams{out: &out, err: &errs})
			require.Equal(t, exitOK, code, "%v %s: %s", full, operand, &errs)
			var v any
			require.NoError(t, json.Unmarshal(out.Bytes(), &v), "%v %s", full, operand)
			found := map[string]bool{}
			collectKeys(v, "", found)
			for key := range found {
				if strings.Contains(key, "zoneinfo") || strings.HasPrefix(key, "[].") && args[0] == "dump" {
					delete(found, key) // what a version lacks
				}
			}
			shapes = append(shapes, strings.Join(slices.Sorted(maps.Keys(found)), " "))
			if args[0] != "dump" { // which has the text that is stored, too
				assert.NotContains(t, out.String(), `\"tester\"`, "%v %s", full, operand)
			}
		}
		for _, shape := range shapes {
			assert.Equal(t, shapes[0], shape, args)
		}
	}
}
