package registry

import (
	"math"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/internal/fewmap"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// metric has the instances of a metric. The Registry's lock guards it, except for the
// fields that never change: src, at, id, unit and desc.
type metric struct {
	src   *source
	at    uint32 // cluster · ItemsPerCluster + item
	id    mapper.MetricID
	unit  string
	desc  *meta.Desc
	refs  int
	since int64 // as for source

	instances fewmap.Map[*instance] // by prom.LabelsKey
	next      int64                 // greater than every number given so far
	marks     []mark                // ascending
	reuse     *reuse                // nil while there are numbers from next on
	byNumber  map[pcp.InstID]*instance
	members   []*mapper.Instance // of domain
	domain    *mapper.Domain     // the last one that somebody asked for
}

// instance is an instance of a metric. shared is nil while nobody uses it.
type instance struct {
	metric     *metric
	key        string
	id         pcp.InstID
	refs       int32
	since      int64
	shared     *mapper.Instance
	prev, next *instance // in the list of those that have vanished
}

// MapKey returns the key of the instance's labels.
func (in *instance) MapKey() string { return in.key }

var _ mapper.MetricNumbers = (*metric)(nil)

// Desc returns the description.
func (m *metric) Desc() *meta.Desc { return m.desc }

// Unit returns the unit that was declared when the metric got its number.
func (m *metric) Unit() string { return m.unit }

// leaf returns the end of the metric's name.
func (m *metric) leaf() string { return strings.TrimPrefix(m.desc.Name(), m.src.prefix()) }

// Release says that the caller uses the metric no more.
func (m *metric) Release() {
	m.src.reg.mu.Lock()
	defer m.src.reg.mu.Unlock()
	if m.refs--; m.refs == 0 {
		m.since = m.src.reg.now()
		m.members, m.domain = nil, nil
	}
}

// Instance returns the instance with the labels of key. It gives a new one a number.
func (m *metric) Instance(key string, describe mapper.Describer) (*mapper.Instance, error) {
	r := m.src.reg
	r.mu.Lock()
	defer r.mu.Unlock()
	in, known := m.instances.Get(key)
	if !known {
		id, err := m.nextNumber()
		if err != nil {
			return nil, err
		}
		in = &instance{metric: m, key: key, id: id}
	}
	if in.shared == nil {
		shared, err := describe(in.id, in.key)
		if err != nil {
			return nil, err
		}
		in.shared = shared
	}
	if !known {
		m.next = max(m.next, int64(in.id)+1)
		m.add(in)
		r.put(in.record(nil))
	}
	r.use(in)
	return in.shared, nil
}

// Forget says that the caller uses an instance no more.
func (m *metric) Forget(shared *mapper.Instance) {
	r := m.src.reg
	r.mu.Lock()
	defer r.mu.Unlock()
	if in, ok := m.instances.Get(shared.Key); ok && in.shared == shared {
		r.unuse(in)
	}
}

// Domain returns what an instance domain with these instances holds. It is the same for
// all targets that have the same instances.
func (m *metric) Domain(all []*mapper.Instance) *mapper.Domain {
	m.src.reg.mu.Lock()
	defer m.src.reg.mu.Unlock()
	if m.domain == nil || !slices.Equal(m.members, all) {
		m.members, m.domain = slices.Clone(all), mapper.NewDomain(all)
	}
	return m.domain
}

// add makes an instance known.
func (m *metric) add(in *instance) {
	m.instances.Put(in)
	if m.byNumber != nil {
		m.byNumber[in.id] = in
	}
}

// drop forgets an instance.
func (m *metric) drop(in *instance) {
	m.instances.Delete(in.key)
	if m.byNumber != nil && m.byNumber[in.id] == in {
		delete(m.byNumber, in.id)
	}
}

// withNumber returns the instance with a number; nil if there is none.
func (m *metric) withNumber(id pcp.InstID) *instance {
	if m.byNumber == nil {
		m.byNumber = make(map[pcp.InstID]*instance, m.instances.Len())
		for in := range m.instances.All() {
			m.byNumber[in.id] = in
		}
	}
	return m.byNumber[id]
}

// mark says that at a time all numbers from next on were unused.
type mark struct{ time, next int64 }

// reuse walks through numbers that may be used again.
type reuse struct{ at, limit int64 }

// nextNumber returns the number of a new instance. When all have been used it returns one
// that was used only before the retention began.
func (m *metric) nextNumber() (pcp.InstID, error) {
	if m.next <= math.MaxInt32 {
		return pcp.InstID(m.next), nil
	}
	if m.reuse == nil {
		m.reuse = &reuse{}
	}
	u := m.reuse
	for {
		for ; u.at < u.limit; u.at++ {
			if m.withNumber(pcp.InstID(u.at)) == nil {
				u.at++
				return pcp.InstID(u.at - 1), nil
			}
		}
		limit := m.limit(m.src.reg.expired())
		if limit == u.limit {
			return 0, mapper.ErrNumbers
		}
		u.limit = limit
	}
}

// limit returns the number below which all numbers were given before a time.
func (m *metric) limit(time int64) (limit int64) {
	for _, k := range m.marks {
		if k.time <= time {
			limit = k.next
		}
	}
	return limit
}

// manyNumbers is the count of numbers from which on a metric has marks. Others never run
// out within a retention.
const manyNumbers = 1 << 24

// setMark adds a mark if the last one is old, and drops those that are not needed.
func (m *metric) setMark(now, retention int64) {
	if m.next < manyNumbers || retention == 0 {
		return
	}
	if n := len(m.marks); n > 0 && now-m.marks[n-1].time < retention/16 {
		return
	}
	m.marks = append(m.marks, mark{now, m.next})
	for len(m.marks) > 1 && m.marks[1].time <= now-retention {
		m.marks = m.marks[1:]
	}
}
