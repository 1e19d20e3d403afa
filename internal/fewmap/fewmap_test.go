package fewmap_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/fewmap"
)

type entry struct {
	key string
	n   int
}

func (e *entry) MapKey() string { return e.key }

// A Map holds what a map of Go holds after the same random steps.
func TestMap(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for keys := range 80 {
		var m fewmap.Map[*entry]
		want := map[string]*entry{}
		for n := range 300 {
			key := fmt.Sprint(random.IntN(keys + 1))
			if random.IntN(3) == 0 {
				m.Delete(key)
				delete(want, key)
			} else {
				e := &entry{key, n}
				m.Put(e)
				want[key] = e
			}
			require.Equal(t, len(want), m.Len())
			got, ok := m.Get(key)
			require.Equal(t, want[key] != nil, ok)
			require.Same(t, want[key], got)
		}
		assert.ElementsMatch(t, slices.Collect(maps.Values(want)), slices.Collect(m.All()))
	}
}

// Values that are removed while all are visited do not hide others.
func TestRemoveWhileVisiting(t *testing.T) {
	for _, size := range []int{1, 5, 31, 32, 33, 100} {
		var m fewmap.Map[*entry]
		for n := range size {
			m.Put(&entry{fmt.Sprint(n), n})
		}
		seen := map[string]bool{}
		for e := range m.All() {
			seen[e.key] = true
			m.Delete(e.key)
		}
		assert.Len(t, seen, size)
		assert.Zero(t, m.Len())
	}
}
