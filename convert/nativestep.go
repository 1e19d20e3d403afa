package convert

import (
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// nativeStep gathers the values of native metrics of one time.
type nativeStep struct {
	mapper  *Mapper
	report  *Report
	metrics map[*NativeMetric]*nativeMetric
	indoms  map[pcp.InDomID]*nativeInDom
	known   []*NativeMetric // that are to be shown in this step
	host    string          // whose they are; of no other, since instances have no host
	owned   bool
	tick    uint64
	stamp   pcp.Timestamp
	touched []*nativeMetric
}

// nativeMetric is a metric with its places.
type nativeMetric struct {
	native *NativeMetric
	metric *archive.Metric
	indom  *nativeInDom // nil: singular
	slots  map[meta.Instance]*nativeSlot
	live   int
	tick   uint64
	now    []*nativeSlot
	points []archive.Point

	changed bool // a slot came to life or ended in this step
	shown   bool // the archive has the metric, be it without a value
}

// nativeSlot is an instance of a metric and what it holds.
type nativeSlot struct {
	metric  *nativeMetric
	member  *nativeMember // nil: singular
	series  *archive.Series
	target  [2]string // of the first series
	taken   bool      // it has had a series
	live    bool
	tick    uint64
	ended   bool // in this step
	sum     float64
	times   float64
	over    float64
	divided bool
	parts   uint64 // seen, as bits
	needs   uint64 // of these
	scaled  bool   // not as it was exposed
	text    string
}

// nativeShare is what one series gives to a slot.
type nativeShare struct {
	slot  *nativeSlot
	place Place
}

func newNativeStep(m *Mapper, r *Report) *nativeStep {
	return &nativeStep{
		mapper: m, report: r,
		metrics: map[*NativeMetric]*nativeMetric{}, indoms: map[pcp.InDomID]*nativeInDom{},
	}
}

// shares returns where a target's series gives its values to: all places or, if
// they are another host's or one of them is another series', none.
func (n *nativeStep) shares(places []Place, target [2]string) []nativeShare {
	if len(places) == 0 {
		return nil
	}
	if host := HostOnly(target[1]); !n.owned {
		n.owned, n.host = true, host
	} else if n.host != host {
		n.report.Add(LossNotNative, places[0].Metric.Desc.Name())
		return nil
	}
	for i := range places {
		if n.mapper.known.differs(&places[i].Metric.Desc) {
			n.report.Add(LossNotNative, places[i].Metric.Desc.Name())
			return nil
		}
	}
	out := make([]nativeShare, 0, len(places))
	for _, p := range places {
		if p.Known {
			n.known = append(n.known, p.Metric)
			continue
		}
		slot := n.slot(p)
		if slot.taken && !slot.admits(p.Combine, target, n.tick) {
			n.report.Add(LossNotNative, p.Metric.Desc.Name())
			return nil
		}
		out = append(out, nativeShare{slot, p})
	}
	for _, s := range out {
		s.slot.taken, s.slot.target = true, target
		if s.place.Parts > 1 {
			s.slot.needs = 1<<s.place.Parts - 1
		}
	}
	return out
}

// admits reports whether a further series may have the slot.
func (s *nativeSlot) admits(c Combine, target [2]string, tick uint64) bool {
	switch c {
	case CombineNot:
		return !s.live && (s.tick != tick || s.ended)
	case CombineLast:
		return true
	}
	return s.target == target
}

// slot finds or makes a place.
func (n *nativeStep) slot(p Place) *nativeSlot {
	m := n.metric(p.Metric)
	inst := meta.Instance{ID: pcp.InstNull}
	var member *nativeMember
	if m.indom != nil {
		member = m.indom.member(p)
		inst = member.inst
	}
	slot, ok := m.slots[inst]
	if !ok {
		slot = &nativeSlot{metric: m, member: member, series: &archive.Series{Metric: m.metric, Inst: inst, Labels: p.Labels}}
		m.slots[inst] = slot
	}
	return slot
}

// metric finds or makes a metric.
func (n *nativeStep) metric(native *NativeMetric) *nativeMetric {
	if m, ok := n.metrics[native]; ok {
		return m
	}
	desc := native.Desc
	m := &nativeMetric{native: native, slots: map[meta.Instance]*nativeSlot{}}
	n.metrics[native] = m
	m.metric = &archive.Metric{Name: desc.Name(), Desc: &desc, OneLine: native.OneLine, Help: native.Help, Labels: native.Labels}
	if m.metric.Labels[0].Len() == 0 {
		m.metric.Labels[0] = n.mapper.context
	}
	if desc.InDom == pcp.InDomNull {
		return m
	}
	in, ok := n.indoms[desc.InDom]
	if !ok {
		in = &nativeInDom{id: desc.InDom, byName: map[string]pcp.InstID{}, members: map[meta.Instance]*nativeMember{}, taken: map[pcp.InstID]bool{}}
		n.mapper.known.adoptInDom(in)
		n.indoms[desc.InDom] = in
	}
	m.indom = in
	return m
}

// begin starts a step.
func (n *nativeStep) begin(t pcp.Timestamp) {
	n.tick++
	n.stamp = t
	n.touched = n.touched[:0]
}

// set gives a slot the value of one of its series, or ends it.
func (n *nativeStep) set(share nativeShare, v float64, stale bool) {
	s, p := share.slot, &share.place
	m := s.metric
	if m.tick != n.tick {
		m.tick, m.now = n.tick, m.now[:0]
		n.touched = append(n.touched, m)
	}
	if s.tick != n.tick {
		s.tick, s.ended = n.tick, true
		s.sum, s.times, s.over, s.divided, s.parts = 0, 1, 0, false, 0
		m.now = append(m.now, s)
	}
	ok := !stale
	if ok && p.Pick != nil {
		v, ok = p.Pick(v)
	}
	if !ok {
		return // another series may still give it a value
	}
	s.ended, s.scaled, s.text = false, p.Factor != 0, p.Text
	s.parts |= 1 << p.Part
	if p.Factor != 0 {
		v *= p.Factor
	}
	switch p.Combine {
	case CombineSum:
		s.sum += v
	case CombineCount:
		s.sum++
	case CombineTimes:
		s.times *= v
	case CombineOver:
		s.over, s.divided = s.over+v, true
	default:
		s.sum = v
	}
}

// appendTo adds what was set since begin.
func (n *nativeStep) appendTo(dst []archive.MetricValues) []archive.MetricValues {
	for _, native := range n.known {
		if m := n.metric(native); m.tick != n.tick && !m.shown {
			m.tick, m.now = n.tick, m.now[:0]
			n.touched = append(n.touched, m)
		}
	}
	n.known = n.known[:0]
	for _, m := range n.touched {
		m.changed = false
		for _, s := range m.now {
			s.settle()
		}
	}
	first := len(dst)
	for _, m := range n.touched {
		mv := archive.MetricValues{Metric: m.metric}
		m.points = m.points[:0]
		for _, s := range m.now {
			if !s.ended {
				m.points = append(m.points, archive.Point{Series: s.series, Value: n.value(s)})
			}
		}
		if len(m.points) == 0 && !m.changed && m.shown {
			continue // what there is makes no value, as before
		}
		mv.Points = m.points
		if m.indom != nil {
			m.indom.rebuild(n.stamp)
			mv.InDom, mv.Labels = m.indom.indom, m.indom.labels
		}
		if m.live == 0 && m.changed {
			mv.Err = pcp.ErrnoAgain
		}
		m.shown = true
		dst = append(dst, mv)
	}
	return dst[:first+len(unite(dst[first:]))]
}

// unite makes one of the values that a metric has before and after a change of
// its labels: a record holds each metric once, and what comes later counts.
func unite(all []archive.MetricValues) []archive.MetricValues {
	at := make(map[pcp.PMID]int, len(all))
	kept := all[:0]
	for _, mv := range all {
		i, twice := at[mv.Metric.Desc.PMID]
		switch {
		case !twice:
			at[mv.Metric.Desc.PMID] = len(kept)
			kept = append(kept, mv)
		case len(mv.Points) == 0:
		default:
			mv.Points = append(slices.Clip(mv.Points), kept[i].Points...)
			kept[i] = mv
		}
	}
	return kept
}

// settle works out whether a slot has a value, and counts it.
func (s *nativeSlot) settle() {
	integer := s.metric.metric.Desc.Type <= pcp.TypeU64
	switch {
	case s.ended:
	case s.parts&s.needs != s.needs, s.divided && s.over == 0:
		s.ended = true
	case s.divided:
		s.sum *= s.times / s.over
	default:
		s.sum *= s.times
	}
	if integer && s.sum != s.sum {
		s.ended = true
	}
	if s.live != s.ended {
		return
	}
	s.live, s.metric.changed = !s.ended, true
	d := 1
	if s.ended {
		d = -1
	}
	s.metric.live += d
	if s.member == nil {
		return
	}
	if s.member.live += d; s.member.live == 1 && d > 0 {
		s.metric.indom.births++
		s.member.born = s.metric.indom.births
	}
	if s.member.live == 0 || d > 0 && s.member.live == 1 {
		s.metric.indom.changed = true
	}
}
