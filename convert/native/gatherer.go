package native

import (
	"cmp"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// nativeStep gathers the values of native metrics of one time.
type Gatherer struct {
	mapper      *mapper.Mapper
	report      *prom.Report
	metrics     map[pcp.PMID]*metricState
	indoms      map[pcp.InDomID]*domain
	known       []*metricState // that are to be shown in this step
	host        string         // whose they are; of no other, since instances have no host
	owned       bool
	tick        uint64
	stamp       pcp.Timestamp
	touched     []*metricState
	waiting     []*metricState            // that the current step has no record for yet
	levels      map[levelKey]*levelLabels // that metrics share
	relabelings uint64                    // how often one of these changed, from 1
	records     uint64                    // that were made
	lastRecord  uint64                    // the record up to which the current step may go
}

// nativeLevel is what labels belong to.
type levelKey struct {
	level labelset.Level
	ident uint32
}

// nativeLabels are those of a level as they were described last, and in which
// record.
type levelLabels struct {
	set    labelset.Set
	record uint64
}

// pending reports whether values wait for a further record of the current step.
func (n *Gatherer) Pending() bool { return len(n.waiting) > 0 }

func NewGatherer(m *mapper.Mapper, r *prom.Report) *Gatherer {
	return &Gatherer{
		mapper: m, report: r, relabelings: 1,
		metrics: map[pcp.PMID]*metricState{}, indoms: map[pcp.InDomID]*domain{}, levels: map[levelKey]*levelLabels{},
	}
}

// shares returns where a target's series gives its values to: all places or, if
// they are another host's or one of them is another series', none.
func (n *Gatherer) Shares(places []Place, target [2]string) []Share {
	if len(places) == 0 {
		return nil
	}
	if !places[0].Metric.Recorded && !n.owns(mapper.HostOnly(target[1])) {
		n.report.Add(prom.LossNotNative, places[0].Metric.Desc.Name())
		return nil
	}
	for i := range places {
		if n.mapper.Differs(&places[i].Metric.Desc) {
			n.report.Add(prom.LossNotNative, places[i].Metric.Desc.Name())
			return nil
		}
	}
	out := make([]Share, 0, len(places))
	for _, p := range places {
		m := n.metric(p.Metric)
		if p.Known {
			n.known = append(n.known, m)
			continue
		}
		slot := m.slot(p)
		if slot.taken && !slot.admits(p.Combine, target, n.tick) {
			n.report.Add(prom.LossNotNative, p.Metric.Desc.Name())
			return nil
		}
		out = append(out, Share{slot, slot.seriesFor(p), p})
	}
	for _, s := range out {
		s.slot.taken, s.slot.target = true, target
		if s.place.Parts > 1 {
			s.slot.needs = 1<<s.place.Parts - 1
		}
	}
	return out
}

// owns reports whether metrics are those of a host: of the first one that has any.
func (n *Gatherer) owns(host string) bool {
	if !n.owned {
		n.owned, n.host = true, host
	}
	return n.host == host
}

// metric finds or makes a metric, and what it is by one description.
func (n *Gatherer) metric(native *Metric) *metricState {
	desc := native.Desc
	m, ok := n.metrics[desc.PMID]
	if !ok {
		m = &metricState{record: 1, forms: map[*Metric]*history.Metric{}, slots: map[meta.Instance]*slot{}}
		n.metrics[desc.PMID] = m
		if desc.InDom != pcp.InDomNull {
			m.indom = n.indom(desc.InDom)
		}
	}
	if m.forms[native] == nil {
		form := &history.Metric{Name: desc.Name(), Desc: &desc, OneLine: native.OneLine, Help: native.Help, Labels: native.Labels}
		if form.Labels[0].Len() == 0 {
			form.Labels[0], _ = n.mapper.Context()
		}
		m.forms[native] = form
		m.metric, m.timely = cmp.Or(m.metric, form), native.Timely
		m.out = m.metric
	}
	return m
}

// indom finds or makes an instance domain.
func (n *Gatherer) indom(id pcp.InDomID) *domain {
	in, ok := n.indoms[id]
	if !ok {
		in = newDomain(id)
		// Of instances that share a name the newest has it.
		for _, inst := range n.mapper.Instances(id) {
			in.add(&member{inst: inst})
		}
		n.indoms[id] = in
	}
	return in
}

// begin starts a step.
func (n *Gatherer) Begin(t pcp.Timestamp) {
	n.tick++
	n.stamp = t
	n.touched = n.touched[:0]
}

// set gives a slot the value of one of its series, or ends it.
func (n *Gatherer) Set(share Share, v float64, stale bool) {
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
	if s.member != nil {
		m.indom.rejoin(s.member, p, n.tick)
	}
	if s.series != share.series || m.metric != share.series.Metric || m.timely && s.member != nil && s.relabelings != s.member.relabelings {
		n.describe(s, share.series)
	}
	m.valued = n.tick
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

// describe makes a slot and its metric what they are by a series. A record has
// one description of a metric, so that in one step the last one counts.
func (n *Gatherer) describe(s *slot, series *history.Series) {
	m := s.metric
	if m.metric != series.Metric {
		if m.valued == n.tick {
			n.report.Add(prom.LossSameTime, m.metric.Name)
		}
		m.metric, m.out, m.relabelings = series.Metric, series.Metric, n.relabelings-1
	}
	if s.series = series; s.member != nil {
		m.indom.describe(s.member, series.Labels)
		s.relabelings = s.member.relabelings
	}
}
