package archive_test

import (
	"bytes"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// copyOf returns a deep copy of a Result.
func copyOf(r *archive.Result) *archive.Result {
	c := &archive.Result{Stamp: r.Stamp, Sets: slices.Clone(r.Sets)}
	for i := range c.Sets {
		c.Sets[i].Values = slices.Clone(c.Sets[i].Values)
		for j := range c.Sets[i].Values {
			v := &c.Sets[i].Values[j]
			v.Data = bytes.Clone(v.Data)
		}
	}
	return c
}

// randomResult returns a record of one of a few groups. Occasionally it differs
// in more than the values.
func randomResult(rng *rand.Rand, group int) *archive.Result {
	res := &archive.Result{Stamp: pcp.Timestamp{Sec: rng.Int64N(1000)}}
	for i := range 6 {
		set := archive.ValueSet{PMID: pcp.NewPMID(60, uint32(group), uint32(i)), Format: archive.Block}
		odd := rng.IntN(40) == 0
		for inst := range pcp.InstID(1 + i%3) {
			if odd && rng.IntN(2) == 0 {
				inst += 10
			}
			switch (i + group) % 5 {
			case 0:
				set.Format = archive.InSitu
				set.Values = append(set.Values, history.WordValue(inst, rng.Uint32()))
			case 1:
				set.Values = append(set.Values, history.NumberValue(inst, pcp.TypeU64, rng.Uint64()))
			case 2:
				typ := pcp.TypeDouble
				if odd {
					typ = pcp.Type64
				}
				set.Values = append(set.Values, history.NumberValue(inst, typ, rng.Uint64()))
			case 3:
				set.Values = append(set.Values, history.NumberValue(inst, pcp.TypeFloat, uint64(rng.Uint32())))
			case 4:
				text := []string{"same", "size", "a longer one"}
				set.Values = append(set.Values, history.StringValue(inst, text[rng.IntN(2+rng.IntN(20)/19)]))
			}
		}
		if odd && rng.IntN(3) == 0 {
			set = archive.ValueSet{PMID: set.PMID, Err: pcp.Errno(-rng.IntN(2))}
		}
		res.Sets = append(res.Sets, set)
	}
	return res
}

// TestShapes checks that a decoder with known shapes decodes a record like a
// new decoder, even if the consumer removes sets.
func TestShapes(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		rng := rand.New(rand.NewPCG(1, uint64(v)))
		d, err := archive.NewResultDecoder(v)
		require.NoError(t, err)
		for range 3000 {
			raw := archive.EncodeData(randomResult(rng, rng.IntN(4)), v)
			payload := raw[4 : len(raw)-4]
			if rng.IntN(20) == 0 { // damage
				payload[rng.IntN(len(payload))] ^= 1 << rng.IntN(8)
			}
			want, wantErr := archive.DecodeData(payload, v)
			got, err := d.Decode(payload)
			require.Equal(t, wantErr, err)
			if err != nil {
				continue
			}
			require.Equal(t, copyOf(want), copyOf(got))
			got.Sets = slices.Delete(got.Sets, 1, 3)
		}
		assert.Greater(t, d.ShapeHits(), 1000, "most records are like others")
	})
}

// TestStepShapes checks that steps with one Shape have the same metrics and
// series, and that changed metadata yields a new Shape.
func TestStepShapes(t *testing.T) {
	base := filepath.Join(t.TempDir(), "a")
	a, err := archive.Create(base, archive.Header{}, nil)
	require.NoError(t, err)
	d := &meta.Desc{PMID: pcp.NewPMID(60, 1, 1), Type: pcp.TypeU32, InDom: pcp.NewInDomID(60, 1), Sem: pcp.SemInstant, Names: []string{"some.metric"}}
	require.NoError(t, a.Define(d))
	for i := range 60 {
		at := pcp.Timestamp{Sec: int64(i)}
		if i%20 == 0 {
			name := []string{"one", "two", "three"}[i/20]
			require.NoError(t, a.SetInDom(&meta.InDom{Stamp: at, ID: d.InDom, Instances: []meta.Instance{{ID: 7, Name: name}}}))
		}
		require.NoError(t, a.Append(&archive.Result{Stamp: at, Sets: []archive.ValueSet{
			{PMID: d.PMID, Values: []history.Value{history.WordValue(7, uint32(i))}},
		}}))
	}
	require.NoError(t, a.Close())
	r, err := archive.Open(base, nil)
	require.NoError(t, err)

	seen := map[*history.Shape]*history.Series{}
	i := 0
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		require.Len(t, step.Metrics, 1)
		pt := step.Metrics[0].Points[0]
		assert.Equal(t, pcp.Timestamp{Sec: int64(i)}, step.Stamp)
		assert.Equal(t, uint64(i), pt.Value.Bits)
		assert.Equal(t, []string{"one", "two", "three"}[i/20], pt.Series.Inst.Name)
		if s := step.Shape; s != nil {
			assert.Equal(t, 1, s.Points())
			if seen[s] == nil {
				seen[s] = pt.Series
			}
			assert.Same(t, seen[s], pt.Series)
		}
		i++
	}
	assert.Equal(t, 60, i)
	assert.Len(t, seen, 3)
}
