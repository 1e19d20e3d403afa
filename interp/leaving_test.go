package interp_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/interp"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestInstancesThatLeave compares with pmval on a discrete metric of instances that
// leave the domain, for good or for a time, are recorded then or not.
func TestInstancesThatLeave(t *testing.T) {
	for _, size := range []int{3, 20} {
		for name, c := range map[string]struct {
			leave, back int64 // 0: never
			recorded    bool
		}{
			"recorded": {5, 0, true}, "not recorded": {5, 0, false}, "comes back": {5, 8, true}, "comes back unrecorded": {5, 8, false}, "stays": {},
		} {
			t.Run(fmt.Sprint(size, " ", name), func(t *testing.T) {
				base := leavingArchive(t, size, c.leave, c.back, c.recorded)
				want := pmval(t, base, "v", 500*time.Millisecond, 250*time.Millisecond)
				require.Len(t, want, samples)
				r, err := archive.Open(base, nil)
				require.NoError(t, err)
				var times []pcp.Timestamp
				for _, s := range want {
					times = append(times, s.at)
				}
				n := 0
				for step, err := range interp.At(r, slices.Values(times), interp.Options{Earlier: true, Metrics: func(d *meta.Desc) bool { return d.PMID == leavingMetric }}) {
					require.NoError(t, err)
					got := map[string]string{}
					for _, m := range step.Metrics {
						for _, p := range m.Points {
							got[fmt.Sprint("i", p.Value.Inst)] = fmt.Sprint(p.Value.Bits)
						}
					}
					require.Equal(t, want[n].values, got, "%v", step.Stamp)
					n++
				}
				require.Equal(t, samples, n)
			})
		}
	}
}

var leavingMetric = pcp.NewPMID(60, 1, 1)

// leavingArchive records a metric once, and another one every second. Instance 1
// leaves the domain and may come back.
func leavingArchive(t *testing.T, size int, leave, back int64, recorded bool) string {
	t.Helper()
	base := filepath.Join(t.TempDir(), "a")
	a, err := archive.Create(base, archive.Header{Host: "h", PID: 1, Zone: "UTC"}, nil)
	require.NoError(t, err)
	domain := pcp.NewInDomID(60, 1)
	require.NoError(t, a.Define(&meta.Desc{PMID: leavingMetric, Type: pcp.TypeU32, InDom: domain, Sem: pcp.SemDiscrete, Names: []string{"v"}}))
	other := pcp.NewPMID(60, 1, 2)
	require.NoError(t, a.Define(&meta.Desc{PMID: other, Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"o"}}))
	for s := range int64(13) {
		at := pcp.Timestamp{Sec: 1772366400 + s}
		result := &archive.Result{Stamp: at, Sets: []archive.ValueSet{{PMID: other, Values: []history.Value{history.WordValue(pcp.InstNull, 1)}}}}
		change := s == 0 || leave > 0 && (s == leave || s == back)
		in := &meta.InDom{Stamp: at, ID: domain}
		values := archive.ValueSet{PMID: leavingMetric}
		for i := range size {
			if i == 1 && s == leave && s > 0 {
				continue
			}
			in.Instances = append(in.Instances, meta.Instance{ID: pcp.InstID(i), Name: fmt.Sprint("i", i)})
			values.Values = append(values.Values, history.WordValue(pcp.InstID(i), uint32(10+i)))
		}
		if change {
			require.NoError(t, a.SetInDom(in))
		}
		if change && (recorded || s == 0) {
			result.Sets = append(result.Sets, values)
		}
		require.NoError(t, a.Append(result))
	}
	require.NoError(t, a.Close())
	return base
}
