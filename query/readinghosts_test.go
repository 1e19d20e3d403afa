package query

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Archives of hosts that are not asked for are not read.
func TestReadsNothingOfOtherHosts(t *testing.T) {
	w := newWriter(t)
	set, err := labelset.New(labelset.Context, labelset.String("hostname", "renamed"))
	require.NoError(t, err)
	require.NoError(t, w.a.SetLabels(&meta.Labels{
		Stamp: stamp(0), Level: labelset.Context, Ident: meta.ContextIdent,
		Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: set}},
	}))
	w.record(0, one(counter, 3))
	e := newEngine(t, w.open(), Options{})
	for m, want := range map[*labels.Matcher]int{
		labels.MustNewMatcher(labels.MatchEqual, "hostname", "h"):       1, // that of the archive
		labels.MustNewMatcher(labels.MatchEqual, "hostname", "renamed"): 1,
		labels.MustNewMatcher(labels.MatchEqual, "hostname", "other"):   0,
		labels.MustNewMatcher(labels.MatchRegexp, "hostname", "x|re.*"): 1,
		labels.MustNewMatcher(labels.MatchRegexp, "hostname", "o.*"):    0,
		labels.MustNewMatcher(labels.MatchRegexp, "hostname", "o.*|"):   1,
		labels.MustNewMatcher(labels.MatchNotEqual, "hostname", "h"):    1,
	} {
		s := &selection{ctx: t.Context(), querier: &querier{set: e.storage.sets[0]}, set: e.storage.sets[0], matchers: []*labels.Matcher{m}}
		assert.Len(t, s.plan(stamp(0), stamp(1)).metrics, want, m)
	}
}

// Hosts are told apart by their labels; what has the same labels is one series.
func TestHosts(t *testing.T) {
	dir := t.TempDir()
	for i, host := range []string{"a", "b"} {
		a, err := archive.Create(filepath.Join(dir, host), archive.Header{Host: host, Zone: "UTC", PID: 1}, nil)
		require.NoError(t, err)
		w := &writer{t: t, a: a}
		w.record(float64(10*i), one(counter, float64(i)))
		w.record(float64(60+10*i), one(counter, float64(10+i)))
		require.NoError(t, a.Close())
	}
	e := newSetEngine(t, Options{}, dir)
	assert.Equal(t, []string{
		`{__name__="c_counter", hostname="a"} 10`, `{__name__="c_counter", hostname="b"} 11`,
	}, now(t, e, 70, "c_counter"))
	assert.Equal(t, []string{"{} 21"}, now(t, e, 70, "sum(c_counter)"))
	q, err := e.storage.Querier(at(0).UnixMilli(), at(100).UnixMilli())
	require.NoError(t, err)
	hosts, _, err := q.LabelValues(context.Background(), "hostname", &storage.LabelHints{})
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, hosts)
}

// TestLongLabel has a value that Prometheus' labels cannot hold, as an instance
// of a spoiled archive may have.
func TestLongLabel(t *testing.T) {
	long := &prom.Series{Name: "m", Labels: []prom.Label{{Name: "instname", Value: strings.Repeat("v", 1<<24)}}}
	assert.Nil(t, (&selection{}).match(long))
}
