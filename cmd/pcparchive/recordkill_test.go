package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/exporterfleet"
	"github.com/pcparchive/pcparchive/internal/oracle"
)

// recording is the verb record with a fleet of exporters.
type recording struct {
	t     *testing.T
	fleet *exporterfleet.Fleet
	dir   string // of the archives
	file  string // prometheus.yml
	args  []string
	log   *lockedText
	cmd   *exec.Cmd
}

// lockedText is text that one goroutine writes and others read.
type lockedText struct {
	file string
	f    *os.File
}

func (l *lockedText) String() string {
	text, _ := os.ReadFile(l.file) // it exists
	return string(text)
}

func newRecording(t *testing.T, dir string, o exporterfleet.Options) *recording {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs signals")
	}
	o.Keep = true
	fleet, err := exporterfleet.Start(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, fleet.Close()) })
	other := t.TempDir()
	r := &recording{t: t, fleet: fleet, dir: dir, file: filepath.Join(other, "prometheus.yml"), log: &lockedText{file: filepath.Join(other, "log")}}
	config := "global: {scrape_interval: 250ms, scrape_timeout: 250ms, body_size_limit: 10MB}\nscrape_configs:\n" + fleet.Config("node", 0, o.Targets)
	require.NoError(t, os.WriteFile(r.file, []byte(config), 0o600))
	r.log.f, err = os.Create(r.log.file)
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.log.f.Close() })
	r.args = []string{"pcparchive", "record", "--config", r.file, "-o", dir, "--max-size", "0", "--min-free", "0"}
	return r
}

// start starts the verb. The test's own binary is the program.
func (r *recording) start() {
	r.t.Helper()
	path, err := os.Executable()
	require.NoError(r.t, err)
	r.cmd = &exec.Cmd{Path: path, Args: r.args, Stdout: r.log.f, Stderr: r.log.f}
	require.NoError(r.t, r.cmd.Start())
	cmd := r.cmd
	r.t.Cleanup(func() { _ = cmd.Process.Kill() }) // it has usually ended
}

// stop ends the verb as a user does.
func (r *recording) stop() {
	r.t.Helper()
	require.NoError(r.t, r.cmd.Process.Signal(syscall.SIGTERM))
	_ = r.cmd.Wait() // interrupted
	assert.NotContains(r.t, r.log.String(), "panic")
}

// until waits until the log has a text n times.
func (r *recording) until(text string, n int) {
	r.t.Helper()
	require.Eventually(r.t, func() bool { return strings.Count(r.log.String(), text) >= n }, 2*time.Minute, 20*time.Millisecond, "%s", text)
}

// pages waits until the fleet has sent so many further pages.
func (r *recording) pages(n int64) {
	r.t.Helper()
	want := r.fleet.Total() + n
	require.Eventually(r.t, func() bool { return r.fleet.Total() >= want }, 2*time.Minute, 10*time.Millisecond, "%s", r.log)
}

// checked returns what the archives hold. pmlogcheck must accept them all.
func (r *recording) checked() map[string][]exporterfleet.Record {
	r.t.Helper()
	metas, err := filepath.Glob(filepath.Join(r.dir, "*", "*.meta"))
	require.NoError(r.t, err)
	for _, meta := range metas {
		base := strings.TrimSuffix(meta, ".meta")
		require.Equal(r.t, oracle.Result{}, oracle.Exec(r.t, "pmlogcheck", base), base)
	}
	all, err := exporterfleet.Recorded(r.dir)
	require.NoError(r.t, err)
	return all
}

// TestRecordKilled kills the verb at random moments under load. Afterwards each archive is
// valid, and every scrape is there once that had ended before a kill: Prometheus' scraper
// asks a target again only when the scrape before is recorded. With killsVariable, every
// scrape must be there that was answered more than 100 ms before a kill, not counting the time
// during which the machine stood still: a scrape is written before it ends, without a buffer.
func TestRecordKilled(t *testing.T) {
	kills, strict := 5, false
	if n, err := strconv.Atoi(os.Getenv(killsVariable)); err == nil {
		kills, strict = n, true
	}
	bad := exporterfleet.Bad()
	r := newRecording(t, filepath.Join(t.TempDir(), "rec"), exporterfleet.Options{
		Targets: 30, Series: 60, Churn: 3,
		Behave: func(n int) exporterfleet.Behaviour {
			if n < len(bad) {
				return bad[n]
			}
			return exporterfleet.Good
		},
	})
	r.args = append(r.args, "--volume-size", "60kB", "--compress", "gzip")
	stalls := watchStalls(t, t.TempDir())
	type life struct{ began, killed time.Time }
	var lives []life
	for n := range kills {
		r.start()
		// The fleet may still answer a request of the recorder that was killed before.
		r.until("msg=recording", n+n/20+1)
		one := life{began: time.Now()}
		r.pages(1)
		time.Sleep(rand.N(2 * time.Second))
		one.killed = time.Now()
		require.NoError(t, r.cmd.Process.Kill())
		_ = r.cmd.Wait() // killed
		lives = append(lives, one)
		if n%20 == 19 {
			r.start()
			r.pages(30)
			r.stop()
			r.checked()
		}
	}
	r.start()
	r.pages(30)
	r.stop()
	all := r.checked()
	scrapes, before := 0, 0
	for target := len(bad); target < 30; target++ {
		times := map[int64]int{}
		for _, rec := range all[fmt.Sprint("t", target)] {
			times[rec.Scrape]++
			require.True(t, rec.Scrape == 0 || times[rec.Scrape] == 1, "target %d: scrape %d is there twice", target, rec.Scrape)
		}
		answers := r.fleet.Answers(target)
		for _, l := range lives {
			for i, a := range answers {
				if a.Asked.Before(l.began) || a.Done.After(l.killed) {
					continue
				}
				scrapes++
				again := i+1 < len(answers) && answers[i+1].Asked.Before(l.killed)
				if !again && (!strict || l.killed.Sub(a.Done)-stalls.within(a.Done, l.killed) <= 100*time.Millisecond) {
					continue
				}
				before++
				first := i == 0 || answers[i-1].Asked.Before(l.began)
				assert.True(t, times[a.Scrape] > 0 || failedAt(all[fmt.Sprint("t", target)], a.Asked),
					"target %d: scrape %d was answered at %s, %s before the kill; first after the start: %t", target, a.Scrape, a.Done, l.killed.Sub(a.Done), first)
			}
		}
	}
	if t.Failed() {
		t.Logf("%s", r.log)
	}
	t.Logf("%d kills; %d scrapes, of which %d had to be there", kills, scrapes, before)
	assert.Positive(t, before)
}

// failedAt reports whether a scrape failed whose request the fleet saw at a time. On a loaded
// machine a page may come after the timeout, and the fleet may see the request much later.
func failedAt(records []exporterfleet.Record, at time.Time) bool {
	for _, rec := range records {
		if early := at.Sub(rec.Time); rec.Scrape == 0 && early > -time.Second && early < 10*time.Second {
			return true
		}
	}
	return false
}

// TestTwoRecorders starts a second recorder in the folder of a running one.
func TestTwoRecorders(t *testing.T) {
	r := newRecording(t, filepath.Join(t.TempDir(), "rec"), exporterfleet.Options{Targets: 2, Series: 5})
	r.start()
	r.pages(4)
	path, err := os.Executable()
	require.NoError(t, err)
	out, err := (&exec.Cmd{Path: path, Args: r.args}).CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(out), fmt.Sprint("process ", r.cmd.Process.Pid))
	r.pages(4)
	r.stop()
	for _, records := range r.checked() {
		last := int64(0)
		for _, rec := range records {
			if rec.Scrape != 0 {
				assert.Equal(t, last+1, rec.Scrape)
				last = rec.Scrape
			}
		}
		assert.Positive(t, last)
	}
}
