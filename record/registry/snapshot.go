package registry

import (
	"cmp"
	"maps"
	"slices"
)

// records yields the records that stand for all of the Registry, in an order that replay
// accepts. A record is valid until the next one. records takes the Registry's lock for one
// source or metric at a time and releases it before it yields, because yield may wait for
// the disk. What changes meanwhile may be missing.
func (r *Registry) records(yield func(record []byte)) {
	r.mu.Lock()
	names := slices.Sorted(maps.Keys(r.sources))
	r.mu.Unlock()
	var all []instance
	for _, name := range names {
		src, head, items := r.sourceRecords(name)
		for _, record := range head {
			yield(record)
		}
		for _, at := range items {
			all = src.metricRecords(at, all[:0], yield)
		}
	}
	r.mu.Lock()
	last := openRecord(nil, r.boot)
	if r.closed {
		last = []byte{kindClosed}
	}
	r.mu.Unlock()
	yield(last)
}

// sourceRecords returns the records of a source and of its clusters, and the numbers of its
// metrics.
func (r *Registry) sourceRecords(name string) (src *source, head [][]byte, items []uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if src = r.sources[name]; src == nil {
		return nil, nil, nil
	}
	head = append(head, src.record())
	for _, c := range src.clusters {
		head = append(head, clusterRecord(c, name))
	}
	return src, head, slices.Sorted(maps.Keys(src.items))
}

// metricRecords yields the records of a metric and of its instances. It returns the room
// that it used for copies of the instances.
func (src *source) metricRecords(at uint32, room []instance, yield func(record []byte)) []instance {
	src.reg.mu.Lock()
	m := src.items[at]
	if m == nil {
		src.reg.mu.Unlock()
		return room
	}
	head, next := m.record(nil), m.next
	last := m.nextRecord(nil)
	for in := range m.instances.All() {
		room = append(room, instance{metric: m, key: in.key, id: in.id, since: in.since})
	}
	src.reg.mu.Unlock()
	yield(head)
	if next == 0 {
		return room
	}
	slices.SortFunc(room, func(a, b instance) int { return cmp.Compare(a.id, b.id) })
	var b []byte
	for i := range room {
		b = room[i].record(b[:0])
		yield(b)
	}
	yield(last)
	return room
}
