package columns

import (
	"hash/maphash"
	"slices"
	"sync"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// namesMemo remembers the Names of metrics, as nearly all archives of a host have the same
// ones. A nil namesMemo remembers nothing.
type namesMemo struct {
	seed   maphash.Seed
	mu     sync.Mutex
	byHash map[uint64]*knownNames
}

// knownNames are the Names of the metrics of an archive.
type knownNames struct {
	names *Names
	descs []descKey
	place []int // of the metrics in names; -1 for a metric without a name there
}

// descKey has the fields of a descriptor that determine the names of a metric without
// labels.
type descKey struct {
	id      uint32
	numeric bool
	sem     pcp.Semantics
	names   []string
}

func keyOf(d *meta.Desc) descKey {
	return descKey{uint32(d.PMID), d.Type.IsNumeric(), d.Sem, d.Names}
}

func (k descKey) equal(o descKey) bool {
	return k.id == o.id && k.numeric == o.numeric && k.sem == o.sem && slices.Equal(k.names, o.names)
}

// namesOf returns the result of the function namesOf, from memory if possible.
func (m *namesMemo) namesOf(store *meta.Store) (*Names, map[*meta.Desc]int) {
	if m == nil || labelled(store) {
		return namesOf(store)
	}
	descs := slices.Collect(store.Metrics())
	hash := m.hash(descs)
	m.mu.Lock()
	known := m.byHash[hash]
	m.mu.Unlock()
	if known == nil || !slices.EqualFunc(known.descs, descs, func(k descKey, d *meta.Desc) bool { return k.equal(keyOf(d)) }) {
		names, at := namesOf(store)
		m.learn(hash, descs, names, at)
		return names, at
	}
	at := make(map[*meta.Desc]int, len(descs))
	for i, d := range descs {
		if known.place[i] >= 0 {
			at[d] = known.place[i]
		}
	}
	return known.names, at
}

// mostKnown is how many Names a namesMemo remembers.
const mostKnown = 64

// learn remembers the names of metrics.
func (m *namesMemo) learn(hash uint64, descs []*meta.Desc, names *Names, at map[*meta.Desc]int) {
	known := &knownNames{names: names, descs: make([]descKey, len(descs)), place: make([]int, len(descs))}
	for i, d := range descs {
		known.descs[i], known.place[i] = keyOf(d), -1
		if place, ok := at[d]; ok {
			known.place[i] = place
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byHash == nil || len(m.byHash) >= mostKnown {
		m.byHash = map[uint64]*knownNames{}
	}
	m.byHash[hash] = known
}

// hash returns a hash of the metrics' numbers and first names.
func (m *namesMemo) hash(descs []*meta.Desc) uint64 {
	var h maphash.Hash
	h.SetSeed(m.seed)
	for _, d := range descs {
		maphash.WriteComparable(&h, d.PMID)
		_, _ = h.WriteString(d.Name()) // returns no error
	}
	return h.Sum64()
}

// labelled reports whether labels may give metrics names of their own.
func labelled(store *meta.Store) bool {
	for range store.LevelLabels(labelset.Item) {
		return true
	}
	return false
}
