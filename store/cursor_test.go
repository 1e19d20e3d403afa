package store

import (
	"cmp"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// taken identifies a step of manyAtOnce: its time, its archive and its place there.
type taken struct{ sec, archive, place int }

func (a taken) compare(b taken) int {
	return cmp.Or(a.sec-b.sec, a.archive-b.archive, a.place-b.place)
}

// manyAtOnce writes archives of one host that overlap, the first one all others, and returns
// their steps in the order of Steps. Many steps have the same time.
func manyAtOnce(t *testing.T, dir string, archives int) (all []taken) {
	random := rand.New(rand.NewPCG(1, 2))
	starts := []int{0}
	for range archives - 1 {
		starts = append(starts, random.IntN(8))
	}
	slices.Sort(starts)
	d := &meta.Desc{PMID: pcp.NewPMID(60, 0, 1), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"m.m"}}
	for i, sec := range starts {
		a, err := archive.Create(filepath.Join(dir, fmt.Sprintf("a%03d", i)), archive.Header{Host: "h", PID: int32(i), Zone: "UTC"}, &archive.WriteOptions{NoSync: true})
		require.NoError(t, err)
		require.NoError(t, a.Define(d))
		for place := range 20 {
			all = append(all, taken{sec, i, place})
			require.NoError(t, a.Append(&archive.Result{Stamp: pcp.Timestamp{Sec: int64(sec)}, Sets: []archive.ValueSet{{PMID: d.PMID, Values: []history.Value{history.WordValue(pcp.InstNull, uint32(100*i+place))}}}}))
			if sec += random.IntN(3); place == 18 && i == 0 {
				sec = 200
			}
		}
		require.NoError(t, a.Close())
	}
	slices.SortFunc(all, taken.compare)
	return all
}

// TestManyAtOnce reads many archives of one time: in the right order, both ways, and without a look at
// each of them for each step.
func TestManyAtOnce(t *testing.T) {
	const archives = 64
	dir := t.TempDir()
	want := manyAtOnce(t, dir, archives)
	hosts, err := Open([]string{dir}, nil)
	require.NoError(t, err)
	set, err := hosts.Only()
	require.NoError(t, err)
	forward := newMerge(set, history.Query{}, nil)
	defer forward.stop()
	back := newMergeBack(set, history.Query{})
	defer back.stop()
	for name, x := range map[string]struct {
		m   *merge
		run func(func(*history.Step, error) bool)
	}{"Steps": {forward, forward.run}, "Backward": {&back.merge, back.run}} {
		compared, most := 0, 0
		before := x.m.active.before
		x.m.active.before = func(a, b *cursor) bool { compared++; return before(a, b) }
		var got []taken
		x.run(func(step *history.Step, err error) bool {
			require.NoError(t, err)
			require.False(t, step.Mark)
			v := int(step.Metrics[0].Points[0].Value.Bits)
			got = append(got, taken{int(step.Stamp.Sec), v / 100, v % 100})
			most = max(most, len(x.m.active.all))
			return true
		})
		if name == "Backward" {
			slices.Reverse(got)
			assert.True(t, slices.IsSortedFunc(got, func(a, b taken) int { return a.sec - b.sec }), name)
			slices.SortFunc(got, taken.compare) // an archive that ends at a time comes after the others of it
		}
		assert.True(t, slices.Equal(want, got), name)
		assert.Greater(t, most, archives/2, "%s: archives at once", name)
		assert.Less(t, compared, 3*bits.Len(archives)*len(want), "%s: comparisons", name)
	}
}
