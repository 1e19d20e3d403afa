package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/read"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// killsVariable says how often each verb is killed.
const killsVariable = "PCPARCHIVE_KILLS"

// killTest kills a verb at random moments. Each run is the next one of that which
// was killed before it; the last one runs to its end.
type killTest struct {
	args  []string
	twice bool // run two at once
	// check looks at what a kill left, and at the end.
	check func(t *testing.T, dir string)
	// left are the files that may be there at the end; nil: those of a run that
	// was not killed.
	left []string
}

// TestKill kills each verb that writes: nothing that was readable before is lost,
// what is there is whole, and nothing is left over after the next run.
func TestKill(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs signals")
	}
	kills := 10
	if n, err := strconv.Atoi(os.Getenv(killsVariable)); err == nil {
		kills = n
	} else if testing.Short() {
		kills = 3
	}
	in := killInputs(t)
	for name, k := range map[string]killTest{
		"import prom-file": {args: []string{"import", "prom-file", in("page.om"), "-o", "out"}, check: wholeOrNone("out", 50)},
		"split":            {args: []string{"import", "prom-file", in("page.om"), "-o", ".", "--split-by", "instance"}, check: wholeOrNone("h3", 50)},
		"import tsdb":      {args: []string{"import", "tsdb", in("data"), "-o", "out", "--split-by", "none", "--compress"}, check: wholeOrNone("out", 50)},
		"copy":             {args: []string{"copy", in("rec"), "out"}, check: wholeOrNone("out", 50)},
		"copy, compressed": {args: []string{"copy", in("rec"), "out", "--compress", "--volume-size", "20KiB", "--metrics", "openmetrics"}, check: wholeOrNone("out", 50)},
		"convert":          {args: []string{"convert", in("rec"), "out", "--step", "1m"}, check: wholeOrNone("out", 0)},
		"check --salvage":  {args: []string{"check", "--salvage", "out", in("rec")}, check: wholeOrNone("out", 50)},
		"export tsdb":      {args: []string{"export", "tsdb", in("rec"), "-o", ".", "--block-duration", "10m"}, check: wholeBlocks},
		"export openmetrics": {args: []string{"export", "openmetrics", in("rec"), "--start", "start", "-o", "out.om"},
			check: wholeText("out.om", readFile(t, in("all.om")))},
		"import prom-url": {args: recorderArgs(t, "rec"), twice: true, check: prefixKept("rec"),
			left: []string{"rec.0", "rec.index", "rec.meta"}},
		"import prom-url, compressed": {args: append(recorderArgs(t, "rec"), "--compress", "--volume-size", "20KiB"), check: prefixKept("rec"),
			left: []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k.run(t, kills, in("rec"))
		})
	}
}

// run kills the verb so many times in a folder that has an archive already.
func (k killTest) run(t *testing.T, kills int, rec string) {
	dir := t.TempDir()
	for _, suffix := range []string{".meta", ".index", ".0"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "kept"+suffix), readFile(t, rec+suffix), 0o600))
	}
	began := time.Now()
	if err := k.start(t, t.TempDir()).Wait(); err != nil {
		t.Fatalf("without a kill: %v", err)
	}
	most := time.Since(began) + 20*time.Millisecond
	killed, runs := 0, 0
	for ; killed < kills && runs < 10*kills; runs++ {
		all := []*exec.Cmd{k.start(t, dir)}
		if k.twice {
			all = append(all, k.start(t, dir))
		}
		for _, cmd := range all {
			time.Sleep(rand.N(most / time.Duration(len(all))))
			_ = cmd.Process.Kill() // it may have ended
			var exit *exec.ExitError
			if err := cmd.Wait(); errors.As(err, &exit) && !exit.Exited() {
				killed++
				most += most / 50
			} else {
				most -= most / 20 // it was too late
			}
		}
		k.check(t, dir)
	}
	t.Logf("%d runs, %d killed", runs, killed)
	for range 2 { // the first may only complete what was under way
		_ = k.start(t, dir).Wait()
	}
	k.check(t, dir)
	var left []string
	for _, name := range fileNames(t, dir) {
		assert.False(t, strings.HasPrefix(name, ".") || strings.Contains(name, "tmp") || strings.Contains(name, "partial"), "left over: %s", name)
		if k.left != nil && !strings.HasPrefix(name, "kept.") {
			left = append(left, name)
		}
	}
	if len(k.left) > 0 {
		assert.Equal(t, k.left, left)
	}
	for _, suffix := range []string{".meta", ".index", ".0"} {
		assert.True(t, bytes.Equal(readFile(t, rec+suffix), readFile(t, filepath.Join(dir, "kept"+suffix))), "kept%s was changed", suffix)
	}
}

// start starts the verb in a folder. The test's own binary is the program.
func (k killTest) start(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	cmd := &exec.Cmd{Path: path, Args: append([]string{"pcparchive"}, k.args...), Dir: dir}
	require.NoError(t, cmd.Start())
	return cmd
}

// killInputs writes what the verbs read and returns where it is.
func killInputs(t *testing.T) func(name string) string {
	t.Helper()
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	var page bytes.Buffer
	page.WriteString("# TYPE a gauge\n")
	for series := range 400 {
		for at := range 50 {
			fmt.Fprintf(&page, "a{instance=\"h%d:1\",n=\"%d\"} %d %d\n", series%8, series, rand.N(1000), 1767323040+60*at)
		}
	}
	page.WriteString("# EOF\n")
	require.NoError(t, os.WriteFile(in("page.om"), page.Bytes(), 0o600))
	for _, args := range [][]string{
		{"import", "prom-file", "page.om", "-o", "rec"},
		{"export", "tsdb", "rec", "-o", "data"},
		{"export", "openmetrics", "rec", "--start", "start", "-o", "all.om"},
	} {
		require.NoError(t, killTest{args: args}.start(t, dir).Wait(), "%v", args)
	}
	return in
}

// recorderArgs serves a page and returns how to record it.
func recorderArgs(t *testing.T, out string) []string {
	t.Helper()
	var page bytes.Buffer
	for series := range 100 {
		fmt.Fprintf(&page, "a{n=\"%d\"} %d\n", series, series)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(page.Bytes()) }))
	t.Cleanup(server.Close)
	return []string{"import", "prom-url", "web=" + server.URL, "-o", out, "--append", "--interval", "20ms", "--duration", "200ms"}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(name)
	require.NoError(t, err)
	return raw
}

func fileNames(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// stamps returns the times of an archive's records. What is damaged is an error.
func stamps(t *testing.T, base string) (all []pcp.Timestamp) {
	t.Helper()
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	for step, err := range r.Steps(history.Query{All: true}) {
		require.NoError(t, err)
		all = append(all, step.Stamp)
	}
	return all
}

// wholeOrNone wants an archive to have so many records, 0: always as many, unless
// it has no metadata, and removes it so that the next run has something to do.
func wholeOrNone(name string, records int) func(t *testing.T, dir string) {
	return func(t *testing.T, dir string) {
		t.Helper()
		base := filepath.Join(dir, name)
		if _, err := os.Stat(base + ".meta"); err != nil {
			return
		}
		got := len(stamps(t, base))
		if records == 0 {
			records = got
		}
		assert.Equal(t, records, got)
		for _, name := range fileNames(t, dir) {
			if base, ok := archive.BaseOf(name); ok && base != "kept" {
				require.NoError(t, os.Remove(filepath.Join(dir, name)))
			}
		}
	}
}

// wholeBlocks wants the blocks of a folder to be readable.
func wholeBlocks(t *testing.T, dir string) {
	t.Helper()
	blocks, err := write.Overlapping(dir, 0, 1<<62)
	require.NoError(t, err)
	if len(blocks) == 0 {
		return
	}
	want := int64(0)
	for _, b := range blocks {
		want += int64(b.Samples)
	}
	damaged := func(d *read.Damage) {
		assert.ErrorContains(t, d, "tmp-for-", "anything but what was being written")
	}
	r, err := read.Open(context.Background(), []string{dir}, read.Options{Damaged: damaged})
	require.NoError(t, err)
	n := sampleCount(0)
	require.NoError(t, r.Samples(context.Background(), &n))
	require.NoError(t, r.Close())
	assert.Equal(t, want, int64(n))
}

// sampleCount counts samples.
type sampleCount int64

// Append counts a batch.
func (c *sampleCount) Append(_ *prom.Series, batch []prom.Sample) error {
	*c += sampleCount(len(batch))
	return nil
}

// Flush does nothing.
func (*sampleCount) Flush(context.Context) error { return nil }

// Close does nothing.
func (*sampleCount) Close() error { return nil }

// wholeText wants a file to be as it was or as it becomes.
func wholeText(name string, want []byte) func(t *testing.T, dir string) {
	return func(t *testing.T, dir string) {
		t.Helper()
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			require.ErrorIs(t, err, os.ErrNotExist)
			return
		}
		assert.True(t, bytes.Equal(want, got), "%s is not whole", name)
	}
}

// prefixKept wants an archive to have all records that it had before.
func prefixKept(name string) func(t *testing.T, dir string) {
	var before []pcp.Timestamp
	return func(t *testing.T, dir string) {
		t.Helper()
		base := filepath.Join(dir, name)
		if r, err := archive.Open(base, nil); len(before) == 0 && (err != nil || r == nil) {
			return // killed before its first record
		}
		now := stamps(t, base)
		require.GreaterOrEqual(t, len(now), len(before))
		assert.True(t, slices.Equal(before, now[:len(before)]), "records are gone")
		before = now
	}
}
