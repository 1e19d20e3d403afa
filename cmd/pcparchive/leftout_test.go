package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/pcp"
)

// folderVerbs are the commands that answer from a folder of archives; OUT is a
// name that does not exist.
var folderVerbs = [][]string{
	{"info", "logs"},
	{"info", "logs", "--metrics", "--output", "json"},
	{"summary", "logs"},
	{"summary", "logs", "--output", "json"},
	{"summary", "logs", "--start", "end-5s"},
	{"size", "logs"},
	{"values", "logs", "disk.all.read"},
	{"values", "logs", "disk.all.read", "--step", "1min", "--output", "csv"},
	{"query", "disk_all_read", "logs"},
	{"query", "disk_all_read", "logs", "--at", "start"},
	{"query", "disk_all_read", "logs", "--step", "20m"},
	{"query", "disk_all_read", "logs", "--start", "end-10m", "--step", "1m", "--output", "json"},
	{"query", "hinv_ncpu", "logs", "--at", "start+40m"},
	{"query", "sum by (hostname) (disk_all_read)", "logs"},
	{"list", "logs"},
	{"labels", "dump", "logs"},
	{"labels", "dump", "logs", "--merged", "--at", "end"},
	{"export", "prom", "logs"},
	{"export", "prom", "logs", "--at", "start+10m"},
	{"export", "openmetrics", "logs", "--start", "end-5s"},
	{"export", "openmetrics", "logs", "--start", "start", "--repeat-discrete", "10m"},
	{"export", "tsdb", "logs", "-o", "OUT"},
	{"export", "tsdb", "logs", "-o", "OUT", "--end", "end-1h"},
	{"copy", "logs", "OUT"},
	{"copy", "logs", "OUT", "--start", "start+1s", "--end", "end-1s"},
	{"convert", "logs", "OUT.om"},
}

// TestLeftOutAnswersAsWithout: a folder with archives that cannot be read answers
// as the folder without them does; the message and the status are more.
func TestLeftOutAnswersAsWithout(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.Mkdir("logs", 0o777))
	require.NoError(t, writeDay("logs/a", "tester", 0, pcp.TypeU64))
	require.NoError(t, writeDay("logs/c", "tester", 2, pcp.TypeU64))
	var without []string
	for _, args := range folderVerbs {
		status, out, errs := answer(t, args)
		assert.Equal(t, exitOK, status, "%v\n%s", args, errs)
		without = append(without, out)
	}

	ways := map[string]func(base string){
		"missing": func(base string) { require.NoError(t, os.Remove(base+".meta")) },
		"rubbish": func(base string) {
			require.NoError(t, os.WriteFile(base+".meta", bytes.Repeat([]byte("rubbish"), 500), 0o644))
		},
		"hollow": func(base string) { // a good label, and nothing that describes a metric
			meta, err := os.ReadFile(base + ".meta")
			require.NoError(t, err)
			label := int(binary.BigEndian.Uint32(meta))
			require.NoError(t, os.WriteFile(base+".meta", append(meta[:label], bytes.Repeat([]byte("rubbish"), 500)...), 0o644))
		},
		"foreign": func(base string) { // the metadata of another host
			require.NoError(t, writeDay(base+"x", "stranger", 0, pcp.TypeU64))
			require.NoError(t, os.Rename(base+"x.meta", base+".meta"))
			for _, suffix := range []string{".index", ".0"} {
				require.NoError(t, os.Remove(base+"x"+suffix))
			}
		},
	}
	for way, spoil := range ways {
		for _, host := range []string{"tester", "guest"} {
			for _, hour := range []int{-1, 1, 3} { // before, between, after
				t.Run(fmt.Sprint(way, host, hour), func(t *testing.T) {
					base := filepath.Join("logs", fmt.Sprint("b", hour+1))
					require.NoError(t, writeDay(base, host, hour, pcp.TypeU64))
					spoil(base)
					for i, args := range folderVerbs {
						status, out, errs := answer(t, args)
						assert.Equal(t, without[i], out, "%v", args)
						named := strings.Count(errs, base+".") + strings.Count(errs, "archive "+base+":")
						if status == exitOK && (way == "hollow" || way == "rubbish") { // met only where its metadata is needed
							assert.Zero(t, named, "%v\n%s", args, errs)
							continue
						}
						assert.Equal(t, exitSkipped, status, "%v\n%s", args, errs)
						assert.Positive(t, named, "%v\n%s", args, errs)
						assert.Len(t, regexp.MustCompile(`(?m)^.*`+regexp.QuoteMeta(base)+`\b.*$`).FindAllString(errs, -1), 1, "%v\n%s", args, errs)
					}
					found, err := filepath.Glob(base + ".*")
					require.NoError(t, err)
					for _, f := range found {
						require.NoError(t, os.Remove(f))
					}
				})
			}
		}
	}
}

var (
	ulids    = regexp.MustCompile(`01[0-9A-Z]{24}`)
	warnings = regexp.MustCompile(`(?s),\s*"warnings": \[.*?\]`)
)

// answer runs a command and returns what it printed, without the names that are
// new every time and without the warnings.
func answer(t *testing.T, args []string) (status int, out, errs string) {
	t.Helper()
	dir := t.TempDir()
	given := slices.Clone(args)
	for j, a := range given {
		if len(a) >= 3 && a[:3] == "OUT" {
			given[j] = filepath.Join(dir, a)
		}
	}
	var o, e bytes.Buffer
	status = run(given, streams{out: &o, err: &e})
	text := warnings.ReplaceAllString(ulids.ReplaceAllString(o.String(), "ULID"), "")
	return status, strings.ReplaceAll(text, dir, "DIR"), e.String()
}
