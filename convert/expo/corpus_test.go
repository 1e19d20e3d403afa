package expo_test

import (
	"bytes"
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/assemble"
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/internal/oracle"
)

const (
	// Archives whose dump is larger do not take the way there and back, and those
	// that are larger as text not that as text, so that the test is quick.
	mostDumped = 20 << 20
	mostText   = 1 << 20
	// mostSamples of each family are on the page for promtool.
	mostSamples = 50
)

// tooLarge are the archives whose dump is larger.
var tooLarge = []string{
	"20180415.09.16", "20180416", "pcp-atop-threads", "pcp-free-tera", "pcp-pidstat-process-states",
}

// notAsText are archives that do not come back exactly as text, and why.
var notAsText = map[string]string{
	"tricky_4_507": "labels that come 0.5 ms after the first values: in Prometheus' time they are of one moment",
}

// TestCorpusArchives takes every archive of the corpus through dumps and back,
// and has promtool read their pages.
func TestCorpusArchives(t *testing.T) {
	t.Parallel()
	bases := oracle.Archives(t, "archives", false)
	pages := make([]string, len(bases))
	t.Run("back", func(t *testing.T) {
		for i, base := range bases {
			t.Run(filepath.Base(base), func(t *testing.T) {
				t.Parallel()
				r, err := archive.Open(base, nil)
				require.NoError(t, err)
				snapshot := expo.NewSnapshot(expo.SnapshotOptions{})
				out := fanout{snapshot}
				if !slices.Contains(tooLarge, filepath.Base(base)) {
					store := write.NewStore(t.TempDir(), nil)
					defer func() { assert.NoError(t, store.Close()) }()
					out = append(out, store)
				}
				f := flatten.New(sinktest.Sink(out), flatten.Options{Host: r.Header().Host})
				require.NoError(t, convert.Copy(t.Context(), f, convert.FromArchive(r, history.Query{})))
				pages[i] = pageFor(t, snapshot.Families(), fmt.Sprintf("a%d_", i))
				if len(out) > 1 {
					for _, format := range []expo.Format{expo.OpenMetrics, expo.Text} {
						dumpAndBack(t, out[1].(*write.Store), format, cmp.Or(r.Header().Host, "unknown"))
					}
				}
			})
		}
	})
	t.Run("promtool", func(t *testing.T) {
		said := checkMetrics(t, strings.Join(pages, ""))
		assert.Equal(t, remarks, said.Exit, said.Stderr)
		assert.NotContains(t, said.Stderr, "error while linting")
	})
}

// fanout hands samples to several.
type fanout []prom.SampleSink

func (f fanout) Sample(p *prom.Series, t int64, v float64) error {
	for _, dst := range f {
		if err := sinktest.Put(dst, p, t, v); err != nil {
			return err
		}
	}
	return nil
}

// dumpAndBack takes what an archive holds through a dump to another archive, and
// demands that this holds the same, but for what text cannot say, which is counted.
func dumpAndBack(t *testing.T, from *write.Store, format expo.Format, host string) {
	t.Helper()
	losses := &prom.Report{}
	var dump bytes.Buffer
	require.NoError(t, expo.WriteDump(&dump, from, expo.Options{Format: format, PCP: true}, losses))
	assert.Less(t, dump.Len(), mostDumped)
	if format == expo.Text && (dump.Len() > mostText || notAsText[filepath.Base(t.Name())] != "") {
		return
	}
	want, counted, rounded := expected(t, from, format)
	assert.Equal(t, counted, losses.Losses())
	if len(want) == 0 {
		return
	}
	back, report := backOf(t, dump.Bytes(), format, host, hostLabels(from))
	defer func() { assert.NoError(t, back.Close()) }()
	// The way back to samples says so of each metric that has several names.
	lost := slices.DeleteFunc(report.Losses(), func(l prom.LossCount) bool { return l.Loss == prom.LossNames })
	assert.Equal(t, rounded, lost)
	n := 0
	for p := range back.Series() {
		key := fmt.Sprint(p.Name, p.Labels)
		got := historyOf(t, back, p)
		was := want[key]
		require.NotNil(t, was, "%s: new: %s", format, key)
		for _, end := range got.ends {
			assert.True(t, was.over(end), "%s: %s: ends at %d", format, key, end)
		}
		if format == expo.OpenMetrics {
			assert.Empty(t, got.ends, key)
		}
		was.ends, got.ends = nil, nil
		require.Equal(t, was, got, "%s: %s", format, key)
		n++
	}
	assert.Len(t, want, n)
}

// expected returns what comes back of a dump, and what is lost on the way there
// and back.
func expected(t *testing.T, from *write.Store, format expo.Format) (want map[string]*seriesHistory, there, back []prom.LossCount) {
	t.Helper()
	var lost, rounded prom.Report
	want = map[string]*seriesHistory{}
	host := hostLabels(from)
	for p := range from.Series() {
		h := historyOf(t, from, p)
		lost.AddN(prom.LossStale, p.Name, int64(len(h.ends)))
		name, labels := p.Name, p.Labels
		switch {
		case format == expo.Text && native(p):
			labels = withLabels(labels, host)
			rounded.AddN(prom.LossRounded, p.PCPMetric.Name, h.beyond(p.PCPMetric.Desc.Type))
		case format == expo.OpenMetrics && h.family.Type == prom.TypeCounter:
			h.family.Name = strings.TrimSuffix(name, "_total")
			fallthrough
		default:
			h.origin = ""
		}
		if len(h.points) == 0 {
			continue
		}
		// Labels of the host belong to the archive: also before it knew them.
		key := fmt.Sprint(name, labels)
		if before := want[key]; before != nil {
			h.points = append(before.points, h.points...)
			slices.SortFunc(h.points, func(a, b bits) int { return cmp.Compare(a.t, b.t) })
			h.ends = append(before.ends, h.ends...)
		}
		want[key] = h
	}
	return want, lost.Losses(), rounded.Losses()
}

// native reports whether a series comes back as the PCP metric that it is: with a
// name that PCP allows.
func native(p *prom.Series) bool {
	for c := range strings.SplitSeq(p.PCPMetric.Name, ".") {
		if !naming.ValidComponent(c) {
			return false
		}
	}
	return true
}

// hostLabels returns the labels that belong to an archive, as its series have them.
func hostLabels(from *write.Store) []prom.Label {
	found := map[string]string{}
	for p := range from.Series() {
		for _, l := range p.Labels {
			switch l.Name {
			case "domainname", "machineid", "userid", "groupid", "containername":
				found[l.Name] = l.Value
			}
		}
	}
	var labels []prom.Label
	for name, value := range found {
		labels = append(labels, prom.Label{Name: name, Value: value})
	}
	return labels
}

// withLabels adds the labels that are not there.
func withLabels(labels, more []prom.Label) []prom.Label {
	all := slices.Clone(labels)
	for _, l := range more {
		if !slices.ContainsFunc(labels, func(x prom.Label) bool { return x.Name == l.Name }) {
			all = append(all, l)
		}
	}
	slices.SortFunc(all, func(a, b prom.Label) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// backOf makes an archive of a dump and returns what it holds.
func backOf(t *testing.T, dump []byte, format expo.Format, host string, external []prom.Label) (*write.Store, *prom.Report) {
	t.Helper()
	report := &prom.Report{}
	base := filepath.Join(t.TempDir(), "back")
	a, err := archive.Create(base, archive.Header{Host: host, Zone: "UTC"}, nil)
	require.NoError(t, err)
	m, err := mapper.New(mapper.Options{Host: host, External: external, Report: report})
	require.NoError(t, err)
	reader := expo.NewReader(inputOf(dump), expo.ReadOptions{Report: report})
	sorter := prom.NewSorter(assemble.New(convert.NewToArchive(a), m, assemble.Options{
		Natives: reader.Natives(host), Report: report,
	}), prom.SorterOptions{Report: report})
	require.NoError(t, reader.Samples(t.Context(), sorter))
	require.NoError(t, sinktest.Finish(sorter))
	if format == expo.Text || len(dump) > mostText {
		assert.Empty(t, oracle.Run(t, "pmlogcheck", base))
	}
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	store := write.NewStore(t.TempDir(), nil)
	flat := flatten.New(store, flatten.Options{Host: host, Report: report})
	require.NoError(t, convert.Copy(t.Context(), flat, convert.FromArchive(r, history.Query{})))
	return store, report
}
