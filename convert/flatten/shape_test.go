package flatten_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/converttest"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// shapedArchive writes records of three logging groups, which share a metric.
// Now and then instances, labels, errors and the groups themselves change, and
// marks come between.
func shapedArchive(t *testing.T, rng *rand.Rand) *archive.Reader {
	t.Helper()
	base := filepath.Join(t.TempDir(), "a")
	writeShaped(t, base, rng, 1, 1)
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	return r
}

// writeShaped writes such an archive. If rarer is more than 1, changes are so many times
// rarer, and the groups share no metric.
func writeShaped(t *testing.T, base string, rng *rand.Rand, pid int32, rarer int) {
	t.Helper()
	a, err := archive.Create(base, archive.Header{Host: "h", PID: pid}, nil)
	require.NoError(t, err)
	types := []pcp.Type{pcp.TypeU64, pcp.Type64, pcp.TypeDouble, pcp.TypeU32, pcp.Type32, pcp.TypeFloat, pcp.TypeString}
	var descs []*meta.Desc
	for i := range 12 {
		d := &meta.Desc{PMID: pcp.NewPMID(60, 1, uint32(i)), Type: types[i%len(types)], InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{fmt.Sprintf("m.n%d", i)}}
		if i%2 == 0 {
			d.InDom = pcp.NewInDomID(60, uint32(i%4))
		}
		require.NoError(t, a.Define(d))
		descs = append(descs, d)
	}
	at := pcp.Timestamp{Sec: 1000}
	members := 3
	for row := range 400 {
		at = at.Add(time.Second)
		if row%(40*rarer) == 0 {
			members = 1 + rng.IntN(4)
			for _, id := range []uint32{0, 2} {
				in := &meta.InDom{Stamp: at, ID: pcp.NewInDomID(60, id)}
				for i := range members {
					in.Instances = append(in.Instances, meta.Instance{ID: pcp.InstID(i), Name: fmt.Sprint("i", i, row/160)})
				}
				require.NoError(t, a.SetInDom(in))
			}
		}
		if rng.IntN(80*rarer) == 0 {
			require.NoError(t, a.Mark(at))
			continue
		}
		if rng.IntN(80*rarer) == 0 {
			set, err := labelset.New(labelset.Item, labelset.String("row", fmt.Sprint(row)))
			require.NoError(t, err)
			d := descs[rng.IntN(len(descs))]
			require.NoError(t, a.SetLabels(&meta.Labels{
				Stamp: at, Level: labelset.Item, Ident: uint32(d.PMID), Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: set}},
			}))
		}
		res := &archive.Result{Stamp: at}
		for i, d := range descs {
			if i%3 != row%3 && (i != 4 || rarer > 1) {
				continue
			}
			set := archive.ValueSet{PMID: d.PMID, Format: archive.FormatOf(d.Type)}
			if row%100 > 90 && i == 8 {
				set.Err = pcp.ErrnoAgain
				res.Sets = append(res.Sets, set)
				continue
			}
			n := 1
			if d.InDom != pcp.InDomNull {
				n = members
			}
			for inst := range pcp.InstID(n) {
				if d.InDom == pcp.InDomNull {
					inst = pcp.InstNull
				}
				v := shapedValue(rng, d.Type, inst)
				if rarer > 1 && rng.IntN(100) > 0 {
					v.Bits &= 1<<40 - 1 // a float64 holds it
				}
				set.Values = append(set.Values, v)
			}
			res.Sets = append(res.Sets, set)
		}
		require.NoError(t, a.Append(res))
	}
	require.NoError(t, a.Close())
}

func shapedValue(rng *rand.Rand, typ pcp.Type, inst pcp.InstID) history.Value {
	switch typ {
	case pcp.TypeString:
		return history.StringValue(inst, []string{"one", "two"}[rng.IntN(20)/19])
	case pcp.TypeU32, pcp.Type32:
		return history.WordValue(inst, rng.Uint32())
	case pcp.TypeFloat:
		return history.NumberValue(inst, typ, uint64(rng.Uint32()))
	}
	return history.NumberValue(inst, typ, rng.Uint64()>>rng.IntN(64))
}

// TestShapesFlattenAlike: what a step becomes does not depend on whether it says
// what it has in common with others.
func TestShapesFlattenAlike(t *testing.T) {
	for i, o := range []flatten.Options{{}, {TextLabels: true}, {SplitAtMarks: true}, {Names: naming.NamesPrometheus, InstanceIDs: true}} {
		r := shapedArchive(t, rand.New(rand.NewPCG(3, uint64(i))))
		var lines [2][]string
		var losses [2][]prom.LossCount
		shaped := 0
		for j := range lines {
			out, report := &converttest.Seen{}, &prom.Report{}
			o.Report = report
			f := flatten.New(sinktest.Sink(out), o)
			for step, err := range r.Steps(history.Query{}) {
				require.NoError(t, err)
				plain := *step
				if plain.Shape != nil {
					shaped++
				}
				if j == 1 {
					plain.Shape = nil
				}
				if i == 0 && len(step.Metrics) > 0 {
					twice := step.Metrics[0]
					twice.Points = twice.Points[len(twice.Points)/2:]
					plain.Metrics = append(slices.Clone(step.Metrics), twice)
				}
				require.NoError(t, f.Put(&plain))
			}
			require.NoError(t, f.Close())
			slices.Sort(out.Lines) // series that end together do so in any order
			lines[j], losses[j] = out.Lines, report.Losses()
		}
		assert.Greater(t, shaped, 500, "of 800 steps")
		require.Len(t, lines[0], len(lines[1]))
		for k := range lines[0] {
			require.Equal(t, lines[1][k], lines[0][k])
		}
		require.Equal(t, losses[1], losses[0])
	}
}
