package compare

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
)

var (
	compare = flag.Bool("compare", false, "measure, which takes minutes")
	runs    = flag.Int("runs", 5, "measurements of each command, after one that does not count")
	write   = flag.String("write", "", "file whose table to replace")
)

// row is a comparison: ours beside the reference's, nil where it has none.
type row struct {
	what      string
	ours, ref []string
	rate      float64 // what ours processes, for a rate
	unit      string
}

// figures are the medians of a command's runs.
type figures struct {
	wall, cpu time.Duration
	peak      int64 // KiB
}

func TestCompare(t *testing.T) {
	if !*compare {
		t.Skip("measures only with -compare")
	}
	dir := t.TempDir()
	big := filepath.Join(dir, "big")
	grow(t, big)
	ours := filepath.Join(dir, "pcparchive")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", ours, "github.com/pcparchive/pcparchive/cmd/pcparchive")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	table := &strings.Builder{}
	fmt.Fprintf(table, "| command | wall | CPU | peak memory | reference | its wall | its peak | time ratio |\n|---|--:|--:|--:|---|--:|--:|--:|\n")
	for _, r := range rows(t, ours, big, dir) {
		measure(t, table, dir, r)
	}
	size := int64(0)
	for _, suffix := range []string{".0", ".meta", ".index"} {
		info, err := os.Stat(big + suffix)
		require.NoError(t, err)
		size += info.Size()
	}
	head := fmt.Sprintf("Archive: %d MB, %s. Machine: %s/%s, %d processors. Medians of %d runs, ours and the reference's in turn.\n\n",
		size/1e6, "6.0 million values", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), *runs)
	t.Log("\n" + head + table.String())
	if *write != "" {
		replaceTable(t, *write, head+table.String())
	}
}

// rows lists what is compared.
func rows(t *testing.T, ours, big, dir string) []row {
	t.Helper()
	const values = growRecords * (singulars + 2*domains*perDomain)
	return []row{
		{"open and show the label", []string{ours, "info", "--metrics", big}, []string{oracle.Path(t, "pmdumplog"), "-d", big}, 0, ""},
		{"`dump`: print every value", []string{ours, "dump", "-z", big}, []string{oracle.Path(t, "pmdumplog"), "-z", big}, values, "values"},
		{"`export tsdb`: archive to blocks", []string{ours, "export", "tsdb", big, "-o", filepath.Join(dir, "data")}, nil, values, "samples"},
		{"`query`: rate of one metric, whole range", []string{ours, "query", "rate(grown_group0_metric1[5m])", big, "--step", "1m"}, nil, values, "values passed"},
	}
}

// measure runs a row and adds its line to the table.
func measure(t *testing.T, table *strings.Builder, dir string, r row) {
	t.Helper()
	var ours, ref []figures
	for i := range *runs + 1 {
		require.NoError(t, os.RemoveAll(filepath.Join(dir, "data")))
		a := run(t, r.ours)
		var b figures
		if r.ref != nil {
			b = run(t, r.ref)
		}
		if i > 0 { // the first warms the page cache
			ours, ref = append(ours, a), append(ref, b)
		}
	}
	o, b := median(ours), median(ref)
	what := r.what
	if r.rate > 0 {
		what += fmt.Sprintf(" (%.1f M %s/s)", r.rate/o.wall.Seconds()/1e6, r.unit)
	}
	fmt.Fprintf(table, "| %s | %.2f s | %.2f s | %d MB |", what, o.wall.Seconds(), o.cpu.Seconds(), o.peak/1000)
	if r.ref == nil {
		fmt.Fprintf(table, " – | | | |\n")
		return
	}
	fmt.Fprintf(table, " %s | %.2f s | %d MB | **%.2f** |\n", filepath.Base(r.ref[0]), b.wall.Seconds(), b.peak/1000, o.wall.Seconds()/b.wall.Seconds())
}

// run runs a command, whose output is read and dropped.
func run(t *testing.T, args []string) figures {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &discard{}, &stderr
	began := time.Now()
	err := cmd.Run()
	f := figures{wall: time.Since(began)}
	require.NoError(t, err, "%s: %s", args, stderr.String())
	f.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	f.peak = peakMemory(cmd.ProcessState)
	return f
}

// discard reads through a pipe, as a user's program would.
type discard struct{}

// Write drops p.
func (*discard) Write(p []byte) (int, error) { return len(p), nil }

func median(all []figures) figures {
	pick := func(less func(a, b figures) int) figures {
		s := slices.Clone(all)
		slices.SortFunc(s, less)
		return s[len(s)/2]
	}
	return figures{
		wall: pick(func(a, b figures) int { return int(a.wall - b.wall) }).wall,
		cpu:  pick(func(a, b figures) int { return int(a.cpu - b.cpu) }).cpu,
		peak: pick(func(a, b figures) int { return int(a.peak - b.peak) }).peak,
	}
}

// replaceTable puts the table between its two marks in a file.
func replaceTable(t *testing.T, path, table string) {
	t.Helper()
	const from, to = "<!-- compare -->\n", "<!-- /compare -->"
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(text), from)
	require.True(t, ok, "%s has no %s", path, from)
	_, after, ok := strings.Cut(rest, to)
	require.True(t, ok, "%s has no %s", path, to)
	require.NoError(t, os.WriteFile(path, []byte(before+from+"\n"+table+"\n"+to+after), 0o644))
}
