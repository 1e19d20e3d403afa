package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const damageStart = int64(1_772_366_400_000)

// putSamples appends samples of some series, one a minute.
func putSamples(t *testing.T, app storage.AppenderV2, name string, series, rows int, from int64) {
	t.Helper()
	for r := range rows {
		for s := range series {
			lset := labels.FromStrings("__name__", name, "instance", "web:9100", "n", fmt.Sprint(s))
			_, err := app.Append(0, lset, 0, from+int64(r)*60_000, math.Sqrt(float64(r*series+s)), nil, nil, storage.AppendV2Options{})
			require.NoError(t, err)
		}
	}
	require.NoError(t, app.Commit())
}

// damageBlocks makes three blocks of different series, with something deleted.
func damageBlocks(t *testing.T, dir string) {
	t.Helper()
	for i, name := range []string{"first", "second", "third"} {
		w, err := promtsdb.NewBlockWriter(slog.New(slog.DiscardHandler), dir, 1000*time.Hour.Milliseconds())
		require.NoError(t, err)
		putSamples(t, w.AppenderV2(t.Context()), name, 5, 100, damageStart)
		id, err := w.Flush(t.Context())
		require.NoError(t, err)
		require.NoError(t, w.Close())
		if i != 1 {
			continue
		}
		b, err := promtsdb.OpenBlock(slog.New(slog.DiscardHandler), filepath.Join(dir, id.String()), nil, nil)
		require.NoError(t, err)
		require.NoError(t, b.Delete(t.Context(), damageStart, damageStart+300_000, labels.MustNewMatcher(labels.MatchEqual, "n", "1")))
		require.NoError(t, b.Close())
	}
}

// damageServer makes a server's folder with blocks, a checkpoint, several segments
// and chunks of the head.
func damageServer(t *testing.T, dir string) {
	t.Helper()
	o := promtsdb.DefaultOptions()
	o.RetentionDuration, o.WALSegmentSize, o.OutOfOrderTimeWindow = 0, 32<<10, time.Hour.Milliseconds()
	live := t.TempDir()
	db, err := promtsdb.Open(live, slog.New(slog.DiscardHandler), nil, o, nil)
	require.NoError(t, err)
	db.DisableCompactions()
	for hour := range int64(7) {
		putSamples(t, db.AppenderV2(t.Context()), "served", 30, 60, damageStart+hour*3_600_000)
	}
	require.NoError(t, db.Compact(t.Context()))
	putSamples(t, db.AppenderV2(t.Context()), "late", 3, 30, damageStart+6*3_600_000)
	require.NoError(t, os.CopyFS(dir, os.DirFS(live)))
	require.NoError(t, db.Close())
}

// damagePages makes pages in both formats.
func damagePages(t *testing.T, dir string) {
	t.Helper()
	for i := range 3 {
		var text, open strings.Builder
		fmt.Fprintf(&text, "# TYPE page_%d gauge\n", i)
		fmt.Fprintf(&open, "# TYPE open_%d unknown\n", i)
		for n := range 40 {
			fmt.Fprintf(&text, "page_%d{n=\"%d\"} %d %d\n", i, n, n*n, damageStart)
			fmt.Fprintf(&open, "open_%d{n=\"%d\"} %d %d.5\n", i, n, n*n, damageStart/1000)
		}
		open.WriteString("# EOF\n")
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("p%d.prom", i)), []byte(text.String()), 0o666))
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("p%d.om", i)), []byte(open.String()), 0o666))
	}
}

// damageReplies makes replies: a matrix, a vector, several in a file.
func damageReplies(t *testing.T, dir string) {
	t.Helper()
	for i := range 3 {
		var all []any
		for n := range 10 {
			values := [][]any{}
			for r := range 20 {
				values = append(values, []any{float64(damageStart/1000 + int64(r)*60), fmt.Sprint(n * r)})
			}
			all = append(all, map[string]any{"metric": map[string]string{"__name__": fmt.Sprintf("reply_%d", i), "n": fmt.Sprint(n)}, "values": values})
		}
		text, err := json.Marshal(map[string]any{"status": "success", "data": map[string]any{"resultType": "matrix", "result": all}})
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("r%d.json", i)), append(text, '\n'), 0o666))
	}
}

// damageWays are what may happen to a file.
var damageWays = map[string]func(t *testing.T, path string, b []byte){
	"half":    func(t *testing.T, path string, b []byte) { require.NoError(t, os.WriteFile(path, b[:len(b)/2], 0o666)) },
	"empty":   func(t *testing.T, path string, _ []byte) { require.NoError(t, os.WriteFile(path, nil, 0o666)) },
	"removed": func(t *testing.T, path string, _ []byte) { require.NoError(t, os.Remove(path)) },
	"head":    func(t *testing.T, path string, b []byte) { overwrite(t, path, b, 0, 16) },
	"middle":  func(t *testing.T, path string, b []byte) { overwrite(t, path, b, len(b)/2, 64) },
	"third":   func(t *testing.T, path string, b []byte) { overwrite(t, path, b, len(b)/3, 3) },
	"folder": func(t *testing.T, path string, _ []byte) {
		require.NoError(t, os.Remove(path))
		require.NoError(t, os.Mkdir(path, 0o777))
	},
}

// overwrite puts bytes that no format has there into a file.
func overwrite(t *testing.T, path string, b []byte, at, n int) {
	b = bytes.Clone(b)
	for i := at; i < min(at+n, len(b)); i++ {
		b[i] = ^b[i]
	}
	require.NoError(t, os.WriteFile(path, b, 0o666))
}

// readAll returns the samples that conversion to text finds, and what it says.
func readAll(t *testing.T, dir string) (samples map[string]bool, code int, said string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run([]string{"convert", dir, "-", "--pcp5=false"}, streams{in: strings.NewReader(""), out: &stdout, err: &stderr})
	samples = map[string]bool{}
	for line := range strings.Lines(stdout.String()) {
		if !strings.HasPrefix(line, "#") {
			samples[line] = true
		}
	}
	return samples, code, stderr.String()
}

// TestDamagedPrometheusInputs damages each file of each kind of input in every way.
// What is in other files comes through; what is lost is named, with status 4.
func TestDamagedPrometheusInputs(t *testing.T) {
	for kind, build := range map[string]func(*testing.T, string){
		"blocks": damageBlocks, "server": damageServer, "pages": damagePages, "replies": damageReplies,
	} {
		t.Run(kind, func(t *testing.T) {
			whole := filepath.Join(t.TempDir(), "data")
			require.NoError(t, os.Mkdir(whole, 0o777))
			build(t, whole)
			want, code, said := readAll(t, whole)
			require.Zero(t, code, said)
			require.NotEmpty(t, want)
			var files []string
			require.NoError(t, filepath.WalkDir(whole, func(path string, e fs.DirEntry, err error) error {
				if name, _ := filepath.Rel(whole, path); err == nil && e.Type().IsRegular() && name != "lock" {
					files = append(files, name)
				}
				return err
			}))
			require.GreaterOrEqual(t, len(files), 3)
			for _, file := range files {
				for _, way := range slices.Sorted(maps.Keys(damageWays)) {
					damaged := filepath.Join(t.TempDir(), "data")
					require.NoError(t, os.CopyFS(damaged, os.DirFS(whole)))
					path := filepath.Join(damaged, file)
					b, err := os.ReadFile(path)
					require.NoError(t, err)
					if len(b) == 0 {
						continue
					}
					damageWays[way](t, path, b)
					got, code, said := readAll(t, damaged)
					checkDamaged(t, damagedFile{way + " " + file, file, way, want, got, code, lastSegment(files, file), said})
				}
			}
		})
	}
}

// lastSegment reports whether a file is the last one of a write-ahead log.
func lastSegment(files []string, file string) bool {
	dir := filepath.Dir(file)
	return filepath.Base(dir) == "wal" && !slices.ContainsFunc(files, func(other string) bool { return filepath.Dir(other) == dir && other > file })
}

type damagedFile struct {
	what, file, way string
	want, got       map[string]bool
	code            int
	last            bool // segment of a log
	said            string
}

// checkDamaged says what is not as it should be.
func checkDamaged(t *testing.T, d damagedFile) {
	t.Helper()
	lost, more := 0, 0
	names := map[string]bool{} // each file but those of a server has metrics of its own
	for line := range d.want {
		if !d.got[line] {
			lost++
			name, _, _ := strings.Cut(line, "{")
			names[name] = true
		}
	}
	assert.LessOrEqual(t, len(names), 1, "%s: more than this file was lost: %v", d.what, names)
	for line := range d.got {
		if !d.want[line] {
			more++
		}
	}
	assert.Greater(t, len(d.got), len(d.want)/4, "%s: %d of %d samples\n%s", d.what, len(d.got), len(d.want), d.said)
	unnoticed := filepath.Base(d.file) == "tombstones" && d.way == "removed" || // a block need not have one
		d.last && slices.Contains([]string{"half", "empty", "removed"}, d.way) || // as a server that is killed leaves it
		filepath.Ext(d.file) == ".prom" && d.way == "half" || // a page of text does not say where it ends
		slices.Contains([]string{".prom", ".om", ".json"}, filepath.Ext(d.file)) && (d.way == "removed" || d.way == "folder")
	if more > 0 {
		assert.Equal(t, "tombstones", filepath.Base(d.file), "%s: %d samples are new", d.what, more)
	}
	if lost+more == 0 || unnoticed {
		assert.Contains(t, []int{exitOK, exitSkipped}, d.code, d.what)
		return
	}
	assert.Equal(t, exitSkipped, d.code, "%s: %d samples lost\n%s", d.what, lost, d.said)
	dir, _, _ := strings.Cut(filepath.ToSlash(d.file), "/")
	assert.Contains(t, d.said, dir, "%s: %d samples lost", d.what, lost)
}
