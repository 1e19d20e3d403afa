package catalogue

import (
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// hashes remembers the hashes of metrics with one state: archives of one host have nearly all
// in common. It belongs to one goroutine.
type hashes struct {
	known map[hashKey]metricHashes
	// The parts of keys, by number.
	owners  map[owner]uint32
	records map[recordsKey]uint32
	domains map[digest]uint32

	// What was asked for last: neighbours have it in common.
	last        [labelset.MetricLevels]*meta.Labels
	lastRecords uint32
	lastOwner   owner
	ownerNumber uint32
}

// metricHashes are the hashes of a metric without its instances and with them.
type metricHashes struct{ fixed, whole digest }

// hashKey are the things that the hashes of a metric depend on.
type hashKey struct {
	owner, records, domain uint32
	id                     pcp.PMID
	histograms             bool
}

// owner is a host with descriptions of metrics.
type owner struct {
	host  string
	about *meta.Descriptions
}

// recordsKey are the labels of a metric.
type recordsKey struct {
	present [labelset.MetricLevels]bool
	hashes  [labelset.MetricLevels]digest
}

// mostHashes is the number of metrics whose hashes are remembered.
const mostHashes = 20_000

func newHashes() *hashes {
	return &hashes{known: map[hashKey]metricHashes{}, owners: map[owner]uint32{}, records: map[recordsKey]uint32{}, domains: map[digest]uint32{}}
}

// keep remembers the hashes of a metric. It forgets all others when there are many.
func (m *hashes) keep(key hashKey, found metricHashes) {
	if len(m.known) >= mostHashes {
		*m = *newHashes()
		return // the numbers in key are no longer valid
	}
	m.known[key] = found
}

// keyOf returns the key of a metric. ok is false if the metric has several states.
func (m *hashes) keyOf(h *hasher, s *source, instances *domainStates, store *meta.Store) (key hashKey, ok bool) {
	if len(s.states) != 1 {
		return key, false
	}
	key = hashKey{
		owner: m.ownerOf(owner{h.host, store.Descriptions()}), records: m.recordsOf(h, s.states[0].records),
		id: s.desc.PMID, histograms: naming.HoldsHistograms(store, s.desc),
	}
	if instances != nil {
		key.domain = number(m.domains, instances.hash)
	}
	return key, true
}

// ownerOf returns the number of an owner.
func (m *hashes) ownerOf(o owner) uint32 {
	if m.ownerNumber == 0 || m.lastOwner != o {
		m.lastOwner, m.ownerNumber = o, number(m.owners, o)
	}
	return m.ownerNumber
}

// recordsOf returns the number of the labels that records hold.
func (m *hashes) recordsOf(h *hasher, records [labelset.MetricLevels]*meta.Labels) uint32 {
	if m.lastRecords != 0 && m.last == records {
		return m.lastRecords
	}
	var key recordsKey
	for i, l := range records {
		key.present[i], key.hashes[i] = l != nil, h.record(l)
	}
	m.last, m.lastRecords = records, number(m.records, key)
	return m.lastRecords
}

// number finds or adds the number of a part of a key. It is not zero.
func number[K comparable](numbers map[K]uint32, key K) uint32 {
	n := numbers[key]
	if n == 0 {
		n = uint32(len(numbers) + 1)
		numbers[key] = n
	}
	return n
}
