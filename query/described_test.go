package query

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// seriesOf returns the labels of the series that Prometheus' API for series would list, and
// those that have samples.
func seriesOf(t *testing.T, e *Engine, from, to float64, m ...*labels.Matcher) (listed, valued []string) {
	t.Helper()
	q, err := e.storage.Querier(at(from).UnixMilli(), at(to).UnixMilli())
	require.NoError(t, err)
	read := func(hints *storage.SelectHints) (all []string) {
		set := q.Select(t.Context(), true, hints, m...)
		for set.Next() {
			all = append(all, set.At().Labels().String())
		}
		require.NoError(t, set.Err())
		return all
	}
	return read(&storage.SelectHints{Start: at(from).UnixMilli(), End: at(to).UnixMilli(), Func: "series"}), read(nil)
}

// TestSeriesOfRivals asks for metrics that share a name in PromQL: the one recorded first has
// it, which only values tell.
func TestSeriesOfRivals(t *testing.T) {
	first, second := define(11, "r.a_b", pcp.SemInstant, pcp.InDomNull), define(12, "r.a.b", pcp.SemInstant, pcp.NewInDomID(60, 1))
	w := newWriter(t)
	w.record(0, metricValues{desc: second, v: map[pcp.InstID]float64{1: 1}}, one(counter, 1))
	w.record(10, one(first, 2))
	e := newEngine(t, w.open(), Options{})
	want := []string{`{__name__="c_counter", hostname="h"}`, `{__name__="r_a_b", hostname="h", instname="i1"}`, `{__name__="r_a_b_2", hostname="h"}`}
	listed, valued := seriesOf(t, e, 0, 10, labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, ".+"))
	assert.Equal(t, want, listed)
	assert.Equal(t, want, valued)
	listed, _ = seriesOf(t, e, 0, 10, labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, "r_a_b_2"))
	assert.Equal(t, want[2:], listed)
	listed, _ = seriesOf(t, e, 0, 10, labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, "c_counter"))
	assert.Equal(t, want[:1], listed)
}

// TestSeriesOfSeveralNames lists a metric under each of its names.
func TestSeriesOfSeveralNames(t *testing.T) {
	d := define(13, "n.one", pcp.SemInstant, pcp.InDomNull)
	d.Names = append(d.Names, "n.two")
	w := newWriter(t)
	w.record(0, one(d, 1))
	listed, valued := seriesOf(t, newEngine(t, w.open(), Options{}), 0, 10, labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, "n_.+"))
	assert.Equal(t, []string{`{__name__="n_one", hostname="h"}`, `{__name__="n_two", hostname="h"}`}, listed)
	assert.Equal(t, valued, listed)
}

// TestSeriesWithoutInstances asks for a metric whose instances no record describes.
func TestSeriesWithoutInstances(t *testing.T) {
	w := newWriter(t)
	d := define(14, "u.unknown", pcp.SemInstant, pcp.NewInDomID(60, 9))
	require.NoError(t, w.a.Define(d))
	require.NoError(t, w.a.Append(&archive.Result{Stamp: stamp(0), Sets: []archive.ValueSet{{PMID: d.PMID, Values: nil}}}))
	w.record(1, one(counter, 1))
	e := newEngine(t, w.open(), Options{})
	listed, valued := seriesOf(t, e, 0, 10, labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, ".+"))
	assert.Equal(t, valued, listed)
}

// hostnameLabels are context labels that name a host.
func hostnameLabels(t *testing.T, name string) *meta.Labels {
	t.Helper()
	set, err := labelset.New(labelset.Context, labelset.String("hostname", name))
	require.NoError(t, err)
	return &meta.Labels{Stamp: stamp(0), Level: labelset.Context, Ident: meta.ContextIdent, Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: set}}}
}

// TestSeriesOfHosts lists series of hosts that call themselves alike as a query has them.
func TestSeriesOfHosts(t *testing.T) {
	dir := t.TempDir()
	for _, host := range []string{"a", "b"} {
		a, err := archive.Create(filepath.Join(dir, host), archive.Header{Host: host, Zone: "UTC", Start: stamp(0)}, nil)
		require.NoError(t, err)
		w := &writer{t: t, base: filepath.Join(dir, host), a: a}
		require.NoError(t, a.SetLabels(hostnameLabels(t, "localhost")))
		w.record(0, one(counter, 1), metricValues{desc: instant, v: map[pcp.InstID]float64{1: 1}})
		w.open()
	}
	e := newSetEngine(t, Options{}, filepath.Join(dir, "a"), filepath.Join(dir, "b"))
	for _, m := range []*labels.Matcher{
		labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, ".+"),
		labels.MustNewMatcher(labels.MatchEqual, "hostname", "b"),
		labels.MustNewMatcher(labels.MatchEqual, "hostname", "localhost"),
		labels.MustNewMatcher(labels.MatchEqual, "instname", ""),
	} {
		listed, valued := seriesOf(t, e, 0, 10, m)
		assert.Equal(t, valued, listed, "%s", m)
		q, err := e.storage.Querier(at(0).UnixMilli(), at(10).UnixMilli())
		require.NoError(t, err)
		hosts, _, err := q.LabelValues(t.Context(), "hostname", nil, m)
		require.NoError(t, err)
		assert.Equal(t, slices.ContainsFunc(valued, func(s string) bool { return s != "" }), len(hosts) > 0, "%s", m)
	}
}
