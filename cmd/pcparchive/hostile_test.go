package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/safetext"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// hostileName does harm on a terminal and is no UTF-8.
const hostileName = "in\x1b[2J\u009b31m\u202egb\xff\xc3\r\x07st"

// hostileText is hostileName without what is no UTF-8, which labels refuse.
const hostileText = "in\x1b[2J\u009b31m\u202egb\x7f"

func hostileArchive(t *testing.T, host string) string {
	t.Helper()
	base := filepath.Join(t.TempDir(), "hostile")
	a, err := archive.Create(base, archive.Header{Host: host, Zone: "UTC", PID: 1}, &archive.WriteOptions{NoSync: true})
	require.NoError(t, err)
	domain := pcp.NewInDomID(60, 1)
	level := func(item uint32, typ pcp.Type, name string) *meta.Desc {
		return &meta.Desc{PMID: pcp.NewPMID(60, 0, item), Type: typ, InDom: domain, Sem: pcp.SemInstant, Names: []string{name}}
	}
	load, text := level(1, pcp.TypeU64, "some.load"), level(2, pcp.TypeString, "some.text")
	require.NoError(t, a.Define(load))
	require.NoError(t, a.Define(text))
	require.NoError(t, a.SetInDom(&meta.InDom{Stamp: fixtureStart, ID: domain, Instances: []meta.Instance{{ID: 1, Name: hostileName}, {ID: 2, Name: "two\nlines"}}}))
	for _, typ := range []meta.TextType{meta.TextOneLine, meta.TextHelp} {
		require.NoError(t, a.SetText(&meta.Text{Type: meta.TextPMID | typ, Ident: uint32(load.PMID), Text: "help " + hostileName}))
	}
	set, err := labelset.New(labelset.Instances, labelset.String("colour", hostileText))
	require.NoError(t, err)
	require.NoError(t, a.SetLabels(&meta.Labels{Stamp: fixtureStart, Level: labelset.Instances, Ident: uint32(domain), Sets: []labelset.Instance{{Inst: 1, Set: set}}}))
	for i := range int64(3) {
		require.NoError(t, a.Append(&archive.Result{Stamp: fixtureStart.Add(time.Duration(i) * time.Second), Sets: []archive.ValueSet{
			{PMID: load.PMID, Format: archive.Block, Values: []history.Value{history.NumberValue(1, pcp.TypeU64, uint64(i)), history.NumberValue(2, pcp.TypeU64, 7)}},
			{PMID: text.PMID, Format: archive.Block, Values: []history.Value{history.StringValue(1, hostileName)}},
		}}))
	}
	require.NoError(t, a.Close())
	return base
}

// requireHarmless accepts text that moves no cursor and is UTF-8.
func requireHarmless(t *testing.T, what string, text []byte) {
	t.Helper()
	require.True(t, utf8.Valid(text), "%s: not UTF-8: %q", what, text)
	for _, r := range string(text) {
		require.False(t, r != '\n' && r != '\t' && safetext.Unsafe(r), "%s: %U in %q", what, r, text)
	}
}

// TestHostileNames runs every verb on an archive whose names, labels, help and
// values do harm on a terminal and are no UTF-8.
func TestHostileNames(t *testing.T) {
	base := hostileArchive(t, "h")
	out := func(name string) string { return filepath.Join(t.TempDir(), name) }
	blocks := out("blocks")
	require.Contains(t, []int{exitOK, exitSkipped}, run([]string{"export", "tsdb", base, "-o", blocks}, streams{out: &bytes.Buffer{}, err: &bytes.Buffer{}}))
	page := out("page.txt")
	require.NoError(t, os.WriteFile(page, []byte("# HELP m h\x1b\u009b\u202e\n# TYPE m gauge\nm{l=\"v\x1b\u009b\u202e\"} 1 1700000000000\n"), 0o600))
	torn := hostileArchive(t, "h")
	require.NoError(t, os.Truncate(torn+".0", 2000))
	bad := filepath.Join(t.TempDir(), "bad\x1b\u009b")

	for name, args := range map[string][]string{
		"info": {"info", base}, "info metrics": {"info", base, "--metrics"}, "info damaged": {"info", torn},
		"list": {"list", base}, "listed values": {"list", base, "--label", "__name__"}, "listed series": {"list", base, "--match", `{__name__=~".+"}`},
		"labels": {"labels", "dump", base}, "labels merged": {"labels", "dump", base, "--merged"},
		"summary": {"summary", base}, "query": {"query", "some_load", base}, "query range": {"query", "some_load", base, "--step", "1s"},
		"check": {"check", base}, "check damaged": {"check", torn}, "dump": {"dump", base}, "dump all": {"dump", base, "-a"},
		"copy": {"copy", base, out("copied")}, "export tsdb": {"export", "tsdb", base, "-o", out("data")},
		"export prom": {"export", "prom", base, "-o", out("page.om")}, "import tsdb": {"import", "tsdb", blocks, "-o", out("back")},
		"prom-file": {"import", "prom-file", page, "-o", out("imported")}, "split": {"import", "prom-file", page, "-o", out("split"), "--split-by", "l"},
		"no such file": {"info", bad}, "salvage": {"check", torn, "--salvage", out("salvaged")},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := run(args, streams{out: &stdout, err: &stderr})
			requireHarmless(t, "standard error", stderr.Bytes())
			if args[0] != "dump" { // which equals the reference's
				requireHarmless(t, "standard output", stdout.Bytes())
			}
			if name == "no such file" {
				require.Equal(t, exitFailed, code)
				return
			}
			for i, arg := range args { // what is there already would be in the way
				if i > 1 && (args[i-1] == "-o" || args[0] == "copy" && i == 2 || args[i-1] == "--salvage") {
					args[i] = arg + "2"
				}
			}
			stdout.Reset()
			stderr.Reset()
			code = run(append(args, "--output", "json"), streams{out: &stdout, err: &stderr})
			require.NotContains(t, []int{exitFailed, exitUsage}, code, stderr.String())
			requireHarmless(t, "JSON", stdout.Bytes())
			requireHarmless(t, "standard error", stderr.Bytes())
			assert.True(t, json.Valid(stdout.Bytes()), stdout.String())
		})
	}
}

// TestJSONIsLossless: the bytes of a name come back from JSON.
func TestJSONIsLossless(t *testing.T) {
	base := hostileArchive(t, "h")
	const escaped = `in\u001b[2J\u009b31m\u202egb\udcff\udcc3\r\u0007st`
	for _, args := range [][]string{{"dump", base, "-a", "--output", "ndjson"}, {"dump", base, "-a", "--output", "json"}, {"summary", base, "--output", "json"}, {"labels", "dump", base, "--merged", "--output", "json"}, {"info", base, "--metrics", "--output", "json"}} {
		var stdout bytes.Buffer
		require.Equal(t, exitOK, run(args, streams{out: &stdout, err: &bytes.Buffer{}}), args)
		assert.Contains(t, stdout.String(), escaped, args)
		assert.NotContains(t, stdout.String(), `\ufffd`, args)
	}
}

// TestExactOutput: a listing keeps the bytes of names in a file, and escapes them
// on a terminal.
func TestExactOutput(t *testing.T) {
	base := hostileArchive(t, "h")
	var file bytes.Buffer
	require.Equal(t, exitOK, run([]string{"dump", base, "-a"}, streams{out: &file, err: &bytes.Buffer{}}))
	assert.Contains(t, file.String(), hostileName)

	var terminal strings.Builder
	w := newResultWriter(&terminal, newStatusWriter(&terminal))
	w.width = func() int { return 80 }
	_, err := exact(w).Write([]byte(hostileName + "\n"))
	require.NoError(t, err)
	assert.Equal(t, `in\x1b[2J\u009b31m\u202egb\xff\xc3\r\x07st`+"\n", terminal.String())
}
