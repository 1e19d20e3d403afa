package catalogue

import (
	"math/bits"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
)

// index numbers the series, holds each once, and finds series by their labels.
type index struct {
	labels  []labels.Labels
	hosts   []uint32 // number of the host of each series
	origins []uint32 // origin of each series; see the method origin
	targets [][]prom.Label
	byHash  map[uint64]uint32 // the first series with a hash of its labels
	next    []uint32          // the next series with the same hash; 0 means none, because series 0 follows no other
	names   map[string]*postings
	shared  bool // whether series of several hosts have equal labels
}

// postings holds the series that have a label, by its value.
type postings struct {
	values map[string]int
	texts  []string
	series [][]uint32
}

func newIndex() *index {
	return &index{byHash: map[uint64]uint32{}, names: map[string]*postings{}, targets: [][]prom.Label{nil}}
}

// origin returns the number of a series' origin: 0 for PCP's own metrics, and a further
// number for each target of Prometheus. The origin decides how clashes of hosts change labels.
func (x *index) origin(native bool, target []prom.Label) uint32 {
	if native {
		return 0
	}
	for i, t := range x.targets[1:] {
		if slices.Equal(t, target) {
			return uint32(i + 1)
		}
	}
	x.targets = append(x.targets, target)
	return uint32(len(x.targets) - 1)
}

// add finds or adds a series and returns its number.
func (x *index) add(ls labels.Labels, host uint32, origin uint32) uint32 {
	hash := ls.Hash()
	first, known := x.byHash[hash]
	last := first
	for at, more := first, known; more; at, more = x.next[at], x.next[at] != 0 {
		last = at
		if !labels.Equal(x.labels[at], ls) {
			continue
		}
		if x.hosts[at] == host && x.origins[at] == origin {
			return at
		}
		x.shared = x.shared || x.hosts[at] != host
	}
	id := uint32(len(x.labels))
	if known {
		x.next[last] = id
	} else {
		x.byHash[hash] = id
	}
	x.labels, x.hosts, x.origins, x.next = append(x.labels, ls), append(x.hosts, host), append(x.origins, origin), append(x.next, 0)
	x.post(id, ls)
	return id
}

// post adds a series to the postings of its labels.
func (x *index) post(id uint32, ls labels.Labels) {
	ls.Range(func(l labels.Label) {
		p := x.names[l.Name]
		if p == nil {
			p = &postings{values: map[string]int{}}
			x.names[l.Name] = p
		}
		at, known := p.values[l.Value]
		if !known {
			at = len(p.texts)
			p.values[l.Value] = at
			p.texts, p.series = append(p.texts, l.Value), append(p.series, nil)
		}
		p.series[at] = append(p.series[at], id)
	})
}

// rehosted returns an index of the same series under the same numbers, with the labels that
// they have because names of hosts clash.
func (x *index) rehosted(clashes *flatten.HostClashes, hosts []*host) *index {
	y := newIndex()
	y.hosts, y.origins = x.hosts[:len(x.labels):len(x.labels)], x.origins
	y.labels = make([]labels.Labels, len(x.labels))
	owners := make(map[uint64]uint32, len(x.labels))
	for id, ls := range x.labels {
		target := x.targets[x.origins[id]]
		before := promSlice(ls)
		after := clashes.Rehost(before, target, x.origins[id] == 0, hosts[x.hosts[id]].name)
		if len(after) != len(before) || !slices.Equal(after, before) {
			ls = promLabels(&describedSeries{name: ls.Get(model.MetricNameLabel), labels: after})
		}
		y.labels[id] = ls
		y.post(uint32(id), ls)
		if owner, ok := owners[ls.Hash()]; ok && owner != x.hosts[id] {
			y.shared = true
		}
		owners[ls.Hash()] = x.hosts[id]
	}
	return y
}

// promSlice returns labels without the name.
func promSlice(ls labels.Labels) (all []prom.Label) {
	ls.Range(func(l labels.Label) {
		if l.Name != model.MetricNameLabel {
			all = append(all, prom.Label{Name: l.Name, Value: l.Value})
		}
	})
	return all
}

// match removes the series from set that a matcher rejects.
func (x *index) match(m *labels.Matcher, set bitset) {
	allowed := make(bitset, len(set))
	p := x.names[m.Name]
	if m.Matches("") { // also the series without the label
		allowed.fill()
		if p != nil {
			for i, text := range p.texts {
				if !m.Matches(text) {
					allowed.remove(p.series[i])
				}
			}
		}
	} else if p != nil && m.Type == labels.MatchEqual {
		if i, ok := p.values[m.Value]; ok {
			allowed.add(p.series[i])
		}
	} else if p != nil {
		for i, text := range p.texts {
			if m.Matches(text) {
				allowed.add(p.series[i])
			}
		}
	}
	set.and(allowed)
}

// bitset is a set of series.
type bitset []uint64

func newBitset(n int) bitset { return make(bitset, (n+63)/64) }

func (b bitset) add(ids []uint32) {
	for _, id := range ids {
		if int(id/64) >= len(b) {
			return // ids ascend, so all further series are newer than the set, too
		}
		b[id/64] |= 1 << (id % 64)
	}
}

func (b bitset) remove(ids []uint32) {
	for _, id := range ids {
		if int(id/64) >= len(b) {
			return
		}
		b[id/64] &^= 1 << (id % 64)
	}
}

func (b bitset) fill() {
	for i := range b {
		b[i] = ^uint64(0)
	}
}

func (b bitset) and(other bitset) {
	for i := range b {
		b[i] &= other[i]
	}
}

// has reports whether the set contains a series. The series may be newer than the set.
func (b bitset) has(id uint32) bool { return int(id/64) < len(b) && b[id/64]&(1<<(id%64)) != 0 }

// hasAny reports whether the set contains at least one of the series.
func (b bitset) hasAny(ids []uint32) bool { return slices.ContainsFunc(ids, b.has) }

// len returns the number of series.
func (b bitset) len() (n int) {
	for _, word := range b {
		n += bits.OnesCount64(word)
	}
	return n
}

// each visits the series of the set.
func (b bitset) each(visit func(id uint32)) {
	for i, word := range b {
		for ; word != 0; word &= word - 1 {
			visit(uint32(i*64 + bits.TrailingZeros64(word)))
		}
	}
}
