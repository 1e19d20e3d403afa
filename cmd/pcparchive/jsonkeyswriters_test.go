package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestJSONKeysOfWriters checks commands that write, replace, move or remove files.
func TestJSONKeysOfWriters(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"a", "moved", "removed", "packed", "labelled"} {
		require.NoError(t, fixtures["prom"](in(name)))
	}
	require.NoError(t, fixtures["native"](in("nat")))
	for name, content := range map[string]string{
		"rules.conf": "metric kernel.all.load { name -> kernel.all.average }\n",
		"table.csv":  "time,v\n1,2\n2,3\n",
		"page.prom":  "# TYPE up gauge\nup 1 1700000000000\n",
		"rules.yml":  "groups:\n- name: g\n  rules:\n  - {alert: Up, expr: vector(1)}\n",
	} {
		require.NoError(t, os.WriteFile(in(name), []byte(content), 0o666))
	}
	archives := []string{"archives", "archives[].archive", "archives[].host", "archives[].series", "archives[].samples", "archives[].start", "archives[].end", "losses"}
	packed := []string{"archives", "archives[].archive", "archives[].files", "archives[].before", "archives[].after"}
	for _, c := range []struct {
		name string
		args []string
		want []string
	}{
		{"rewrite --dry-run", []string{"rewrite", "-c", in("rules.conf"), in("nat"), "--dry-run"}, []string{"changes", "changes[].kind", "changes[].name", "changes[].what", "changes[].from", "changes[].to", "warnings"}},
		{"rewrite", []string{"rewrite", "-c", in("rules.conf"), in("nat"), in("rewritten")}, []string{"archive", "changes", "changes[].kind", "changes[].name", "changes[].what", "changes[].from", "changes[].to", "index_kept", "losses", "records", "warnings"}},
		{"reduce", []string{"reduce", "-t", "2s", in("nat"), in("reduced")}, []string{"archive", "read", "records", "skipped", "unwrapped"}},
		{"compress", []string{"compress", in("packed")}, packed},
		{"decompress", []string{"decompress", in("packed")}, packed},
		{"label", []string{"label", in("labelled")}, []string{"archive", "host", "mismatches", "pid", "start", "timezone", "version", "zoneinfo"}},
		{"move", []string{"move", in("moved"), in("there")}, []string{"archive", "to", "files", "bytes"}},
		{"remove", []string{"remove", in("removed")}, []string{"archives", "archives[].archive", "archives[].files", "archives[].bytes"}},
		{"import csv", []string{"import", "csv", in("table.csv"), in("table")}, archives},
		{"import prom-file", []string{"import", "prom-file", in("page.prom"), "-o", in("page")}, archives},
		{"export prom", []string{"export", "prom", in("a"), "-o", in("out.prom")}, []string{"file", "losses"}},
		{"convert to an archive", []string{"convert", in("nat"), in("converted"), "--to", "archive"}, []string{"archives", "archives[].archive", "archives[].host", "losses"}},
		{"check", []string{"check", in("a")}, []string{"findings", "summary", "summary.archives", "summary.errors", "summary.notes", "summary.warnings", "verdicts", "verdicts[].archive", "verdicts[].readable_to", "verdicts[].verdict"}},
		{"query --rules", []string{"query", "--rules", in("rules.yml"), in("a")}, []string{"alerts"}},
	} {
		t.Run(c.name, func(t *testing.T) { checkJSONKeys(t, c.args, c.want) })
	}
}
