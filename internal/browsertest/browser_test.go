package browsertest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/serve"
)

// web is the folder of the page's sources.
const web = "../../web"

// stall is what web1 does while its disk stalls.
func stall(d time.Duration) moment {
	m := quiet()
	if d >= 65*time.Minute && d < 80*time.Minute {
		m.wait, m.load, m.busy, m.written = .5, 38, [2]float64{.99, .01}, [2]float64{90_000, 20}
		m.processes[3] = process{.2, 50_000, 8.8e7}
	}
	return m
}

// pressed is what db1 does while its memory is short.
func pressed(d time.Duration) moment {
	m := quiet()
	if d >= 30*time.Minute && d < 42*time.Minute {
		m.available, m.swapped, m.load = .02, 3000, 9
	}
	return m
}

// runaway is what the third host does: one process takes all CPUs.
func runaway(d time.Duration) moment {
	m := quiet()
	if d >= 100*time.Minute && d < 110*time.Minute {
		m.user, m.load = .95, 12
		m.processes[3] = process{3.8, 60_000, 0}
	}
	return m
}

// archives writes the archives of three hosts over two hours. Web1 was not recorded for
// 20 minutes.
func archives(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, x := range []spec{
		{base: "web1-a", host: "web1", to: 85 * time.Minute, at: stall},
		{base: "web1-b", host: "web1", from: 105 * time.Minute, to: 120 * time.Minute, at: stall},
		{base: "db1", host: "db1", hostname: "db1.example.org", to: 120 * time.Minute, at: pressed, bare: true},
		{base: "evil", host: "evil " + attack[:60], to: 120 * time.Minute, at: runaway, hostile: true},
	} {
		x.write(t, dir)
	}
	return dir
}

// start serves archives with the real server, and returns its address.
func start(t testing.TB, paths ...string) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	s, err := serve.New(ctx, serve.Options{Paths: paths, Listen: []string{"127.0.0.1:0"}, Rescan: -1, Version: "test"})
	if err != nil {
		stop()
	}
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		assert.NoError(t, <-ended)
	})
	return s.Addresses()[0]
}

// outcome is a line that web/test/run.mjs writes: what became of a test.
type outcome struct {
	Test   string
	Error  string
	Figure string // of a measurement
	Millis int
}

// node runs web/test/run.mjs with arguments and returns what it writes. It skips the test
// if a program is absent.
func node(t testing.TB, args ...string) (all []outcome) {
	t.Helper()
	program := oracle.Path(t, "node")
	chromium := oracle.Path(t, "chromium")
	if _, err := os.Stat(filepath.Join(web, "node_modules", "playwright-core")); err != nil {
		oracle.Missing(t, "playwright-core: run `npm ci` in web")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 9*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append([]string{"test/run.mjs"}, args...)...)
	cmd.Dir = web
	cmd.Env = append(os.Environ(), "CHROMIUM="+chromium)
	var faults bytes.Buffer
	cmd.Stderr = &faults
	out, err := cmd.Output()
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var o outcome
		require.NoError(t, json.Unmarshal(lines.Bytes(), &o), lines.Text())
		all = append(all, o)
	}
	require.NoError(t, err, "%s", faults.String())
	return all
}

// TestPage drives every screen. Each test of web/test is a subtest.
func TestPage(t *testing.T) {
	dir := archives(t)
	all := node(t, start(t, dir))
	require.NotEmpty(t, all)
	for _, o := range all {
		if strings.HasPrefix(o.Test, "compare ranks") {
			t.Run("as_diff", func(t *testing.T) { ranksAsDiff(t, dir, o.Figure) })
		}
		t.Run(strings.ReplaceAll(o.Test, " ", "_"), func(t *testing.T) {
			t.Logf("%d ms", o.Millis)
			assert.Empty(t, o.Error)
		})
	}
}
