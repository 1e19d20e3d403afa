package rewrite_test

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite"
)

// after returns the time so many seconds after the sample's start.
func after(sec int64) pcp.Timestamp {
	t := archtest.Start
	t.Sec += sec
	return t
}

// steps describes the records of an archive: seconds since the sample's start,
// metrics and instances.
func steps(t *testing.T, base string) (all []string) {
	t.Helper()
	for step, err := range open(t, base)[0].Steps(history.Query{}) {
		require.NoError(t, err)
		line := fmt.Sprint(step.Stamp.Sec - archtest.Start.Sec)
		if step.Mark {
			line += " mark"
		}
		for _, m := range step.Metrics {
			line += " " + strings.TrimPrefix(m.Metric.Name, "sample.")
			for _, p := range m.Points {
				if p.Series.Inst.ID != pcp.InstNull {
					line += "[" + p.Series.Inst.Name + "]"
				}
			}
		}
		all = append(all, line)
	}
	return all
}

func matchers(t *testing.T, text string) []rewrite.Matcher {
	t.Helper()
	m, err := rewrite.ParseMatchers(text)
	require.NoError(t, err)
	return m
}

func TestSelection(t *testing.T) {
	for _, tt := range []struct {
		name string
		o    rewrite.Options
		want []string
	}{
		{"metric", rewrite.Options{Metrics: []string{"sample.count"}}, []string{"0 count", "1 count", "2 count", "3 mark", "4 count"}},
		{"PMID", rewrite.Options{Metrics: []string{"60.4.0"}}, []string{"0 release", "1 release", "2 release", "3 mark"}},
		{"alias and pattern", rewrite.Options{Metrics: []string{"sample.alias", "sample.?oad"}}, []string{
			"0 load[one][five] bytes", "1 load[one][five][ten] bytes", "2 load[one][ten] bytes", "3 mark", "4 load",
		}},
		{"start", rewrite.Options{Start: after(2), Metrics: []string{"sample.load"}}, []string{"2 load[one][ten]", "3 mark", "4 load"}},
		{"end", rewrite.Options{End: after(1), Metrics: []string{"sample.load"}}, []string{"0 load[one][five]", "1 load[one][five][ten]"}},
		{"start at a mark", rewrite.Options{Start: after(3)}, []string{"4 count load"}},
		{"instance label", rewrite.Options{Labels: matchers(t, `n=5`)}, []string{"0 load[five]", "1 load[five]", "3 mark"}},
		{"labels", rewrite.Options{Labels: matchers(t, `{agent=~"sam.*", n!="1", unit="min"}`)}, []string{"0 load[five]", "1 load[five][ten]", "2 load[ten]", "3 mark", "4 load"}},
		{"compound label", rewrite.Options{Labels: matchers(t, `site.rack="3", group!~".+"`)}, []string{"0 bytes count release", "1 bytes count release", "2 bytes count release", "3 mark", "4 count"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
				out, report := copyOf(t, tt.o, archtest.Sample(t, v))
				assert.Equal(t, tt.want, steps(t, out))
				assert.Equal(t, len(tt.want), report.Records)
				assert.Empty(t, report.Losses)
				assert.Equal(t, v, open(t, out)[0].Header().Version)
				assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", out))
			})
		})
	}
}

// TestSelectionKeepsWhatIsNeeded: of the metadata what the values need is there,
// as of its time, and nothing else.
func TestSelectionKeepsWhatIsNeeded(t *testing.T) {
	out, _ := copyOf(t, rewrite.Options{Metrics: []string{"sample.load"}, Start: after(1)}, archtest.Sample(t, pcp.V3))
	r := open(t, out)[0]
	assert.Equal(t, after(1), r.Header().Start)
	assert.Equal(t, ":UTC", r.Header().ZoneInfo)
	var names []string
	for d := range r.Meta().Metrics() {
		names = append(names, d.Name())
	}
	assert.Equal(t, []string{"sample.load"}, names)
	assert.Equal(t, "The load,\nat length.", r.Meta().Help(archtest.Load.PMID))
	series := r.SeriesAt(archtest.Load, after(1))
	require.Len(t, series, 3)
	set, err := series[0].Merged()
	require.NoError(t, err)
	for name, value := range map[string]string{"n": "1", "agent": "sample", "group": "2", "unit": "min", "site.rack": "3"} {
		assert.Equal(t, value, set.Text(name), name)
	}
	for l := range r.Meta().AllLabels() {
		assert.Equal(t, after(1), l.Stamp)
		assert.NotEqual(t, labelset.Level(0), l.Level)
	}
	text, ok := r.Meta().Text(9, uint32(archtest.Domain))
	assert.True(t, ok)
	assert.Equal(t, "periods", text)
}

func TestSelectionErrors(t *testing.T) {
	sample := archtest.Sample(t, pcp.V3)
	dir := t.TempDir()
	for name, o := range map[string]rewrite.Options{
		"no such metric and no subtree": {Metrics: []string{"sample.nothing"}},
		"syntax error in pattern":       {Metrics: []string{"sample.["}},
		"nothing is selected":           {Start: after(100)},
	} {
		_, err := rewrite.Copy(t.Context(), filepath.Join(dir, "out"), open(t, sample), o)
		require.ErrorContains(t, err, name)
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, entries)
	for text, want := range map[string]string{
		"": "want at least one", "{a=b": "} is missing", `a=~"("`: "missing closing", `a b`: "want NAME=", `a="\q"`: "invalid syntax",
	} {
		_, err := rewrite.ParseMatchers(text)
		require.ErrorContains(t, err, want, "%q", text)
	}
}

// TestCopyNeverOverwrites, and leaves nothing of its own when it fails.
func TestCopyNeverOverwrites(t *testing.T) {
	sample := archtest.Sample(t, pcp.V3)
	_, _, volume := archtest.Members(t, sample)
	for name, content := range map[string][]byte{"out.meta": []byte("precious"), "out.5": volume, "out.index.xz": []byte("precious")} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o644))
		_, err := rewrite.Copy(t.Context(), filepath.Join(dir, "out"), open(t, sample), rewrite.Options{})
		require.ErrorIs(t, err, fs.ErrExist)
		assert.ErrorContains(t, err, name)
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		assert.Len(t, entries, 1)
	}
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, o := range []rewrite.Options{{}, {Metrics: []string{"sample"}}} {
		_, err := rewrite.Copy(ctx, filepath.Join(dir, "out"), open(t, sample), o)
		require.ErrorIs(t, err, context.Canceled)
	}
	_, err := rewrite.Copy(t.Context(), filepath.Join(dir, "out"), nil, rewrite.Options{})
	require.Error(t, err)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, entries)
}

// wide writes an archive with what version 2 cannot hold.
func wide(t *testing.T, h archive.Header, stamps ...pcp.Timestamp) string {
	t.Helper()
	base := filepath.Join(t.TempDir(), "wide")
	a, err := archive.Create(base, h, &archive.WriteOptions{AsIs: true}) // without a zone
	require.NoError(t, err)
	require.NoError(t, a.Define(archtest.Count))
	for i, at := range stamps {
		require.NoError(t, a.Append(&archive.Result{Stamp: at, Sets: []archive.ValueSet{
			{PMID: archtest.Count.PMID, Values: []history.Value{history.WordValue(pcp.InstNull, uint32(i))}},
		}}))
	}
	require.NoError(t, a.Close())
	return base
}

// TestLosses: each is refused, naming it, unless it is allowed; then it is named
// and all else is there. Both ways of copying do so.
func TestLosses(t *testing.T) {
	at := func(sec int64, nsec int32) pcp.Timestamp { return pcp.Timestamp{Sec: sec, Nsec: nsec} }
	for name, tt := range map[string]struct {
		header archive.Header
		stamps []pcp.Timestamp
		want   []rewrite.LossCount
		values int
	}{
		"nanoseconds": {archive.Header{}, []pcp.Timestamp{at(1, 1000), at(2, 1001), at(3, 999999999)}, []rewrite.LossCount{
			{Loss: rewrite.LossFraction, Count: 2, First: "time 2.000001001 has a fraction finer than v2 stores"}}, 3},
		"2038": {archive.Header{}, []pcp.Timestamp{at(math.MaxInt32, 0), at(math.MaxInt32+1, 0)}, []rewrite.LossCount{
			{Loss: rewrite.LossTime, Count: 1, First: "time 2147483648.000000000"}}, 1},
		"zoneinfo": {archive.Header{ZoneInfo: ":Europe/Berlin"}, []pcp.Timestamp{at(1, 0)}, []rewrite.LossCount{
			{Loss: rewrite.LossZoneInfo, First: `zoneinfo ":Europe/Berlin"`}}, 1},
		"features": {archive.Header{Features: 1 << 31}, []pcp.Timestamp{at(1, 0)}, []rewrite.LossCount{
			{Loss: rewrite.LossFeatures, First: "feature bits 0x80000000"}}, 1},
		"strings": {archive.Header{Host: strings.Repeat("h", 80)}, []pcp.Timestamp{at(1, 0)}, []rewrite.LossCount{
			{Loss: rewrite.LossString, First: fmt.Sprintf("%q", strings.Repeat("h", 80))}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			in := wide(t, tt.header, tt.stamps...)
			for _, o := range []rewrite.Options{{Version: pcp.V2}, {Version: pcp.V2, Metrics: []string{"sample"}}} {
				_, err := rewrite.Copy(t.Context(), filepath.Join(t.TempDir(), "out"), open(t, in), o)
				require.ErrorIs(t, err, rewrite.ErrLoss)
				require.ErrorContains(t, err, tt.want[0].First)
				o.Lossy = true
				out, report := copyOf(t, o, in)
				require.Len(t, report.Losses, 1)
				got := report.Losses[0]
				assert.Equal(t, tt.want[0].First, got.First)
				assert.Equal(t, tt.want[0].Loss, got.Loss)
				if tt.want[0].Count > 0 && len(o.Metrics) > 0 {
					assert.Equal(t, tt.want[0].Count, got.Count)
				}
				assert.Equal(t, tt.values, report.Records)
				assert.Len(t, steps(t, out), tt.values)
				assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", out))
			}
		})
	}
}

// TestDeltasBecomeComplete: version 2 has no deltas, and its reader sees the same
// domains.
func TestDeltasBecomeComplete(t *testing.T) {
	in := archtest.Sample(t, pcp.V3)
	out, _ := copyOf(t, rewrite.Options{Version: pcp.V2, Lossy: true}, in)
	a, b := open(t, in)[0].Meta(), open(t, out)[0].Meta()
	assert.Positive(t, a.Counts()[pcp.KindInDomDelta])
	assert.Zero(t, b.Counts()[pcp.KindInDomDelta])
	for sec := range int64(5) {
		want, _ := a.InDomAt(archtest.Domain, after(sec))
		got, _ := b.InDomAt(archtest.Domain, after(sec))
		assert.Equal(t, want.Instances, got.Instances)
	}
}

// TestConflictingInputs: metrics that contradict each other cannot be in one
// archive.
func TestConflictingInputs(t *testing.T) {
	one := archtest.Sample(t, pcp.V3)
	other := filepath.Join(t.TempDir(), "other")
	a, err := archive.Create(other, archtest.Header, nil)
	require.NoError(t, err)
	d := *archtest.Count
	d.Type = pcp.TypeU64
	require.NoError(t, a.Define(&d))
	require.NoError(t, a.Define(archtest.Release))
	require.NoError(t, a.Append(&archive.Result{Stamp: after(10), Sets: []archive.ValueSet{{PMID: d.PMID}, {PMID: archtest.Release.PMID}}}))
	require.NoError(t, a.Close())
	_, err = rewrite.Copy(t.Context(), filepath.Join(t.TempDir(), "out"), open(t, one, other), rewrite.Options{})
	require.ErrorIs(t, err, rewrite.ErrLoss)
	require.ErrorContains(t, err, "type changes")
	out, report := copyOf(t, rewrite.Options{Lossy: true}, one, other)
	assert.Equal(t, rewrite.LossMetric, report.Losses[0].Loss)
	got := steps(t, out)
	assert.Equal(t, []string{"4 mark", "10 release"}, got[len(got)-2:])

	foreign := wide(t, archive.Header{Host: "elsewhere"}, after(20))
	_, err = rewrite.Copy(t.Context(), filepath.Join(t.TempDir(), "out"), open(t, one, foreign), rewrite.Options{})
	require.ErrorIs(t, err, pcp.ErrMismatch)
	require.ErrorContains(t, err, "elsewhere")
}
