package diff_test

import (
	"math"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/diff"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// begin is the time of the first record of the test archives.
var begin = time.Unix(1_700_000_000, 0).UTC()

// sample is what the records of a test archive hold.
type sample struct {
	load   float64
	disks  []string
	reads  []any // a second
	extra  string
	labels string
	units  pcp.Units
}

// write writes an archive of a minute.
func write(t *testing.T, x sample) (string, diff.Side) {
	base := filepath.Join(t.TempDir(), "rec")
	b, err := archive.NewBuilder(base, "web1", nil)
	require.NoError(t, err)
	load := b.Metric("kernel.load", pcp.TypeDouble, pcp.SemInstant, pcp.Units{})
	reads := b.Metric("disk.read", pcp.TypeU64, pcp.SemCounter, pcp.Units{DimCount: 1}, x.disks...)
	steady := b.Metric("steady", pcp.TypeU64, pcp.SemInstant, x.units)
	zero := b.Metric("zero", pcp.TypeDouble, pcp.SemInstant, pcp.Units{})
	b.Metric(x.extra, pcp.TypeU32, pcp.SemInstant, pcp.Units{}).Set(1)
	labels, err := labelset.Parse(x.labels, labelset.Context)
	require.NoError(t, err)
	require.NoError(t, b.Appender().SetLabels(&meta.Labels{
		Stamp: pcp.TimestampOf(begin), Level: labelset.Context, Ident: meta.ContextIdent, Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: labels}},
	}))
	for i := range 7 {
		load.Set(x.load)
		counts := make([]any, len(x.reads))
		for j, r := range x.reads {
			counts[j] = r.(int) * 10 * i
		}
		reads.Set(counts...)
		steady.Set(7)
		zero.Set(x.load - 1)
		require.NoError(t, b.Record(begin.Add(time.Duration(i)*10*time.Second)))
	}
	require.NoError(t, b.Close())
	set := storetest.Open(t, base)
	return base, diff.Side{Set: set}
}

// sides are two archives that differ in every way.
func sides(t *testing.T) (bases [2]string, a, b diff.Side) {
	bases[0], a = write(t, sample{load: 1, disks: []string{"sda", "sdb", "old"}, reads: []any{10, 100, 1}, extra: "gone", labels: `{"role":"db"}`})
	bases[1], b = write(t, sample{load: 3, disks: []string{"sda", "sdb", "new"}, reads: []any{11, 20, 1}, extra: "come", labels: `{"role":"web"}`, units: pcp.Units{DimSpace: 1}})
	return bases, a, b
}

func TestCompare(t *testing.T) {
	_, a, b := sides(t)
	r, err := diff.Compare(t.Context(), a, b, diff.Options{})
	require.NoError(t, err)
	assert.Equal(t, []string{"gone"}, r.OnlyA)
	assert.Equal(t, []string{"come"}, r.OnlyB)
	require.Len(t, r.Redescribed, 1)
	assert.Equal(t, "steady", r.Redescribed[0].Metric)
	assert.Equal(t, []diff.Series{{Metric: "disk.read", Instance: "old"}}, r.MissingB)
	assert.Equal(t, []diff.Series{{Metric: "disk.read", Instance: "new"}}, r.MissingA)
	assert.Contains(t, r.Labels, diff.LabelChange{Name: "role", A: `"db"`, B: `"web"`, Series: 5})
	require.Len(t, r.Changes, 3)
	assert.Equal(t, diff.Series{Metric: "zero"}, r.Changes[0].Series, "from zero: the largest change")
	assert.True(t, math.IsInf(r.Changes[0].Ratio(), 1))
	assert.Equal(t, diff.Series{Metric: "disk.read", Instance: "sdb"}, r.Changes[1].Series)
	assert.InDelta(t, .2, r.Changes[1].Ratio(), 1e-9)
	assert.Equal(t, diff.Series{Metric: "kernel.load"}, r.Changes[2].Series)
	assert.InDelta(t, 3, r.Changes[2].Ratio(), 1e-9)
	assert.Equal(t, 1, r.Same, "disk.read of sda grew by a tenth")

	r, err = diff.Compare(t.Context(), a, b, diff.Options{Threshold: 1.05, Metrics: func(d *meta.Desc) bool { return d.Matches("disk") }})
	require.NoError(t, err)
	assert.Empty(t, r.OnlyA)
	assert.Len(t, r.Changes, 2)
	assert.Zero(t, r.Same)
}

// A thing does not differ from itself.
func TestSame(t *testing.T) {
	_, a, _ := sides(t)
	r, err := diff.Compare(t.Context(), a, a, diff.Options{Threshold: 1})
	require.NoError(t, err)
	assert.Empty(t, r.OnlyA)
	assert.Empty(t, r.OnlyB)
	assert.Empty(t, r.Redescribed)
	assert.Empty(t, r.MissingA)
	assert.Empty(t, r.MissingB)
	assert.Empty(t, r.Labels)
	assert.Empty(t, r.Changes)
	assert.Positive(t, r.Same)
}

// pmdiffLine is a line of pmdiff: averages, ratio, series.
var pmdiffLine = regexp.MustCompile(`^\s*([\d.]+)\s+([\d.]+)\s+(\S+)\s+(\S+)( \[.*\])?$`)

// TestPmdiff compares the averages and the ratios with the reference's.
func TestPmdiff(t *testing.T) {
	bases, a, b := sides(t)
	r, err := diff.Compare(t.Context(), a, b, diff.Options{})
	require.NoError(t, err)
	ours := map[string][2]float64{}
	for _, c := range r.Changes {
		name := c.Metric
		if c.Instance != "" {
			name += " [" + c.Instance + "]"
		}
		ours[name] = [2]float64{c.A, c.B}
	}
	theirs := map[string][2]float64{}
	for line := range strings.Lines(oracle.Run(t, "pmdiff", bases[0], bases[1])) {
		f := pmdiffLine.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if f == nil {
			continue
		}
		var v [2]float64
		for i := range v {
			v[i], err = strconv.ParseFloat(f[i+1], 64)
			require.NoError(t, err)
		}
		theirs[f[4]+strings.ReplaceAll(strings.ReplaceAll(f[5], `"`, ""), "'", "")] = v
	}
	assert.Equal(t, len(ours), len(theirs), "%v", theirs)
	for name, v := range ours {
		assert.InDelta(t, v[0], theirs[name][0], 1e-3, name)
		assert.InDelta(t, v[1], theirs[name][1], 1e-3, name)
	}
}
