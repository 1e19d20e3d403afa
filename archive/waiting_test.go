package archive_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// waitingSet returns the values of metric i of group at a time. Metrics of group 3 are those
// of group 0, with other instances.
func waitingSet(rng *rand.Rand, group, i int) archive.ValueSet {
	set := archive.ValueSet{PMID: pcp.NewPMID(60, uint32(group%3), uint32(i)), Format: archive.Block}
	for inst := range pcp.InstID(1 + i%3) {
		if group == 3 {
			inst += 5
		}
		n := rng.Uint64() >> (12 + rng.IntN(50))
		if rng.IntN(300) == 0 {
			n = rng.Uint64() | 1<<63 | 1 // a float64 cannot hold it
		}
		switch i % 4 {
		case 0:
			set.Format = archive.InSitu
			set.Values = append(set.Values, history.WordValue(inst, uint32(n)))
		case 1:
			set.Values = append(set.Values, history.NumberValue(inst, pcp.TypeU64, n))
		case 2:
			set.Values = append(set.Values, history.NumberValue(inst, pcp.Type64, -n))
		case 3:
			set.Values = append(set.Values, history.StringValue(inst, []string{"same", "size", "a longer one"}[rng.IntN(40)/19]))
		}
	}
	return set
}

// writeWaiting writes records of a few groups, some of them out of order, and marks.
func writeWaiting(t *testing.T, base string, rng *rand.Rand, v pcp.Version) {
	t.Helper()
	w, err := archive.CreateRecords(base, v, &archive.WriteOptions{NoSync: true})
	require.NoError(t, err)
	at := pcp.Timestamp{Sec: 1000}
	put := func(r archive.Record) {
		_, err := w.Write(r)
		require.NoError(t, err)
	}
	for _, volume := range []int32{-1, -2, 0} {
		put(&archive.Header{Version: v, Host: "h", Start: at, Volume: volume})
	}
	types := []pcp.Type{pcp.TypeU32, pcp.TypeU64, pcp.Type64, pcp.TypeString}
	for group := range 3 {
		for i := range 6 {
			put(&meta.Desc{
				PMID: pcp.NewPMID(60, uint32(group), uint32(i)), Type: types[i%4], InDom: pcp.NewInDomID(60, 1), Sem: pcp.SemInstant,
				Names: []string{fmt.Sprintf("m.g%d.n%d", group, i)},
			})
		}
	}
	for tick := range 300 {
		at.Sec++
		stamp := at
		switch rng.IntN(150) {
		case 0:
			put(&archive.Mark{Stamp: at})
			continue
		case 1:
			stamp.Sec -= rng.Int64N(100)
		case 2:
			put(&meta.InDom{Stamp: at, ID: pcp.NewInDomID(60, 1), Instances: []meta.Instance{{ID: 0, Name: fmt.Sprint("i", tick)}}})
		}
		group := rng.IntN(3)
		if rng.IntN(60) == 0 {
			group = 3
		}
		res := &archive.Result{Stamp: stamp}
		for i := range 6 {
			res.Sets = append(res.Sets, waitingSet(rng, group, i))
		}
		put(res)
	}
	require.NoError(t, w.Close())
}

// stepText is a step for comparison.
type stepText struct {
	stamp          pcp.Timestamp
	mark           bool
	series, values string
	metrics        map[pcp.PMID]bool
	exact          bool // a float64 holds each value
}

func textsOf(t *testing.T, r *archive.Reader, q history.Query) (all []stepText) {
	t.Helper()
	for step, err := range r.Steps(q) {
		require.NoError(t, err)
		all = append(all, textOf(step))
	}
	return all
}

func textOf(step *history.Step) stepText {
	s := stepText{stamp: step.Stamp, mark: step.Mark, metrics: map[pcp.PMID]bool{}, exact: true}
	var series, values strings.Builder
	for _, mv := range step.Metrics {
		s.metrics[mv.Metric.Desc.PMID] = true
		fmt.Fprintf(&series, "%s %p %d", mv.Metric.Name, mv.InDom, mv.Err)
		for i := range mv.Points {
			p := &mv.Points[i]
			fmt.Fprintf(&series, " %v", p.Series.Inst)
			fmt.Fprintf(&values, " %d %x", p.Value.Bits, p.Value.Data)
			s.exact = s.exact && p.Value.Exact()
		}
	}
	s.series, s.values = series.String(), values.String()
	return s
}

// share reports whether two steps have a metric in common.
func (s *stepText) share(other *stepText) bool {
	for id := range s.metrics {
		if other.metrics[id] {
			return true
		}
	}
	return false
}

// replaced reports whether a step may be left out according to the steps after it.
func (s *stepText) replaced(after []stepText) bool {
	for i := range after {
		next := &after[i]
		switch {
		case next.mark:
			return false
		case s.share(next):
			return s.exact && next.series == s.series && !next.stamp.Before(s.stamp)
		}
	}
	return false
}

// TestSuperseded leaves out steps that later ones replace, and no other.
func TestSuperseded(t *testing.T) {
	left := 0
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 5))
		base := filepath.Join(t.TempDir(), "a")
		writeWaiting(t, base, rng, pcp.Version(2+seed%2))
		if seed%4 == 0 {
			data, err := os.ReadFile(base + ".0")
			require.NoError(t, err)
			data[len(data)/4+rng.IntN(len(data)/2)] ^= 1 << rng.IntN(8)
			require.NoError(t, os.WriteFile(base+".0", data, 0o600))
		}
		q := history.Query{}
		if seed%3 == 0 {
			q.From, q.To = pcp.Timestamp{Sec: 1000 + rng.Int64N(100)}, pcp.Timestamp{Sec: 1200 + rng.Int64N(100)}
		}
		r, err := archive.Open(base, nil)
		require.NoError(t, err)
		all := textsOf(t, r, q)
		asked := 0
		q.Superseded = func(step *history.Step) bool {
			require.NotNil(t, step.Shape)
			asked++
			return asked%17 > 0
		}
		at := 0
		for _, got := range textsOf(t, r, q) {
			for ; at < len(all) && (all[at].stamp != got.stamp || all[at].mark != got.mark || all[at].values != got.values); at++ {
				require.True(t, all[at].replaced(all[at+1:]), "seed %d: step %d at %s", seed, at, all[at].stamp)
				left++
			}
			require.Less(t, at, len(all), "seed %d: step at %s is not in place", seed, got.stamp)
			at++
		}
		require.Equal(t, len(all), at, "seed %d: steps at the end are missing", seed)
	}
	assert.Greater(t, left, 4000, "of 12000 steps")
}

// TestWaitingIsBounded yields a step now and then, so that its reader can end the pass.
func TestWaitingIsBounded(t *testing.T) {
	base := filepath.Join(t.TempDir(), "a")
	a, err := archive.Create(base, archive.Header{Host: "h"}, &archive.WriteOptions{NoSync: true})
	require.NoError(t, err)
	d := &meta.Desc{PMID: pcp.NewPMID(60, 1, 1), Type: pcp.TypeString, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"some.text"}}
	require.NoError(t, a.Define(d))
	const records = 16
	for i := range records {
		text := history.StringValue(pcp.InstNull, strings.Repeat("x", 1<<20))
		require.NoError(t, a.Append(&archive.Result{Stamp: pcp.Timestamp{Sec: int64(i)}, Sets: []archive.ValueSet{
			{PMID: d.PMID, Format: archive.Block, Values: []history.Value{text}},
		}}))
	}
	require.NoError(t, a.Close())
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	var seen []int64
	for step, err := range r.Steps(history.Query{Superseded: func(*history.Step) bool { return true }}) {
		require.NoError(t, err)
		seen = append(seen, step.Stamp.Sec)
	}
	assert.Greater(t, len(seen), 4, "%d", seen)
	assert.Less(t, len(seen), records/2+2, "%d", seen)
	assert.Equal(t, int64(records-1), seen[len(seen)-1])

	seen = nil
	for step, err := range r.Steps(history.Query{Superseded: func(*history.Step) bool { return true }}) {
		require.NoError(t, err)
		if seen = append(seen, step.Stamp.Sec); len(seen) == 3 {
			break
		}
	}
	assert.Len(t, seen, 3)
}
