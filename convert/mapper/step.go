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

// Begin starts a step at t. It drops values that were set since the last Step.
func (s *Source) Begin(t pcp.Timestamp) {
	s.tick++
	s.step.Stamp = t
	s.touched, s.withExemplars = s.touched[:0], s.withExemplars[:0]
	s.healthy = false
	for _, m := range s.retired {
		if m.live > 0 {
			for ser := range m.series.All() {
				s.End(ser)
			}
		}
	}
}

// Live returns the number of series that have a value and have not ended.
func (s *Source) Live() int { return s.live }

// touch makes m part of the current step.
func (s *Source) touch(m *metricState) {
	if m.tick != s.tick {
		if m.points == nil {
			m.points = make([]history.Point, 0, m.series.Len())
		}
		m.tick, m.points = s.tick, m.points[:0]
		s.touched = append(s.touched, m)
	}
}

// Current returns the series to set a value of ser on. If the Source has forgotten
// ser, that is the series with the same labels that took its place, or ser itself,
// which the Source then remembers again.
func (s *Source) Current(ser *Series) *Series {
	if !ser.forgotten.Load() {
		return ser
	}
	m := ser.metric
	if now, ok := m.series.Get(ser.inst.Key); ok {
		return now
	}
	if m.numbers != nil && !m.key.singular { // the number may have changed
		if inst, err := m.numbers.Instance(ser.inst.Key, s.describer(m)); err == nil {
			ser.inst = inst
		}
	}
	if ser.series.Metric != m.metric || ser.series.Inst != ser.inst.Instance {
		moved := *ser.series
		moved.Metric, moved.Inst = m.metric, ser.inst.Instance
		ser.series = &moved
	}
	m.series.Put(ser)
	ser.forgotten.Store(false)
	return ser
}

// Has reports whether a series has a value in the current step that counts more than a
// further one.
func (s *Source) Has(ser *Series) bool { return ser.tick == s.tick && !s.target.Options.LastWins }

// Set gives a series its value in the current step. A second value in one step
// replaces the first and is counted as [prom.LossSameTime], unless the Source has LastWins.
// A value that the metric's type cannot hold is not recorded and counted as
// [prom.LossUndecodable].
func (s *Source) Set(ser *Series, v float64) {
	value := history.Value{Inst: ser.series.Inst.ID, Type: pcp.TypeDouble, Bits: math.Float64bits(v)}
	if t := ser.metric.metric.Desc.Type; t != pcp.TypeDouble {
		var ok bool
		if value, ok = valueAs(ser.series.Inst.ID, t, v); !ok {
			s.mapper.opts.Report.Add(prom.LossUndecodable, ser.metric.key.sample)
			return
		}
	}
	s.set(ser, value)
}

// valueAs returns v as a value of type t. ok is false if t cannot hold it.
func valueAs(inst pcp.InstID, t pcp.Type, v float64) (value history.Value, ok bool) {
	whole := v == math.Trunc(v)
	switch t {
	case pcp.TypeFloat:
		return history.Value{Inst: inst, Type: t, Bits: uint64(math.Float32bits(float32(v)))}, true
	case pcp.Type32:
		return history.WordValue(inst, uint32(int32(v))), whole && v >= math.MinInt32 && v <= math.MaxInt32
	case pcp.TypeU32:
		return history.WordValue(inst, uint32(v)), whole && v >= 0 && v <= math.MaxUint32
	case pcp.Type64:
		return history.NumberValue(inst, t, uint64(int64(v))), whole && v >= math.MinInt64 && v < math.MaxInt64
	case pcp.TypeU64:
		return history.NumberValue(inst, t, uint64(v)), whole && v >= 0 && v < math.MaxUint64
	}
	return value, false
}

// SetHistogram is Set for a native histogram in the form of convert/nativehist. The
// Source keeps data until the next Begin.
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
	if ser.tick == s.tick {
		m.points[ser.at].Value = value
		if !s.target.Options.LastWins {
			s.mapper.opts.Report.Add(prom.LossSameTime, m.key.sample)
		}
		return
	}
	ser.tick, ser.at = s.tick, uint32(len(m.points))
	m.points = append(m.points, history.Point{Series: ser.series, Value: value})
}

// End takes a series out of its instance domain from the current step on. It does
// nothing if the series has a value in this step: relabelling may merge two series
// of a page, of which only one ended.
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
	if x := ser.exemplars; x != nil { // after the gap, record a repeated exemplar again
		x.now, x.last = x.now[:0], x.last[:0]
	}
	s.ended = append(s.ended, ser)
	s.forget()
}

// EndAll ends every series, as after a failed scrape.
func (s *Source) EndAll() {
	if s.live == 0 {
		return
	}
	for _, m := range s.metrics {
		for ser := range m.series.All() {
			s.End(ser)
		}
	}
}

// forget drops the oldest ended series if there are more of them than live ones.
// Otherwise labels that never repeat would fill the memory.
func (s *Source) forget() {
	const atLeast = 1000
	for len(s.ended) > max(atLeast, s.live) {
		old := s.ended[0]
		s.ended = s.ended[1:]
		if !old.live && !old.forgotten.Load() {
			old.forgotten.Store(true)
			old.metric.series.Delete(old.inst.Key)
			old.metric.forget(old)
		}
	}
}

// Step returns the values that were set since Begin. The next Begin reuses the
// step.
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

// rebuild makes the instance domain and its labels from the live series.
func (m *metricState) rebuild(t pcp.Timestamp) {
	live := make([]*history.Series, 0, m.live)
	instances := make([]*Instance, 0, m.live)
	shared := m.numbers != nil // with all Sources that have the same instances
	for ser := range m.series.All() {
		if ser.live {
			live, instances = append(live, ser.series), append(instances, ser.inst)
			shared = shared && ser.series.Labels.Equal(ser.inst.Labels)
		}
	}
	if shared {
		slices.SortFunc(instances, func(a, b *Instance) int { return cmp.Compare(a.ID, b.ID) })
		d := m.numbers.Domain(instances)
		m.indom = &meta.InDom{Stamp: t, ID: m.metric.Desc.InDom, Instances: d.Instances}
		m.labels = &meta.Labels{Stamp: t, Level: labelset.Instances, Ident: uint32(m.indom.ID), Sets: d.Labels}
		return
	}
	slices.SortFunc(live, func(a, b *history.Series) int { return cmp.Compare(a.Inst.ID, b.Inst.ID) })
	m.indom, m.labels = InDomOf(m.metric.Desc.InDom, t, live)
}

// InDomOf makes an instance domain and the labels of its instances from series in
// ascending order of their instances.
func InDomOf(id pcp.InDomID, t pcp.Timestamp, series []*history.Series) (*meta.InDom, *meta.Labels) {
	in := &meta.InDom{Stamp: t, ID: id, Instances: make([]meta.Instance, len(series))}
	l := &meta.Labels{Stamp: t, Level: labelset.Instances, Ident: uint32(id), Sets: make([]labelset.Instance, len(series))}
	for i, ser := range series {
		in.Instances[i] = ser.Inst
		l.Sets[i] = labelset.Instance{Inst: ser.Inst.ID, Set: ser.Labels}
	}
	return in, l
}

// instanceName returns the name "N k:v k:v" of an instance. PCP demands names that
// differ up to the first blank; the number makes them so.
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
