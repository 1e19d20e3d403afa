package expo

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
)

// parse reads a page that must be good.
func parse(t testing.TB, page string, contentType string) []Entry {
	t.Helper()
	var entries []Entry
	for e, err := range Page([]byte(page), contentType, nil) {
		require.NoError(t, err, "page:\n%s", shorten(page))
		entries = append(entries, e)
	}
	return entries
}

func shorten(page string) string {
	const enough = 4000
	return page[:min(len(page), enough)]
}

// pageOf writes a page.
func pageOf(t testing.TB, families []Family, o Options) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, Write(&b, families, o))
	return b.String()
}

// group turns entries into families, the later of equal samples winning.
func group(entries []Entry) []Family {
	var families []Family
	index := map[string]int{}
	for _, e := range latest(entries) {
		k := e.Family.Name + "\xff" + e.Family.Type
		n, ok := index[k]
		if !ok {
			n = len(families)
			index[k] = n
			families = append(families, Family{})
		}
		families[n].Family = e.Family
		families[n].Samples = append(families[n].Samples, e.Sample)
	}
	return families
}

// latest drops all but the last in time of each series.
func latest(entries []Entry) []Entry {
	var kept []Entry
	index := map[string]int{}
	for _, e := range entries {
		n, ok := index[id(e.Name, e.Labels)]
		if !ok {
			index[id(e.Name, e.Labels)] = len(kept)
			kept = append(kept, e)
		} else if !e.HasTime || e.Time >= kept[n].Time {
			kept[n] = e
		}
	}
	return kept
}

// id names a series.
func id(name string, labels []prom.Label) string {
	var b strings.Builder
	b.WriteString(name)
	for _, l := range labels {
		fmt.Fprintf(&b, ",%q=%q", l.Name, l.Value)
	}
	return b.String()
}

// scrapeTime is the time of samples that have none of their own.
const scrapeTime = 1_700_000_000_123

// record takes entries the way of a recording, through PCP steps: what a page
// said at scrapeTime, as the archive's reader would give it back.
func record(t testing.TB, entries []Entry) []Family {
	t.Helper()
	report := &prom.Report{}
	m, err := mapper.New(mapper.Options{Host: "test.example", Report: report})
	require.NoError(t, err)
	source, err := m.Source(mapper.Target{Name: "page", Job: "test", Instance: "test.example:80"})
	require.NoError(t, err)
	snapshot := NewSnapshot(SnapshotOptions{})
	flattener := flatten.New(snapshot, flatten.Options{Report: report})
	for _, at := range byTime(entries) {
		source.Begin(stamp(at[0].Time))
		for _, e := range at {
			series, err := source.Series(e.Name, e.Labels, e.Family)
			require.NoError(t, err)
			source.Set(series, e.Value)
		}
		require.NoError(t, flattener.Put(source.Step()))
	}
	for _, loss := range report.Losses() {
		require.Equal(t, prom.LossSameTime, loss.Loss, "%s lost", loss.Name)
	}
	return snapshot.Families()
}

// byTime gives every entry a time and splits them by it, oldest first.
func byTime(entries []Entry) [][]Entry {
	timed := slices.Clone(entries)
	for i := range timed {
		if !timed[i].HasTime {
			timed[i].Time, timed[i].HasTime = scrapeTime, true
		}
	}
	slices.SortStableFunc(timed, func(a, b Entry) int { return cmp.Compare(a.Time, b.Time) })
	var steps [][]Entry
	for i, e := range timed {
		if i == 0 || e.Time != timed[i-1].Time {
			steps = append(steps, nil)
		}
		last := &steps[len(steps)-1]
		*last = append(*last, e)
	}
	return steps
}

func stamp(ms int64) pcp.Timestamp {
	return pcp.Timestamp{Sec: ms / 1000, Nsec: int32(ms % 1000 * 1_000_000)}
}

// difference says what became of entries on their way through a page, as
// sorted, distinct sentences; none if nothing changed. A lost sample, a changed
// value or time are sentences too.
func difference(before, after []Entry) []string {
	found := map[string]bool{}
	got := map[string]Entry{}
	for _, e := range after {
		got[id(e.Name, e.Labels)] = e
	}
	for _, e := range before {
		k := id(e.Name, e.Labels)
		now, ok := got[k]
		if !ok {
			found["lost: "+id(e.Name, e.Labels)] = true
			continue
		}
		delete(got, k)
		for _, s := range changes(e, now) {
			found[s] = true
		}
	}
	for k := range got {
		found["new: "+k] = true
	}
	var out []string
	for s := range found {
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

// changes compares one sample before and after.
func changes(e, now Entry) (said []string) {
	add := func(differ bool, format string, args ...any) {
		if differ {
			said = append(said, fmt.Sprintf(format, args...))
		}
	}
	was, is := e.Family, now.Family
	add(was.Type != is.Type, "%s becomes %s", was.Type, is.Type)
	switch {
	case was.Name == is.Name:
	case is.Name == now.Name:
		add(true, "%s: family named by its sample", was.Type)
	case was.Name == is.Name+"_total":
		add(true, "%s: family loses _total", was.Type)
	case was.Name == is.Name+"_created":
		add(true, "%s: created joins family", was.Type)
	default:
		add(true, "family %s becomes %s", was.Name, is.Name)
	}
	add(was.Unit != is.Unit, "%s: unit %q becomes %q", was.Type, was.Unit, is.Unit)
	add(was.Help != is.Help, "%s: help %q becomes %q", was.Type, was.Help, is.Help)
	add(!same(e.Value, now.Value), "%s: value %v becomes %v", e.Name, e.Value, now.Value)
	add(e.HasTime != now.HasTime || e.Time != now.Time, "%s: time %d becomes %d", e.Name, e.Time, now.Time)
	return said
}

// same reports whether two values are the same to the sign of zero.
func same(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || math.IsNaN(a) && math.IsNaN(b)
}

// order returns the names of families in the order of their first samples.
func order(entries []Entry) []string {
	var names []string
	for _, e := range entries {
		if !slices.Contains(names, e.Family.Name) {
			names = append(names, e.Family.Name)
		}
	}
	return names
}

// timed sets the times of entries that have none.
func timed(entries []Entry) []Entry {
	out := slices.Clone(entries)
	for i := range out {
		if !out[i].HasTime {
			out[i].Time, out[i].HasTime = scrapeTime, true
		}
	}
	return out
}
