package query

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// markedHost writes archives of a host: counters with resets, an instant and a discrete
// metric, in instances that come and go, with marks inside archives and between them.
func markedHost(t *testing.T, rnd *rand.Rand, host string) *store.Set {
	t.Helper()
	dir := t.TempDir()
	at := int64(100)
	counts := [3]uint32{}
	for i := range 3 + rnd.IntN(12) {
		a, err := archive.Create(filepath.Join(dir, fmt.Sprintf("a%03d", i)), archive.Header{Host: host, Zone: "UTC", PID: int32(i)}, nil)
		require.NoError(t, err)
		in := pcp.NewInDomID(60, 1)
		descs := make([]*meta.Desc, 3)
		for j, sem := range []pcp.Semantics{pcp.SemCounter, pcp.SemInstant, pcp.SemDiscrete} {
			descs[j] = &meta.Desc{PMID: pcp.NewPMID(60, 0, uint32(j)), Type: pcp.TypeU32, InDom: in, Sem: sem, Names: []string{fmt.Sprintf("m.%s", sem)}}
			require.NoError(t, a.Define(descs[j]))
		}
		require.NoError(t, a.SetInDom(&meta.InDom{Stamp: pcp.Timestamp{Sec: at}, ID: in, Instances: []meta.Instance{{ID: 0, Name: "a"}, {ID: 1, Name: "b"}, {ID: 2, Name: "c"}}}))
		for range 1 + rnd.IntN(60) {
			at += 1 + rnd.Int64N(25)
			res := &archive.Result{Stamp: pcp.Timestamp{Sec: at, Nsec: rnd.Int32N(1e9)}}
			if rnd.IntN(20) == 0 {
				require.NoError(t, a.Mark(res.Stamp))
				continue
			}
			for j, d := range descs {
				if j == 2 && rnd.IntN(10) > 0 {
					continue
				}
				set := archive.ValueSet{PMID: d.PMID}
				for inst := range counts {
					counts[inst] += rnd.Uint32N(50)
					if rnd.IntN(30) == 0 {
						counts[inst] = rnd.Uint32N(5)
					}
					if rnd.IntN(8) > 0 {
						set.Values = append(set.Values, history.WordValue(pcp.InstID(inst), counts[inst]))
					}
				}
				res.Sets = append(res.Sets, set)
			}
			require.NoError(t, a.Append(res))
		}
		require.NoError(t, a.Close())
		at += rnd.Int64N(200)
	}
	return storetest.Open(t, dir)
}

// TestReplay checks that evaluations with bridges give the same from what was read once as
// from archives that are read again.
func TestReplay(t *testing.T) {
	evaluatedAgain := false
	for seed := range uint64(12) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		sets := []*store.Set{markedHost(t, rnd, "web1")}
		if seed%2 == 1 {
			sets = append(sets, markedHost(t, rnd, "web2"))
		}
		e := NewEngine(sets, Options{})
		for _, expr := range []string{
			"rate(m_counter[1m])", "increase(m_counter[5m])", "irate(m_counter[2m] offset 1m)", "sum(rate(m_counter[30s]))",
			"rate(m_counter[1m]) + on(instname, hostname) m_instant", "rate(m_counter[2m]) * on(instname, hostname) m_discrete",
			"count_over_time(m_discrete[3m]) + on(instname, hostname) rate(m_counter[3m])", "max_over_time(rate(m_counter[1m])[5m:30s])",
			"rate(m_counter[1m] @ 900)", `rate({__name__=~"m_c.*", instname="a"}[1m])`,
		} {
			start := time.Unix(rnd.Int64N(600), 0)
			end := start.Add(time.Duration(1+rnd.IntN(4000)) * time.Second)
			step := time.Duration(1+rnd.IntN(90)) * time.Second
			answer := func(reread bool) string {
				q, err := e.Range(t.Context(), expr, start, end, step)
				require.NoError(t, err)
				defer q.Close()
				inner := q.(*guarded).Query.(*rangeQuery)
				inner.reread = reread
				res := q.Exec(t.Context())
				require.NoError(t, res.Err, expr)
				assert.Zero(t, inner.crossings.reread.Load(), expr)
				evaluatedAgain = evaluatedAgain || !reread && len(inner.again) > 0
				return res.String()
			}
			assert.Equal(t, answer(true), answer(false), "seed %d: %s from %s to %s by %s", seed, expr, start, end, step)
		}
	}
	assert.True(t, evaluatedAgain)
}
