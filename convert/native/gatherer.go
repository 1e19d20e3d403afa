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

// Gatherer gathers the values of native metrics, one time after another:
//
//	Begin(t)
//	Set(share, value, stale) …
//	AppendTo(step), and AppendRecord(step) while Pending
//
// The metrics of one Gatherer belong to one host, since PCP's instances, such as
// sda, have no host. A Gatherer is for one goroutine.
type Gatherer struct {
	mapper      *mapper.Mapper
	report      *prom.Report
	metrics     map[pcp.PMID]*metricState
	indoms      map[pcp.InDomID]*domain
	known       []*metricState // metrics that the archive must know, see Place.Known
	host        string         // the host of all metrics
	owned       bool           // host is set
	tick        uint64         // number of the current step
	stamp       pcp.Timestamp  // time of the current step
	touched     []*metricState // metrics of the current step
	waiting     []*metricState // metrics of the current step that no record has yet
	levels      map[levelKey]*levelLabels
	relabelings uint64 // counts changes of levels, from 1
	records     uint64 // counts the records
	lastRecord  uint64 // the highest number that a record of the current step may have
}

// levelKey names an object with labels above the instances, such as a cluster.
type levelKey struct {
	level labelset.Level
	ident uint32
}

// levelLabels are the labels that the archive holds for a levelKey.
type levelLabels struct {
	set    labelset.Set
	record uint64 // the last record with a metric that has them
}

// Pending reports whether values of the current step need another record, which
// AppendRecord makes.
func (n *Gatherer) Pending() bool { return len(n.waiting) > 0 }

// NewGatherer returns a Gatherer of metrics in the archive of m. The report may be
// nil.
func NewGatherer(m *mapper.Mapper, r *prom.Report) *Gatherer {
	return &Gatherer{
		mapper: m, report: r, relabelings: 1,
		metrics: map[pcp.PMID]*metricState{}, indoms: map[pcp.InDomID]*domain{}, levels: map[levelKey]*levelLabels{},
	}
}

// Shares returns the shares of a target's series in its places. target has the
// labels job and instance. Shares returns nothing, and counts
// [prom.LossNotNative], if the metrics belong to another host or if another series
// has one of the places.
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

// owns reports whether the Gatherer's metrics belong to host. The first host that
// asks gets them.
func (n *Gatherer) owns(host string) bool {
	if !n.owned {
		n.owned, n.host = true, host
	}
	return n.host == host
}

// metric finds or makes the state of a metric and notes the description.
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
		if form.Labels[labelset.AtContext].Len() == 0 {
			form.Labels[labelset.AtContext], _ = n.mapper.Context()
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
		for _, inst := range n.mapper.Instances(id) { // oldest first
			in.add(&member{inst: inst})
		}
		n.indoms[id] = in
	}
	return in
}

// Begin starts a step at t.
func (n *Gatherer) Begin(t pcp.Timestamp) {
	n.tick++
	n.stamp = t
	n.touched = n.touched[:0]
}

// Set gives a slot a value of one of its series. stale means that the series
// ended; the slot ends with it unless another series gives it a value.
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
		return // another series may still give the slot a value
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

// describe gives a slot and its metric the description that a series has. A record
// has one description of each metric, so the last one in a step wins.
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
