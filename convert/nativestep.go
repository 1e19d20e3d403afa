package convert

import (
	"cmp"
	"math"
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// nativeStep gathers the values of native metrics of one time.
type nativeStep struct {
	mapper  *Mapper
	report  *Report
	metrics map[*NativeMetric]*nativeMetric
	indoms  map[pcp.InDomID]*nativeInDom
	tick    uint64
	stamp   pcp.Timestamp
	touched []*nativeMetric
}

// nativeMetric is a metric with its places.
type nativeMetric struct {
	native *NativeMetric
	metric *archive.Metric
	indom  *nativeInDom // nil: singular
	slots  map[pcp.InstID]*nativeSlot
	live   int
	tick   uint64
	now    []*nativeSlot
	points []archive.Point
}

// nativeInDom is an instance domain, which metrics share.
type nativeInDom struct {
	id      pcp.InDomID
	byName  map[string]pcp.InstID
	members map[pcp.InstID]*nativeMember
	nextID  pcp.InstID
	changed bool
	indom   *meta.InDom
	labels  *meta.Labels
}

type nativeMember struct {
	inst   meta.Instance
	labels labelset.Set
	live   int // slots with a value
}

// nativeSlot is a place and what it holds.
type nativeSlot struct {
	metric  *nativeMetric
	member  *nativeMember // nil: singular
	series  *archive.Series
	place   Place
	target  [2]string // of the first series
	live    bool
	tick    uint64
	sum     float64
	ended   bool // in this step
	sharing int
}

func newNativeStep(m *Mapper, r *Report) *nativeStep {
	return &nativeStep{
		mapper: m, report: r,
		metrics: map[*NativeMetric]*nativeMetric{}, indoms: map[pcp.InDomID]*nativeInDom{},
	}
}

// slots returns where a target's series gives its values to: all places or, if
// one of them has another series, none.
func (n *nativeStep) slots(places []Place, target [2]string) []*nativeSlot {
	out := make([]*nativeSlot, 0, len(places))
	for _, p := range places {
		slot := n.slot(p)
		if slot.sharing > 0 && (p.Combine == CombineNot || slot.target != target) {
			n.report.Add(LossRenamed, p.Metric.Desc.Name())
			return nil
		}
		out = append(out, slot)
	}
	for _, slot := range out {
		slot.sharing++
		slot.target = target
	}
	return out
}

// slot finds or makes a place.
func (n *nativeStep) slot(p Place) *nativeSlot {
	m, ok := n.metrics[p.Metric]
	if !ok {
		m = n.metric(p.Metric)
		n.metrics[p.Metric] = m
	}
	id := pcp.InstNull
	var member *nativeMember
	if m.indom != nil {
		member = m.indom.member(p)
		id = member.inst.ID
	}
	slot, ok := m.slots[id]
	if !ok {
		series := &archive.Series{Metric: m.metric, Inst: meta.Instance{ID: id}, Labels: p.Labels}
		if member != nil {
			series.Inst = member.inst
		}
		slot = &nativeSlot{metric: m, member: member, series: series, place: p}
		m.slots[id] = slot
	}
	return slot
}

func (n *nativeStep) metric(native *NativeMetric) *nativeMetric {
	desc := native.Desc
	m := &nativeMetric{native: native, slots: map[pcp.InstID]*nativeSlot{}}
	m.metric = &archive.Metric{Name: desc.Name(), Desc: &desc, OneLine: native.OneLine, Help: native.Help, Labels: native.Labels}
	if m.metric.Labels[0].Len() == 0 {
		m.metric.Labels[0] = n.mapper.context
	}
	if desc.InDom == pcp.InDomNull {
		return m
	}
	in, ok := n.indoms[desc.InDom]
	if !ok {
		in = &nativeInDom{id: desc.InDom, byName: map[string]pcp.InstID{}, members: map[pcp.InstID]*nativeMember{}}
		n.indoms[desc.InDom] = in
	}
	m.indom = in
	return m
}

// member finds or makes the instance of a place. A number that another instance
// has is not taken again.
func (in *nativeInDom) member(p Place) *nativeMember {
	if id, ok := in.byName[p.Instance]; ok {
		return in.members[id]
	}
	id := p.ID
	if _, taken := in.members[id]; taken || id == pcp.InstNull {
		for in.members[in.nextID] != nil {
			in.nextID++
		}
		id = in.nextID
	}
	m := &nativeMember{inst: meta.Instance{ID: id, Name: p.Instance}, labels: p.Labels}
	in.byName[p.Instance], in.members[id] = id, m
	return m
}

// begin starts a step.
func (n *nativeStep) begin(t pcp.Timestamp) {
	n.tick++
	n.stamp = t
	n.touched = n.touched[:0]
}

// set gives a slot the value of one of its series, or ends it.
func (n *nativeStep) set(s *nativeSlot, v float64, stale bool) {
	m := s.metric
	if m.tick != n.tick {
		m.tick, m.now = n.tick, m.now[:0]
		n.touched = append(n.touched, m)
	}
	if s.tick != n.tick {
		s.tick, s.sum, s.ended = n.tick, 0, true
		m.now = append(m.now, s)
	}
	if stale {
		return // another series may still give it a value
	}
	s.ended = false
	if s.place.Factor != 0 {
		v *= s.place.Factor
	}
	switch s.place.Combine {
	case CombineSum:
		s.sum += v
	case CombineCount:
		s.sum++
	default:
		s.sum = v
	}
}

// appendTo adds what was set since begin.
func (n *nativeStep) appendTo(dst []archive.MetricValues) []archive.MetricValues {
	for _, m := range n.touched {
		for _, s := range m.now {
			s.settle()
		}
	}
	for _, m := range n.touched {
		mv := archive.MetricValues{Metric: m.metric}
		m.points = m.points[:0]
		for _, s := range m.now {
			if !s.ended {
				m.points = append(m.points, archive.Point{Series: s.series, Value: n.value(s)})
			}
		}
		mv.Points = m.points
		if m.indom != nil {
			m.indom.rebuild(n.stamp)
			mv.InDom, mv.Labels = m.indom.indom, m.indom.labels
		}
		if m.live == 0 {
			mv.Err = pcp.ErrnoAgain
		}
		dst = append(dst, mv)
	}
	return dst
}

// settle counts whether a slot is alive.
func (s *nativeSlot) settle() {
	if s.live != s.ended {
		return
	}
	s.live = !s.ended
	d := 1
	if s.ended {
		d = -1
	}
	s.metric.live += d
	if s.member == nil {
		return
	}
	s.member.live += d
	if s.member.live == 0 || d > 0 && s.member.live == 1 {
		s.metric.indom.changed = true
	}
}

// rebuild makes the domain anew if instances came or went.
func (in *nativeInDom) rebuild(t pcp.Timestamp) {
	if !in.changed {
		return
	}
	in.changed = false
	var series []*archive.Series
	for _, m := range in.members {
		if m.live > 0 {
			series = append(series, &archive.Series{Inst: m.inst, Labels: m.labels})
		}
	}
	slices.SortFunc(series, func(a, b *archive.Series) int { return cmp.Compare(a.Inst.ID, b.Inst.ID) })
	in.indom, in.labels = domainOf(in.id, t, series)
}

// value returns what a slot holds as its metric's type.
func (n *nativeStep) value(s *nativeSlot) archive.Value {
	d, id := s.metric.metric.Desc, s.series.Inst.ID
	if d.Type == pcp.TypeString {
		return archive.StringValue(id, s.place.Text)
	}
	bits, exact := numberBits(d.Type, s.sum)
	if !exact && s.place.Factor == 0 {
		n.report.Add(LossRounded, s.metric.metric.Name)
	}
	switch d.Type {
	case pcp.Type32, pcp.TypeU32:
		return archive.WordValue(id, uint32(bits))
	}
	return archive.NumberValue(id, d.Type, bits)
}

// numberBits returns v as a value of a numeric type is stored, the nearest that
// the type has, and whether it is v.
func numberBits(t pcp.Type, v float64) (bits uint64, exact bool) {
	switch t {
	case pcp.TypeFloat:
		return uint64(math.Float32bits(float32(v))), float64(float32(v)) == v || v != v
	case pcp.TypeDouble:
		return math.Float64bits(v), true
	}
	lo, hi := 0.0, float64(math.MaxUint32)
	switch t {
	case pcp.Type32:
		lo, hi = math.MinInt32, math.MaxInt32
	case pcp.Type64:
		lo, hi = math.MinInt64, math.MaxInt64
	case pcp.TypeU64:
		hi = math.MaxUint64
	}
	r := math.Round(v)
	switch {
	case v != v:
		return 0, false
	case r < lo:
		r = lo
	case r > hi:
		r = hi
	}
	switch {
	case t == pcp.TypeU64 && r >= math.MaxUint64:
		return math.MaxUint64, r == v
	case t == pcp.Type64 && r >= math.MaxInt64:
		return math.MaxInt64, r == v
	case r < 0:
		return uint64(int64(r)), r == v
	}
	return uint64(r), r == v
}
