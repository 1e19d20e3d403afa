package query

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSeriesOfHostsAreToldApart: series of several hosts with equal labels stay
// several series, also where the new label makes one equal to a third.
func TestSeriesOfHostsAreToldApart(t *testing.T) {
	owners := map[*packedSeries]string{}
	set := &seriesSet{at: -1}
	for _, s := range []struct {
		host   string
		labels []string
	}{
		{"a", []string{"__name__", "up", "job", "j"}},
		{"b", []string{"__name__", "up", "job", "j"}},
		{"c", []string{"__name__", "up", "job", "j", "hostname", "a"}},
		{"a", []string{"__name__", "up", "job", "other"}},
	} {
		ser := &packedSeries{labels: labels.FromStrings(s.labels...)}
		owners[ser] = s.host
		set.series = append(set.series, storage.Series(ser))
	}
	set.separate(owners)
	var got []string
	for set.Next() {
		got = append(got, set.At().Labels().String())
	}
	assert.Equal(t, []string{
		`{__name__="up", hostname="a", job="j"}`, `{__name__="up", hostname="b", job="j"}`,
		`{__name__="up", hostname="c", job="j"}`, `{__name__="up", job="other"}`,
	}, got)
	said := set.warnings.AsErrors()
	assert.Len(t, said, 2)
	assert.ErrorAs(t, said[0], new(*HostsWarning))
}

// TestHostsInParallel checks that the answer does not depend on which host is read first.
func TestHostsInParallel(t *testing.T) {
	var sets []*store.Set
	for i := range 8 {
		sets = append(sets, parallelHost(t, fmt.Sprintf("host%d", i)))
	}
	answer := func() string {
		e := NewEngine(sets, Options{})
		q, err := e.Range(t.Context(), "rate(m_count[1m])", time.Unix(0, 0), time.Unix(200, 0), 10*time.Second)
		require.NoError(t, err)
		defer q.Close()
		res := q.Exec(t.Context())
		require.NoError(t, res.Err)
		return res.String() + fmt.Sprint(res.Warnings.AsErrors())
	}
	want := answer()
	assert.Equal(t, 8, strings.Count(want, "hostname="))
	for range 10 {
		assert.Equal(t, want, answer())
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	q, err := NewStorage(sets, Options{}).Querier(0, 200_000)
	require.NoError(t, err)
	found := q.Select(ctx, true, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", "m_count"))
	assert.False(t, found.Next())
	assert.ErrorIs(t, found.Err(), context.Canceled)
}

func parallelHost(t *testing.T, host string) *store.Set {
	t.Helper()
	base := filepath.Join(t.TempDir(), "a")
	a, err := archive.Create(base, archive.Header{Host: host, Zone: "UTC"}, nil)
	require.NoError(t, err)
	d := &meta.Desc{PMID: pcp.NewPMID(60, 0, 1), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemCounter, Names: []string{"m.count"}}
	require.NoError(t, a.Define(d))
	for i := range int64(20) {
		require.NoError(t, a.Append(&archive.Result{Stamp: pcp.Timestamp{Sec: 10 * i}, Sets: []archive.ValueSet{{
			PMID: d.PMID, Values: []history.Value{history.WordValue(pcp.InstNull, uint32(i))},
		}}}))
	}
	require.NoError(t, a.Close())
	return storetest.Open(t, base)
}
