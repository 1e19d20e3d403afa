package meta

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

var someDom = pcp.NewInDomID(60, 1)

func domainAt(sec int64, names ...string) *InDom {
	in := &InDom{Stamp: pcp.Timestamp{Sec: sec}, ID: someDom}
	for i, name := range names {
		in.Instances = append(in.Instances, Instance{ID: pcp.InstID(i), Name: name})
	}
	return in
}

// TestLateRecordsAreNotMovedOneByOne: whatever the order in which records come,
// adding one moves no other, and asking sorts once.
func TestLateRecordsAreNotMovedOneByOne(t *testing.T) {
	s := NewStore()
	const n = 1000
	for i := range int64(n) {
		s.AddInDom(domainAt(n-i, "a"))
		s.AddLabels(&Labels{Stamp: pcp.Timestamp{Sec: n - i}, Level: labelset.Context})
	}
	indoms, labels := s.indoms[someDom], s.labels[labelKey{labelset.Context, ContextIdent}]
	require.Len(t, indoms.records, n)
	require.Len(t, labels.records, n)
	for i := range n {
		require.Equal(t, int64(n-i), indoms.records[i].stamp.Sec, "stands where it was added")
		require.Equal(t, int64(n-i), labels.records[i].Stamp.Sec)
	}
	for at := range int64(n) {
		in, until := s.InDomAt(someDom, pcp.Timestamp{Sec: at + 1})
		require.Equal(t, at+1, in.Stamp.Sec)
		l, _ := s.LabelsAt(labelset.Context, 0xffffffff, pcp.Timestamp{Sec: at + 1})
		require.Equal(t, at+1, l.Stamp.Sec)
		if at+1 < n {
			require.Equal(t, at+2, until.Sec)
		}
		require.False(t, indoms.late.Load() || labels.late.Load())
	}
}

// TestDeltasAreAppliedOnce: to follow an archive whose domain changes all the
// time takes one application of each change, however many there were.
func TestDeltasAreAppliedOnce(t *testing.T) {
	s := NewStore()
	s.AddInDom(domainAt(0, "a", "b"))
	sec := int64(0)
	next := func() {
		sec++
		before, _ := s.InDomAt(someDom, pcp.Timestamp{Sec: sec - 1})
		s.AddDelta(&InDomDelta{Stamp: pcp.Timestamp{Sec: sec}, ID: someDom, Changes: []Change{{Instance: Instance{ID: pcp.InstID(sec % 7), Name: "x"}}}})
		after, _ := s.InDomAt(someDom, pcp.Timestamp{Sec: sec - 1})
		in, _ := s.InDomAt(someDom, pcp.Timestamp{Sec: sec})
		if before != after || in.Stamp.Sec != sec { // an assertion would allocate
			t.Fatal("not what was expanded before", sec)
		}
	}
	few := testing.AllocsPerRun(10, next)
	for range 1000 {
		next()
	}
	assert.InDelta(t, few, testing.AllocsPerRun(10, next), 1)
}

// TestTimelineOrder: records in any order answer as if each had been put in its
// place at once.
func TestTimelineOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for round := range 200 {
		s := NewStore()
		var model []version
		for range 1 + rng.IntN(60) {
			in := domainAt(rng.Int64N(8), fmt.Sprint(rng.IntN(3)))
			if rng.IntN(2) == 0 && len(model) > 0 {
				in.Stamp = model[len(model)-1].stamp
			}
			s.AddInDom(in)
			at := len(model)
			for at > 0 && model[at-1].stamp.After(in.Stamp) {
				at--
			}
			for j := at - 1; j >= 0 && model[j].stamp == in.Stamp; j-- {
				if slices.Equal(model[j].full.Instances, in.Instances) {
					model = slices.Delete(model, j, j+1)
					at--
					break
				}
			}
			model = slices.Insert(model, at, version{stamp: in.Stamp, full: in})
			if rng.IntN(10) == 0 {
				s.InDomAt(someDom, in.Stamp)
			}
		}
		var want, got []*InDom
		for _, v := range model {
			want = append(want, v.full)
		}
		for in := range s.InDomVersions(someDom) {
			got = append(got, in)
		}
		require.Equal(t, want, got, "round %d", round)
	}
}
