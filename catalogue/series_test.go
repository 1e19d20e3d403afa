package catalogue_test

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/catalogue"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/query"
	"github.com/pcparchive/pcparchive/store"
)

var everything = labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, ".+")

// always are times before and after every record.
var always = [2]int64{math.MinInt64 / 4, math.MaxInt64 / 4}

func open(t testing.TB, paths ...string) []*store.Set {
	t.Helper()
	h, err := store.Open(paths, nil)
	require.NoError(t, err)
	return h.Sets()
}

// seriesOf returns the labels of a catalogue's series.
func seriesOf(t testing.TB, v *catalogue.View, from, to int64, m ...*labels.Matcher) (map[string]labels.Labels, *catalogue.Selection) {
	t.Helper()
	s, err := v.Select(t.Context(), pcp.TimestampMilli(from), pcp.TimestampMilli(to), m...)
	require.NoError(t, err)
	found := map[string]labels.Labels{}
	for ls := range s.Series() {
		found[ls.String()] = ls
	}
	return found, s
}

// valued returns the labels of the series that have values.
func valued(t testing.TB, sets []*store.Set, from, to int64, m ...*labels.Matcher) map[string]labels.Labels {
	t.Helper()
	q, err := query.NewStorage(sets, query.Options{MaxSamples: math.MaxInt}).Querier(from, to)
	require.NoError(t, err)
	found := map[string]labels.Labels{}
	set := q.Select(t.Context(), false, nil, m...)
	for set.Next() {
		found[set.At().Labels().String()] = set.At().Labels()
	}
	require.NoError(t, set.Err())
	return found
}

// unnamed reports whether a series is of an instance that no metadata named.
func unnamed(ls labels.Labels) bool { return ls.Get("instname") == "" && ls.Get("instid") != "" }

// covers asserts that a catalogue has all series with values but those that it says it may
// lack.
func covers(t *testing.T, found, real map[string]labels.Labels, s *catalogue.Selection) {
	t.Helper()
	for text, ls := range real {
		if found[text].IsEmpty() && !unnamed(ls) && !slices.Contains(s.Unsure(), ls.Get(model.MetricNameLabel)) {
			assert.Fail(t, "missing", text)
		}
	}
}

// described returns the labels of the series that a Flattener makes if each metric has a
// value for each instance in each state of the metadata.
func described(t testing.TB, set *store.Set) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for r := range set.Readers() {
		for d := range r.Meta().Metrics() {
			if !d.Type.IsNumeric() && !naming.HoldsHistograms(r.Meta(), d) {
				continue
			}
			for _, at := range states(r, d) {
				// A Flattener for each state: the names are not to depend on others.
				sink := prom.SinkFunc(func(p *prom.Series, _ []prom.Sample) error {
					b := labels.NewScratchBuilder(0)
					b.Add(model.MetricNameLabel, p.Name)
					for _, l := range p.Labels {
						b.Add(l.Name, l.Value)
					}
					b.Sort()
					found[b.Labels().String()] = true
					return nil
				})
				f := flatten.New(sink, flatten.Options{TargetLabels: true, Host: set.Host()})
				in, _ := r.Meta().InDomAt(d.InDom, at)
				mv := history.MetricValues{InDom: in}
				for _, s := range r.SeriesAt(d, at) {
					mv.Metric = s.Metric
					v := history.Value{Type: d.Type, Inst: s.Inst.ID}
					if d.Type == pcp.TypeAggregate {
						v.Data = []byte{}
					}
					mv.Points = append(mv.Points, history.Point{Series: s, Value: v})
				}
				if mv.Metric != nil {
					require.NoError(t, f.Put(&history.Step{Stamp: at, Metrics: []history.MetricValues{mv}}))
				}
			}
		}
	}
	return found
}

// states returns the times at which the description of a metric may change.
func states(r *archive.Reader, d *meta.Desc) []pcp.Timestamp {
	all := []pcp.Timestamp{r.Header().Start}
	add := func(t pcp.Timestamp) {
		if t.After(r.Header().Start) {
			all = append(all, t)
		}
	}
	for l := range r.Meta().AllLabels() {
		add(l.Stamp)
	}
	for in := range r.Meta().InDomVersions(d.InDom) {
		add(in.Stamp)
	}
	return all
}

// TestSeriesOfRandomArchives compares in both directions: the catalogue has what was
// described, and no series with values but those lacks.
func TestSeriesOfRandomArchives(t *testing.T) {
	for seed := range uint64(150) {
		base := filepath.Join(t.TempDir(), "rec")
		archtest.Random(t, base, seed, archtest.RandomOptions{Text: seed%2 == 0, Twins: seed%3 == 0, Gaps: seed%5 == 0})
		sets := open(t, base)
		found, s := seriesOf(t, catalogue.New(catalogue.Options{}).View(sets), always[0], always[1], everything)
		covers(t, found, valued(t, sets, always[0], always[1], everything), s)
		want := map[string]bool{}
		for text := range described(t, sets[0]) {
			name := strings.SplitN(strings.SplitN(text, model.MetricNameLabel+`="`, 2)[1], `"`, 2)[0]
			if !slices.Contains(s.Unsure(), name) {
				want[text] = true
			}
		}
		got := map[string]bool{}
		for text, ls := range found {
			if !slices.Contains(s.Unsure(), ls.Get(model.MetricNameLabel)) {
				got[text] = true
			}
		}
		require.Equal(t, want, got, "seed %d", seed)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// TestSeriesInTimes asks about parts of the time of several random archives of one host.
func TestSeriesInTimes(t *testing.T) {
	dir := t.TempDir()
	for seed := range uint64(6) {
		archtest.Random(t, filepath.Join(dir, fmt.Sprint("rec", seed)), seed, archtest.RandomOptions{})
	}
	sets := open(t, dir)
	v := catalogue.New(catalogue.Options{}).View(sets)
	start := archtest.Start.Milli()
	for from := start - 1000; from < start+3*3600_000; from += 677_000 {
		for _, length := range []int64{0, 5000, 3600_000} {
			found, s := seriesOf(t, v, from, from+length, everything)
			covers(t, found, valued(t, sets, from, from+length, everything), s)
		}
	}
	end, err := sets[0].End()
	require.NoError(t, err)
	found, _ := seriesOf(t, v, end.Milli()+10, end.Milli()+20, everything)
	assert.Empty(t, found, "after all archives")
	found, _ = seriesOf(t, v, start-20, start-10, everything)
	assert.Empty(t, found, "before all archives")
}

// TestMatchers compares matchers with a look at every series.
func TestMatchers(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	archtest.Random(t, base, 7, archtest.RandomOptions{})
	v := catalogue.New(catalogue.Options{}).View(open(t, base))
	all, _ := seriesOf(t, v, always[0], always[1])
	require.NotEmpty(t, all)
	for _, matcher := range []struct {
		kind        labels.MatchType
		name, value string
	}{
		{labels.MatchEqual, "instname", "sda"},
		{labels.MatchEqual, "instname", ""},
		{labels.MatchNotEqual, "instname", "sda"},
		{labels.MatchNotEqual, "instname", ""},
		{labels.MatchRegexp, "instname", "sd.|"},
		{labels.MatchRegexp, "a", ".+"},
		{labels.MatchNotRegexp, "a", "x.*"},
		{labels.MatchEqual, "none", ""},
		{labels.MatchEqual, "none", "x"},
		{labels.MatchRegexp, model.MetricNameLabel, "random.*0"},
	} {
		m := labels.MustNewMatcher(matcher.kind, matcher.name, matcher.value)
		want, names, values := []string{}, map[string]bool{}, map[string]bool{}
		for text, ls := range all {
			if m.Matches(ls.Get(m.Name)) {
				want = append(want, text)
				ls.Range(func(l labels.Label) { names[l.Name] = true })
				if a := ls.Get("instname"); a != "" {
					values[a] = true
				}
			}
		}
		got, s := seriesOf(t, v, always[0], always[1], m)
		assert.ElementsMatch(t, want, slices.Collect(maps.Keys(got)), "%s", m)
		assert.Equal(t, slices.Sorted(maps.Keys(names)), s.LabelNames(), "%s", m)
		assert.Equal(t, slices.Sorted(maps.Keys(values)), s.LabelValues("instname"), "%s", m)
	}
}

// TestSeriesOfCorpus compares with the values of real archives.
func TestSeriesOfCorpus(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(oracle.Corpus(t), "archives", "*.meta*"))
	require.NoError(t, err)
	for _, file := range files {
		h, err := store.Open([]string{file}, nil)
		if err != nil || h.Sets()[0].DataSize() > 1<<19 {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			found, s := seriesOf(t, catalogue.New(catalogue.Options{}).View(h.Sets()), always[0], always[1], everything)
			covers(t, found, valued(t, h.Sets(), always[0], always[1], everything), s)
		})
	}
}
