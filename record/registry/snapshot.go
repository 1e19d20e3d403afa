package registry

import (
	"cmp"
	"maps"
	"slices"
)

// records yields the records that stand for all of the Registry, in an order that replay
// accepts. The slice is valid until the next record.
func (r *Registry) records(yield func(record []byte)) {
	var b []byte
	for _, name := range slices.Sorted(maps.Keys(r.sources)) {
		src := r.sources[name]
		yield(src.record(b[:0]))
		for _, c := range src.clusters {
			yield(clusterRecord(b[:0], c, name))
		}
		for _, at := range slices.Sorted(maps.Keys(src.items)) {
			m := src.items[at]
			yield(m.record(b[:0]))
			m.instanceRecords(yield)
		}
	}
	last := openRecord(nil, r.boot)
	if r.closed {
		last = []byte{kindClosed}
	}
	yield(last)
}

func (m *metric) instanceRecords(yield func(record []byte)) {
	if m.next == 0 {
		return
	}
	all := slices.SortedFunc(maps.Values(m.instances), func(a, b *instance) int { return cmp.Compare(a.id, b.id) })
	var b []byte
	for _, in := range all {
		b = in.record(b[:0])
		yield(b)
	}
	yield(m.nextRecord(b[:0]))
}
