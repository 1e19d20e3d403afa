package soak

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/exporterfleet"
	"github.com/pcparchive/pcparchive/internal/oracle"
)

var (
	soak     = flag.Bool("soak", false, "run the tests of this package")
	binary   = flag.String("binary", "", "program to test; empty means one that is built from this source")
	targets  = flag.Int("targets", 5000, "number of targets")
	series   = flag.Int("series", 200, "series of a target")
	churn    = flag.Int("churn", 0, "series of a target that others replace with each scrape")
	own      = flag.Bool("own", false, "the labels of each target's series differ from those of others")
	interval = flag.Duration("interval", 10*time.Second, "scrape interval")
	minutes  = flag.Float64("minutes", 10, "duration of a run")
	hanging  = flag.Float64("hanging", 1, "percentage of targets that hang")
	churned  = flag.Int("churned", 1000, "scrapes of TestChurn, one a second")
	extra    = flag.String("record", "", "further options of the recorder, separated by blanks")
)

// recorder is a running recorder.
type recorder struct {
	t      *testing.T
	cmd    *exec.Cmd
	dir    string
	output *bytes.Buffer
	ended  chan error
}

// build returns the program to test.
func build(t *testing.T) string {
	t.Helper()
	if !*soak {
		t.Skip("give -soak to run this for minutes")
	}
	if *binary != "" {
		return *binary
	}
	path := filepath.Join(t.TempDir(), "pcparchive")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "../../cmd/pcparchive")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

// start runs the recorder with scrape configurations of Prometheus.
func start(t *testing.T, program, jobs string) *recorder {
	t.Helper()
	dir, err := os.MkdirTemp("", "soak")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	r := &recorder{t: t, dir: filepath.Join(dir, "rec"), output: &bytes.Buffer{}, ended: make(chan error, 1)}
	timeout := max(*interval-*interval/10, 10*time.Millisecond)
	config := fmt.Sprintf("global: {scrape_interval: %s, scrape_timeout: %s}\nscrape_configs:\n%s", model.Duration(*interval), model.Duration(timeout), jobs)
	file := filepath.Join(dir, "prometheus.yml")
	require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
	args := append([]string{"record", "--config", file, "-o", r.dir, "--max-size", "0", "--min-free", "0"}, strings.Fields(*extra)...)
	r.cmd = exec.CommandContext(t.Context(), program, args...)
	r.cmd.Stderr, r.cmd.Stdout = r.output, r.output
	require.NoError(t, r.cmd.Start())
	go func() { r.ended <- r.cmd.Wait() }()
	return r
}

// stop ends the recorder as a user does.
func (r *recorder) stop() {
	r.t.Helper()
	require.NoError(r.t, r.cmd.Process.Signal(syscall.SIGTERM), "%s", r.output)
	if err := <-r.ended; err != nil {
		r.t.Log(err)
	}
	lines := slices.DeleteFunc(strings.Split(strings.TrimSpace(r.output.String()), "\n"), func(line string) bool {
		return strings.Contains(line, "context deadline exceeded")
	})
	r.t.Logf("the recorder's log has %d lines; the last ones:\n%s", len(lines), strings.Join(lines[max(0, len(lines)-12):], "\n"))
}

// cpu returns the processor time of the recorder so far.
func (r *recorder) cpu() time.Duration { return oracle.ProcessorTime(r.cmd.Process.Pid) }

// memory returns the bytes of memory that are not shared with files.
func (r *recorder) memory() int64 { return oracle.Memory(r.cmd.Process.Pid) }

// delay returns how long after its answer the last scrape of a target was written to its
// archive. ok is false if the target sent nothing for a while, or is just sending.
func (r *recorder) delay(f *exporterfleet.Fleet, target int) (d time.Duration, ok bool) {
	_, last := f.Served(target)
	if last.Scrape == 0 || time.Since(last.Done) < 1500*time.Millisecond {
		return 0, false
	}
	volumes, err := filepath.Glob(filepath.Join(r.dir, fmt.Sprintf("t%d", target), "*.[0-9]*"))
	if err != nil {
		return 0, false
	}
	var written time.Time
	for _, name := range volumes {
		if info, err := os.Stat(name); err == nil && info.ModTime().After(written) {
			written = info.ModTime()
		}
	}
	if _, again := f.Served(target); again.Scrape != last.Scrape {
		return 0, false
	}
	if written.Before(last.Done.Add(-25 * time.Millisecond)) { // files have the time of the last clock tick
		return time.Since(last.Done), true
	}
	return max(0, written.Sub(last.Done)), true
}

// sizes returns the bytes of metadata and of data in the folder.
func (r *recorder) sizes() (meta, data int64) {
	_ = filepath.WalkDir(r.dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil
		}
		info, err := e.Info()
		switch {
		case err != nil:
		case strings.HasSuffix(path, ".meta"):
			meta += info.Size()
		case !strings.HasSuffix(path, ".index"):
			data += info.Size()
		}
		return nil
	})
	return meta, data
}
