package compare

import (
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

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	compare = flag.Bool("compare", false, "measure, which takes minutes")
	runs    = flag.Int("runs", 5, "measurements of each command, after one that does not count")
	only    = flag.String("only", "", "measure only the rows whose name contains this")
	write   = flag.String("write", "", "file whose table to replace")
)

// bench is what rows are made from.
type bench struct {
	t    *testing.T
	ours string // the command
	dir  string // for what is made
	big  string // the archive
}

// row is a comparison: ours beside the reference's.
type row struct {
	what    string
	ours    []string // arguments of pcparchive
	ref     []string // the reference's command; nil: it has none
	refRuns int      // measurements of a slow reference; 0: as many as of ours
	out     string   // a folder for what both write, empty at each beginning
	prepare func()   // makes what the row reads, if it is measured

	amount float64 // that ours processes, for a rate
	unit   string
	limit  limit
}

// limit is what a row must keep; what is zero does not count.
type limit struct {
	ratio    float64       // of our time to the reference's
	wall     time.Duration // of ours
	rate     float64       // that ours has at least
	over     int64         // bytes of our peak memory beyond base
	base     int64         // bytes of memory that are no matter of the program
	memRatio float64       // of our peak memory to the reference's
}

// TestCompare measures every row, prints the table and names what is missed. A
// missed limit is no failure: machines differ.
func TestCompare(t *testing.T) {
	if !*compare {
		t.Skip("measures only with -compare")
	}
	dir := t.TempDir()
	b := &bench{t: t, ours: filepath.Join(dir, "pcparchive"), dir: dir, big: filepath.Join(dir, "big")}
	b.must(nil, os.Args[0], "-test.run=^TestGrow$", "-grow="+b.big)
	b.must([]string{"CGO_ENABLED=0"}, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", b.ours, "github.com/pcparchive/pcparchive/cmd/pcparchive")

	floor := b.floor()
	table := newTable(floor)
	for _, r := range slices.Concat(readRows(b), convertRows(b), cacheRows(b)) {
		if !strings.Contains(r.what, *only) {
			continue
		}
		ours, ref := b.measure(r)
		line := table.add(r, ours, ref)
		t.Log(line)
	}
	require.NotEmpty(t, table.lines, "no row is named %q", *only)
	text := b.conditions() + table.String()
	t.Log("\n" + text)
	if *write != "" {
		require.Empty(t, *only, "a table of some rows is not kept")
		require.NoError(t, replaceTable(*write, text))
	}
}

// conditions says what was measured on what.
func (b *bench) conditions() string {
	size := int64(0)
	for _, suffix := range []string{".0", ".meta", ".index"} {
		size += b.size(b.big + suffix)
	}
	return fmt.Sprintf("Archive: %.0f MB with %.1f million values and %.0f KB of metadata. Machine: %s/%s, %d processors, %s. "+
		"Medians of %d runs, ours and the reference's in turn, their output read through a pipe%s.\n\n",
		float64(size)/1e6, growValues/1e6, float64(b.size(b.big+".meta"))/1e3, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), *runs, load())
}

// load says what else the machine had to do: times and rates suffer from that,
// ratios less.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if fields := strings.Fields(string(text)); err == nil && len(fields) > 2 {
		return "; load average " + fields[1] + ", one process being ours"
	}
	return ""
}

func (b *bench) size(path string) int64 {
	info, err := os.Stat(path)
	require.NoError(b.t, err)
	return info.Size()
}

// must runs a command that prepares something.
func (b *bench) must(env []string, name string, args ...string) {
	b.t.Helper()
	cmd := exec.CommandContext(b.t.Context(), name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	require.NoError(b.t, err, "%s", out)
}

func TestReplaceTable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "doc.md")
	require.NoError(t, os.WriteFile(path, []byte("before\n<!-- compare -->\nold\n<!-- /compare -->\nafter\n"), 0o644))
	require.NoError(t, replaceTable(path, "new\n"))
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "before\n<!-- compare -->\n\nnew\n\n<!-- /compare -->\nafter\n", string(got))
	assert.Error(t, replaceTable(filepath.Join(t.TempDir(), "none"), "new"))
}
