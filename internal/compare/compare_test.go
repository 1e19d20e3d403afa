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
	groups  = flag.String("rows", "tools,store,http,pcp,record", "measure only these groups of rows")
	write   = flag.String("write", "", "file whose tables of these groups to replace")
)

// bench is what rows are made from.
type bench struct {
	t    *testing.T
	ours string // the command
	dir  string // for what is made
	big  string // the archive

	recordings []string // folders of recordings
}

// group makes rows of a table of its own.
type group struct {
	name string
	rows func(*bench) []row
	// table, if not nil, measures and prints a table that has a form of its own.
	table func(*bench) string
}

// allGroups are the tables in their order.
var allGroups = []group{
	{name: "tools", rows: func(b *bench) []row { return slices.Concat(readRows(b), rewriteRows(b), convertRows(b)) }},
	{name: "store", rows: func(b *bench) []row {
		m := newMaterial(b)
		return slices.Concat(longRows(b, m), compressedRows(b, m), cacheRows(b, m))
	}},
	{name: "http", rows: func(b *bench) []row { return httpRows(b, newMaterial(b)) }},
	{name: "pcp", rows: pcpRows},
	{name: "page", rows: func(b *bench) []row { return pageRows(b, newMaterial(b)) }},
	{name: "record", table: recordTable},
}

// row is a comparison: ours beside the reference's.
type row struct {
	what    string
	ours    []string // arguments of pcparchive
	ref     []string // the reference's command; nil: it has none
	refRuns int      // measurements of a slow reference; 0: as many as of ours
	out     string   // a folder for what both write, empty at each beginning
	prepare func()   // makes what the row reads, if it is measured

	more []*row     // whose commands follow ours, in the same measurement
	asks *questions // asked over HTTP in place of the commands
	self bool       // ours are arguments of this test program

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
	of       int64         // bytes, of which what ours has written is a fifth at most
}

// TestCompare measures every row, prints the table and names what is missed. A
// missed limit is no failure: machines differ.
func TestCompare(t *testing.T) {
	if !*compare {
		t.Skip("measures only with -compare")
	}
	dir := t.TempDir()
	b := &bench{t: t, ours: filepath.Join(dir, "pcparchive"), dir: dir, big: filepath.Join(dir, "big")}
	if wanted := strings.Split(*groups, ","); len(wanted) > 1 || wanted[0] != "record" {
		b.must(nil, os.Args[0], "-test.run=^TestGrow$", "-grow="+b.big)
	}
	b.must([]string{"CGO_ENABLED=0"}, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", b.ours, "github.com/pcparchive/pcparchive/cmd/pcparchive")

	floor := b.floor()
	measured := 0
	for _, g := range allGroups {
		if slices.Contains(strings.Split(*groups, ","), g.name) {
			measured += b.compare(g, floor)
		}
	}
	require.Positive(t, measured, "no row of %s is named %q", *groups, *only)
}

// compare measures the rows of a group, prints their table and returns their number.
func (b *bench) compare(g group, floor int64) int {
	if g.table != nil {
		text := g.table(b)
		b.t.Log("\n" + text)
		if *write != "" {
			require.Empty(b.t, *only, "a table of some rows is not kept")
			require.NoError(b.t, replaceTable(*write, g.name, text))
		}
		return 1
	}
	table := newTable(floor)
	for _, r := range g.rows(b) {
		if !strings.Contains(r.what, *only) {
			continue
		}
		ours, ref := b.measure(r)
		b.t.Log(table.add(r, ours, ref), "processor time", ours.cpu, "and", ref.cpu)
	}
	text := b.conditions() + table.String()
	b.t.Log("\n" + text)
	if *write != "" {
		require.Empty(b.t, *only, "a table of some rows is not kept")
		require.NoError(b.t, replaceTable(*write, g.name, text))
	}
	return len(table.lines)
}

// conditions says what was measured on what.
func (b *bench) conditions() string {
	size := int64(0)
	for _, suffix := range []string{".0", ".meta", ".index"} {
		size += b.size(b.big + suffix)
	}
	return fmt.Sprintf("Archive: %.0f MB with %.1f million values and %.0f KB of metadata. Machine: %s/%s, %d processors, %s. "+
		"%s, ours and the reference's in turn, their output read through a pipe, on %s%s.\n\n",
		float64(size)/1e6, growValues/1e6, float64(b.size(b.big+".meta"))/1e3, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), runsText(), time.Now().Format("2 January 2006"), load())
}

// runsText says what the figures are of.
func runsText() string {
	if *runs == 1 {
		return "One run of each"
	}
	return fmt.Sprintf("Medians of %d runs", *runs)
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
	require.NoError(t, os.WriteFile(path, []byte("before\n<!-- compare a -->\nold\n<!-- /compare -->\n<!-- compare b -->\nold\n<!-- /compare -->\nafter\n"), 0o644))
	require.NoError(t, replaceTable(path, "b", "new\n"))
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "before\n<!-- compare a -->\nold\n<!-- /compare -->\n<!-- compare b -->\n\nnew\n\n<!-- /compare -->\nafter\n", string(got))
	assert.Error(t, replaceTable(filepath.Join(t.TempDir(), "none"), "b", "new"))
	assert.ErrorContains(t, replaceTable(path, "c", "new"), "<!-- compare c -->")
}
