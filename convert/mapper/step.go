package mapper

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Begin starts a step at t, dropping what was given since the last Step.
func (s *Source) Begin(t pcp.Timestamp) {
	s.tick++
	s.step.Stamp = t
	s.touched, s.withExemplars = s.touched[:0], s.withExemplars[:0]
	s.healthy = false
}

// Live returns how many series have a value and did not end.
func (s *Source) Live() int { return s.live }

// touch makes m part of the current step.
func (s *Source) touch(m *metricState) {
	if m.tick != s.tick {
		m.tick, m.points = s.tick, m.points[:0]
		s.touched = append(s.touched, m)
	}
}

// Current returns the series to which a value for ser goes: ser, also if it was
// forgotten since the value came, or the one that has taken its place.
func (s *Source) Current(ser *Series) *Series {
	if !ser.forgotten.Load() {
		return ser
	}
	if now := ser.metric.series[ser.key]; now != nil {
		return now
	}
	if ser.series.Metric != ser.metric.metric {
		moved := *ser.series
		moved.Metric = ser.metric.metric
		ser.series = &moved
	}
	ser.metric.series[ser.key] = ser
	ser.forgotten.Store(false)
	return ser
}

// Has reports whether a series has a value in the current step.
func (s *Source) Has(ser *Series) bool { return ser.tick == s.tick }

// Set gives a series its value in the current step. The later of two wins.
func (s *Source) Set(ser *Series, v float64) {
	s.set(ser, history.Value{Inst: ser.series.Inst.ID, Type: pcp.TypeDouble, Bits: math.Float64bits(v)})
}

// SetHistogram is Set for a native histogram in the form of convert/nativehist.
// The step keeps data.
func (s *Source) SetHistogram(ser *Series, data []byte) {
	s.set(ser, history.Value{Inst: ser.series.Inst.ID, Type: pcp.TypeAggregate, Data: data})
}

func (s *Source) set(ser *Series, value history.Value) {
	m := ser.metric
	s.touch(m)
	if !ser.live {
		ser.live = true
		m.live++
		s.live++
		m.changed = true
	}
	if s.Has(ser) {
		m.points[ser.at].Value = value
		s.mapper.opts.Report.Add(prom.LossSameTime, m.key.sample)
		return
	}
	ser.tick, ser.at = s.tick, len(m.points)
	m.points = append(m.points, history.Point{Series: ser.series, Value: value})
}

// End takes a series out of its instance domain from the current step on, unless
// it has a value in it: relabelling may have made one of two series of a page.
func (s *Source) End(ser *Series) {
	if !ser.live || ser.tick == s.tick {
		return
	}
	m := ser.metric
	s.touch(m)
	ser.live = false
	m.live--
	s.live--
	m.changed = true
	if x := ser.exemplars; x != nil { // what is repeated after a gap is new to readers
		x.now, x.last = x.now[:0], x.last[:0]
	}
	s.ended = append(s.ended, ser)
	s.forget()
}

// EndAll takes every series out of its domain, as a failed scrape does.
func (s *Source) EndAll() {
	if s.live == 0 {
		return
	}
	for _, m := range s.metrics {
		for _, ser := range m.series {
			s.End(ser)
		}
	}
}

// forget drops the oldest ended series beyond as many as are live, so that
// labels which never repeat do not fill the memory.
func (s *Source) forget() {
	const atLeast = 1000
	for len(s.ended) > max(atLeast, s.live) {
		old := s.ended[0]
		s.ended = s.ended[1:]
		if !old.live && !old.forgotten.Load() {
			old.forgotten.Store(true)
			delete(old.metric.series, old.key)
		}
	}
}

// Step returns what was given since Begin. It is reused by the next Begin.
func (s *Source) Step() *history.Step {
	s.step.Metrics = s.step.Metrics[:0]
	for _, m := range s.touched {
		if m.changed && !m.key.singular && m.live > 0 {
			m.rebuild(s.step.Stamp)
		}
		m.changed = false
		mv := history.MetricValues{Metric: m.metric, InDom: m.indom, Labels: m.labels, Points: m.points}
		if m.live == 0 {
			mv.Err = pcp.ErrnoAgain
		}
		s.step.Metrics = append(s.step.Metrics, mv)
	}
	s.appendExemplars()
	if s.healthy {
		s.appendControl()
	}
	return &s.step
}

// rebuild makes the instance domain and its labels anew from the live series.
func (m *metricState) rebuild(t pcp.Timestamp) {
	live := make([]*history.Series, 0, m.live)
	for _, ser := range m.series {
		if ser.live {
			live = append(live, ser.series)
		}
	}
	slices.SortFunc(live, func(a, b *history.Series) int { return cmp.Compare(a.Inst.ID, b.Inst.ID) })
	m.indom, m.labels = InDomOf(m.metric.Desc.InDom, t, live)
}

// domainOf builds an instance domain and its labels from series that ascend by
// instance.
func InDomOf(id pcp.InDomID, t pcp.Timestamp, series []*history.Series) (*meta.InDom, *meta.Labels) {
	in := &meta.InDom{Stamp: t, ID: id, Instances: make([]meta.Instance, len(series))}
	l := &meta.Labels{Stamp: t, Level: labelset.Instances, Ident: uint32(id), Sets: make([]labelset.Instance, len(series))}
	for i, ser := range series {
		in.Instances[i] = ser.Inst
		l.Sets[i] = labelset.Instance{Inst: ser.Inst.ID, Set: ser.Labels}
	}
	return in, l
}

// instanceName returns "N k:v k:v". The number makes it unique up to the first
// blank, which the reference demands.
func instanceName(id pcp.InstID, labels []prom.Label) string {
	var b strings.Builder
	b.WriteString(strconv.Itoa(int(id)))
	for _, l := range labels {
		b.WriteByte(' ')
		b.WriteString(l.Name)
		b.WriteByte(':')
		b.WriteString(l.Value)
	}
	return strings.ReplaceAll(b.String(), "\x00", "")
}
