package meta_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// instances reads "1a 2b" as instance 1 named a and instance 2 named b.
func instances(t testing.TB, s string) []meta.Instance {
	var out []meta.Instance
	for f := range strings.FieldsSeq(s) {
		i := strings.IndexFunc(f, func(r rune) bool { return r < '0' || r > '9' })
		id, err := strconv.Atoi(f[:i])
		require.NoError(t, err)
		out = append(out, meta.Instance{ID: pcp.InstID(id), Name: f[i:]})
	}
	return out
}

// describe formats changes as "-1 +3c".
func describe(d *meta.InDomDelta) string {
	var out []string
	for _, c := range d.Changes {
		if c.Remove {
			out = append(out, "-"+strconv.Itoa(int(c.ID)))
		} else {
			out = append(out, "+"+strconv.Itoa(int(c.ID))+c.Name)
		}
	}
	return strings.Join(out, " ")
}

func indom(t testing.TB, sec int64, s string) *meta.InDom {
	return &meta.InDom{Stamp: pcp.Timestamp{Sec: sec}, ID: 7, Instances: instances(t, s)}
}

func TestDiff(t *testing.T) {
	for _, tt := range []struct {
		name, from, to string
		delta          string // "=": nothing changed
		compact        bool
	}{
		{"no change", "1a 2b", "1a 2b", "=", true},
		{"no change but order", "2b 1a", "1a 2b", "=", true},
		{"one added", "1a 2b", "1a 2b 3c", "+3c", true},
		{"one removed", "1a 2b 3c", "1a 2b", "-3", true},
		{"ascending", "5e 3c 1a", "9i 3c 0z", "+0z -1 -5 +9i", false},
		{"a kept instance is renamed", "1a 2b 3c", "1a 2x 3c", "", false},
		{"renamed and added", "1a 2b", "1a 2x 3c", "+3c", false},
		{"as many changes as instances", "1a 2b", "1a 3c", "-2 +3c", true},
		{"more changes than instances", "1a 2b 3c", "1a", "-2 -3", false},
		{"an instance twice", "1a", "1a 1b 2c 3d", "+1b +2c +3d", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			from, to := indom(t, 1, tt.from), indom(t, 2, tt.to)
			delta, compact := meta.Diff(from, to)
			assert.Equal(t, tt.compact, compact)
			if tt.delta == "=" {
				assert.Nil(t, delta)
				return
			}
			assert.Equal(t, tt.delta, describe(delta))
			assert.Equal(t, to.Stamp, delta.Stamp)
			assert.Equal(t, to.ID, delta.ID)
		})
	}
}

func TestApply(t *testing.T) {
	add := func(s string) (c []meta.Change) {
		for _, in := range instances(t, s) {
			c = append(c, meta.Change{Instance: in})
		}
		return c
	}
	remove := func(id pcp.InstID) meta.Change { return meta.Change{Instance: meta.Instance{ID: id}, Remove: true} }
	for _, tt := range []struct {
		name, from string
		changes    []meta.Change
		want       string
	}{
		{"add and remove", "1a 2b", append(add("3c"), remove(1)), "2b 3c"},
		{"a known instance keeps its name", "1a", add("1x"), "1a"},
		{"added twice", "", add("1a 1b"), "1a"},
		{"known and added twice", "1a", add("1b 1c"), "1a"},
		{"an unknown one is removed", "1a", []meta.Change{remove(2)}, "1a"},
		{"all are removed", "1a", []meta.Change{remove(1)}, ""},
		{"unsorted", "9i 1a", append(add("5e 3c"), remove(9)), "1a 3c 5e"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			from := indom(t, 1, tt.from)
			before := slices.Clone(from.Instances)
			got := from.Apply(&meta.InDomDelta{Stamp: pcp.Timestamp{Sec: 2}, ID: 7, Changes: tt.changes})
			assert.Equal(t, append([]meta.Instance{}, instances(t, tt.want)...), got.Instances)
			assert.Equal(t, pcp.Timestamp{Sec: 2}, got.Stamp)
			assert.Equal(t, before, from.Instances, "the domain it starts from is left alone")
		})
	}
}

// TestDiffApply checks, for random domains, that applying a Diff yields its target.
func TestDiffApply(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(sec int64) *meta.InDom {
		in := &meta.InDom{Stamp: pcp.Timestamp{Sec: sec}, ID: 7, Instances: []meta.Instance{}}
		for id := range 12 {
			if rng.IntN(3) > 0 {
				in.Instances = append(in.Instances, meta.Instance{ID: pcp.InstID(id), Name: "n" + strconv.Itoa(id/max(1, rng.IntN(9)-6))})
			}
		}
		return in
	}
	compacts := 0
	for range 2000 {
		from, to := random(1), random(2)
		delta, compact := meta.Diff(from, to)
		if compact && delta != nil {
			compacts++
			assert.Equal(t, to, from.Apply(delta))
			assert.LessOrEqual(t, len(delta.Changes), len(to.Instances))
		}
	}
	assert.Greater(t, compacts, 50)
}
