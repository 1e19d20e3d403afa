package query

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// TestOnly reads hosts by the names in the labels of their archives, also where the label
// hostname has another value, the same one for all.
func TestOnly(t *testing.T) {
	dir := t.TempDir()
	for i, host := range []string{"a", "b", "c"} {
		a, err := archive.Create(filepath.Join(dir, host), archive.Header{Host: host, Zone: "UTC", Start: stamp(0)}, nil)
		require.NoError(t, err)
		w := &writer{t: t, base: filepath.Join(dir, host), a: a}
		require.NoError(t, a.SetLabels(hostnameLabels(t, "localhost")))
		w.record(0, one(counter, 1), metricValues{desc: instant, v: map[pcp.InstID]float64{1: float64(i)}})
		w.open()
	}
	e := newSetEngine(t, Options{}, filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "c"))
	name := naming.PrometheusName(instant.Names[0])
	for _, x := range []struct {
		hosts []string
		want  float64
	}{{nil, 3}, {[]string{"b"}, 1}, {[]string{"c", "a", "c"}, 2}} {
		only, err := e.Only(x.hosts)
		require.NoError(t, err)
		q, err := only.Instant(t.Context(), "count({__name__=\""+name+"\"})", at(1))
		require.NoError(t, err)
		res := q.Exec(t.Context())
		require.NoError(t, res.Err)
		v, err := res.Vector()
		require.NoError(t, err)
		require.Len(t, v, 1)
		assert.InDelta(t, x.want, v[0].F, 0, "%v", x.hosts)
		q.Close()
		assert.Equal(t, x.hosts != nil, Narrowed(only.Storage()))

		listed, valued := seriesOf(t, only, 0, 10, labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, ".+"))
		assert.Equal(t, valued, listed)
		assert.Len(t, listed, 2*int(x.want))
		querier, err := only.storage.Querier(at(0).UnixMilli(), at(10).UnixMilli())
		require.NoError(t, err)
		hosts, _, err := querier.LabelValues(t.Context(), "hostname", nil)
		require.NoError(t, err)
		assert.Len(t, hosts, int(x.want), "where hosts call themselves alike, their archives' hosts distinguish them: %v", hosts)
	}
	_, err := e.Only([]string{"a", "localhost"})
	unknown := (*UnknownHostError)(nil)
	require.ErrorAs(t, err, &unknown)
	assert.Equal(t, "localhost", unknown.Host)
}

// TestOnlySelectors reads several selectors of one query of some hosts.
func TestOnlySelectors(t *testing.T) {
	sets := []*store.Set{parallelHost(t, "x"), parallelHost(t, "y")}
	only, err := NewEngine(sets, Options{}).Only([]string{"y"})
	require.NoError(t, err)
	q, err := only.Range(t.Context(), "rate(m_count[1m]) + m_count", time.Unix(0, 0), time.Unix(200, 0), 10*time.Second)
	require.NoError(t, err)
	defer q.Close()
	res := q.Exec(t.Context())
	require.NoError(t, res.Err)
	m, err := res.Matrix()
	require.NoError(t, err)
	assert.Len(t, m, 1)
}
