package main

import (
	"bytes"
	"encoding/json"
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

	documented, err := os.ReadFile("../../docs/json.md")
	require.NoError(t, err)

	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"info": {
			[]string{"info", torn, "--metrics"},
			[]string{
				"archive", "bytes", "damage", "duration_seconds", "end", "files", "files[].bytes", "files[].name", "host",
				"index_entries", "instance_domains", "instances", "label_sets", "marks", "metric_list", "metric_list[].indom",
				"metric_list[].name", "metric_list[].oneline", "metric_list[].pmid", "metric_list[].semantics",
				"metric_list[].type", "metric_list[].units", "metrics", "pid", "records", "series", "start", "texts",
				"timezone", "values", "version",
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
				"archive", "end", "host", "marks", "records", "series", "series[].bad_values", "series[].count", "series[].coverage",
				"series[].first", "series[].gaps", "series[].last", "series[].max", "series[].max_time", "series[].mean",
				"series[].metric", "series[].min", "series[].min_time", "series[].pmid", "series[].rate", "series[].resets",
				"series[].semantics", "series[].span_seconds", "series[].stddev", "series[].sum", "series[].time_average",
				"series[].units", "series[].values", "series[].wraps", "start",
			},
		},
		"copy": {
			[]string{"copy", prom, filepath.Join(t.TempDir(), "copy"), "--archive-version", "2", "--lossy"},
			[]string{"archive", "index_kept", "losses", "records"},
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
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := run(append(c.args, "--output", "json"), streams{out: &out, err: &errs})
			require.Equal(t, exitOK, code, errs.String())
			var v any
			require.NoError(t, json.Unmarshal(out.Bytes(), &v))
			found := map[string]bool{}
			collectKeys(v, "", found)
			var got []string
			for key := range found {
				got = append(got, key)
			}
			slices.Sort(got)
			slices.Sort(c.want)
			assert.Equal(t, c.want, got)
			for _, key := range got {
				if name := key[strings.LastIndexByte(key, '.')+1:]; !strings.Contains(key, "metric.") {
					assert.Contains(t, string(documented), "`"+name+"`")
				}
			}
		})
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
