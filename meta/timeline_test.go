package meta

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

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

// TestLateRecordsAreNotMovedOneByOne checks that add moves no record and that
// the next query sorts once, whatever the order of the records.
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

// TestDeltasAreAppliedOnce follows an archive whose domain changes all the
// time: each change is applied once, however many there were before.
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
			t.Fatal("differs from the version expanded before", sec)
		}
	}
	few := testing.AllocsPerRun(10, next)
	for range 1000 {
		next()
	}
	assert.InDelta(t, few, testing.AllocsPerRun(10, next), 1)
}

// changing returns a store with n versions of a domain, of which all but the
// first are deltas, and the expected versions.
func changing(n int) (*Store, []*InDom) {
	s := NewStore()
	in := domainAt(0, "a", "b", "c")
	s.AddInDom(in)
	want := []*InDom{in}
	for i := 1; i < n; i++ {
		dl := &InDomDelta{Stamp: pcp.Timestamp{Sec: int64(i)}, ID: someDom, Changes: []Change{
			{Instance: Instance{ID: pcp.InstID(i % 11)}, Remove: true}, {Instance: Instance{ID: pcp.InstID(i % 7), Name: fmt.Sprint(i)}},
		}}
		s.AddDelta(dl)
		in = in.Apply(dl)
		want = append(want, in)
	}
	return s, want
}

// TestExpansions checks that versions requested in any order equal those that
// the deltas yield in sequence.
func TestExpansions(t *testing.T) {
	s, want := changing(400)
	rng := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		i := rng.IntN(len(want))
		in, _ := s.InDomAt(someDom, pcp.Timestamp{Sec: int64(i)})
		require.Equal(t, want[i], in)
		again, _ := s.InDomAt(someDom, pcp.Timestamp{Sec: int64(i)})
		require.Same(t, in, again)
	}
}

// TestExpansionsCostLittle checks that going backwards, or forwards at two
// places alternately, does not apply all deltas again for each version.
func TestExpansionsCostLittle(t *testing.T) {
	const n = 1000
	ask := func(s *Store, i int) { s.InDomAt(someDom, pcp.Timestamp{Sec: int64(i)}) }
	for name, pass := range map[string]func(s *Store){
		"backwards": func(s *Store) {
			for i := n - 1; i >= 0; i-- {
				ask(s, i)
			}
		},
		"two places": func(s *Store) {
			for i := range n / 2 {
				ask(s, i)
				ask(s, n/2+i)
			}
		},
	} {
		s, _ := changing(n)
		allocs := testing.AllocsPerRun(1, func() { pass(s) })
		assert.Less(t, allocs, 2.0*n*stopEvery, name) // applying a delta allocates twice
	}
}

// TestNamesAreShared checks that repeated complete domains share one copy of
// each name.
func TestNamesAreShared(t *testing.T) {
	s := NewStore()
	first := domainAt(1, "one", "two", "three")
	s.AddInDom(first)
	second, err := DecodeInDom(domainAt(2, "one", "2", "three").AppendBinary(nil, pcp.V3), pcp.V3)
	require.NoError(t, err)
	s.AddInDom(second)
	in, _ := s.InDomAt(someDom, second.Stamp)
	require.Equal(t, domainAt(2, "one", "2", "three"), in)
	for i, shared := range []bool{true, false, true} {
		assert.Equal(t, shared, unsafe.StringData(first.Instances[i].Name) == unsafe.StringData(in.Instances[i].Name), i)
	}
}

// TestSetsAreShared checks that label records that repeat the sets of all
// instances share one copy of each set.
func TestSetsAreShared(t *testing.T) {
	s := NewStore()
	record := func(sec int64, texts ...string) *Labels {
		l := &Labels{Stamp: pcp.Timestamp{Sec: sec}, Level: labelset.Instances, Ident: 7}
		for i, text := range texts {
			set, err := labelset.Parse(text, labelset.Instances)
			require.NoError(t, err)
			l.Sets = append(l.Sets, labelset.Instance{Inst: pcp.InstID(i), Set: set})
		}
		l, err := DecodeLabels(l.AppendBinary(nil, pcp.V3), pcp.V3)
		require.NoError(t, err)
		s.AddLabels(l)
		return l
	}
	before := record(1, `{"a":1}`, `{"b":1}`)
	after := record(2, `{"a":1}`, `{"b":2}`, `{"c":1}`)
	text := func(l *Labels, i int) *byte { return unsafe.StringData(l.Sets[i].Set.JSON()) }
	assert.Same(t, text(before, 0), text(after, 0))
	assert.NotSame(t, text(before, 1), text(after, 1))
	for i, want := range []string{`{"a":1}`, `{"b":2}`, `{"c":1}`} {
		assert.Equal(t, want, after.Sets[i].Set.JSON())
	}
}

// TestTimelineOrder checks that records added in any order yield the same
// results as records added in order.
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
