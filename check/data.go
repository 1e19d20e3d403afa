package check

import (
	"bytes"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// dataState is what the data volumes are checked against.
type dataState struct {
	m       *member // being read
	dec     *archive.ResultDecoder
	off     int64 // of the record being checked
	stamp   pcp.Timestamp
	records int
	end     pcp.Timestamp // latest time met
	epoch   int32         // number of marks met
	serial  uint32        // counts value sets
	metrics map[pcp.PMID]*metric
	head    metric // no metric; what follows it is the first one of a record
	series  int
	params  map[pcp.PMID]bool // metrics met as parameters of events
	falls   []*fall
	holes   map[hole]*holeInfo
}

// metric is what was met of one metric.
type metric struct {
	id     pcp.PMID
	desc   *meta.Desc // nil: not described
	format archive.Format
	record int       // number of the record it was last in
	said   said      // what was complained about
	serial uint32    // of its last value set
	failed pcp.Errno // the last error that is known
	next   *metric   // that followed it in the record before

	indom        *meta.InDom // in force from since on and before until
	since, until pcp.Timestamp
	series       map[pcp.InstID]*series
	last         []*series // of the set before, by position
	intervals
}

// said are complaints that are made once per metric.
type said uint8

const (
	saidFormat said = 1 << iota
	saidType
	saidInDom
	saidSingular
	saidError
	saidEvents
	saidString
)

// once reports whether a complaint has not been made, and that it is now.
func (m *metric) once(s said) bool {
	first := m.said&s == 0
	m.said |= s
	return first
}

// series is what was met of one instance of a metric.
type series struct {
	inst    pcp.InstID
	unknown bool        // that it is not in its domain was said
	serial  uint32      // of the value set it was last in
	in      *meta.InDom // of which it is known to be a member
	bits    uint64      // last value
	epoch   int32       // of the last value; -1: none
	fall    *fall
}

func (c *checker) startData() {
	c.data.metrics = map[pcp.PMID]*metric{}
	c.data.params = map[pcp.PMID]bool{}
	c.data.holes = map[hole]*holeInfo{}
}

// volume checks a data volume.
func (c *checker) volume(m *member, first bool) {
	c.data.m = m
	c.saver.volume()
	c.data.dec, _ = archive.NewResultDecoder(m.layout.Version)
	valid := func(payload []byte) bool { return c.data.dec.Plausible(payload, c.header.Start) }
	n, size := c.frames(m, valid, c.dataRecord)
	c.endPointers(m, size)
	switch {
	case n > 0 || c.stopped:
	case first:
		c.add(FileEmpty, m.Path, nowhere, "there is no data record")
	default:
		c.add(VolumeEmpty, m.Path, nowhere, "there is no data record")
	}
}

// dataRecord checks one record of a data volume.
func (c *checker) dataRecord(fr *frame) {
	d := &c.data
	d.off = fr.off
	res, err := d.dec.Decode(fr.payload)
	if err != nil {
		c.add(DataRecord, d.m.Path, fr.off, "data record: %s", reason(err))
		dec := wire.NewDec(pcp.KindResult, fr.payload)
		if stamp := d.m.layout.Stamp(&dec); dec.Err() == nil {
			c.passPointers(d.m, fr.off, &stamp)
		}
		return
	}
	c.passPointers(d.m, fr.off, &res.Stamp)
	c.dataTime(res.Stamp)
	c.saver.record(d.m, fr.payload, res.Stamp)
	d.records++
	if res.IsMark() {
		d.epoch++
		return
	}
	prev := &d.head // loggers store a group's metrics in one order
	for i := range res.Sets {
		set := &res.Sets[i]
		m := prev.next
		if m == nil || m.id != set.PMID {
			m = c.metric(set.PMID)
			prev.next = m
		}
		c.valueSet(m, set)
		prev = m
	}
}

func (c *checker) dataTime(t pcp.Timestamp) {
	d := &c.data
	if what := badTime(t); what != "" {
		c.add(DataTime, d.m.Path, d.off, "data record: time %s: %s", t, what)
	}
	if c.header.Start.Sec != 0 && t.Before(c.header.Start) {
		c.add(DataStart, d.m.Path, d.off, "data record: time %s is before the archive's start, %s", t, c.header.Start)
	}
	if d.records > 0 && t.Before(d.stamp) {
		c.add(DataOrder, d.m.Path, d.off, "data record: time %s after %s", t, d.stamp)
	}
	if d.records == 0 || t.After(d.end) {
		d.end = t
	}
	d.stamp = t
}

// metric returns what was met of a metric.
func (c *checker) metric(id pcp.PMID) *metric {
	m, ok := c.data.metrics[id]
	if !ok {
		m = &metric{id: id, record: -1}
		m.desc, _ = c.store.Desc(id)
		c.data.metrics[id] = m
		if m.desc == nil {
			c.add(MetricUnknown, c.data.m.Path, c.data.off, "metric %s is not described", id)
		} else if m.desc.InDom != pcp.InDomNull {
			m.series = map[pcp.InstID]*series{}
		}
	}
	return m
}

// valueSet checks the values of one metric in one record.
func (c *checker) valueSet(m *metric, set *archive.ValueSet) {
	d := &c.data
	if m.record == d.records {
		c.add(MetricRepeat, d.m.Path, d.off, "metric %s is in the record twice", title(m.desc, m.id))
	}
	m.record = d.records
	d.serial++
	m.serial = d.serial
	if len(set.Values) == 0 {
		if set.Err == m.failed {
			return
		}
		if m.failed = set.Err; set.Err < 0 && !knownError(set.Err) && m.once(saidError) {
			c.add(ValueError, d.m.Path, d.off, "metric %s: unknown error code %d", title(m.desc, m.id), int32(set.Err))
		}
		return
	}
	c.observe(m)
	if m.desc == nil {
		return
	}
	if m.count == 1 {
		m.format = set.Format
	} else if m.format != set.Format && m.desc.Type.IsNumeric() && m.once(saidFormat) {
		c.add(ValueFormat, d.m.Path, d.off, "metric %s: values in format %d, before in %d", title(m.desc, m.id), set.Format, m.format)
	}
	c.values(m, set)
}

// values checks the values of a described metric.
func (c *checker) values(m *metric, set *archive.ValueSet) {
	singular := m.desc.InDom == pcp.InDomNull
	if singular {
		if (len(set.Values) > 1 || set.Values[0].Inst != pcp.InstNull) && m.once(saidSingular) {
			c.add(ValueSingular, c.data.m.Path, c.data.off, "metric %s is singular and has %d values, the first of instance %d",
				title(m.desc, m.id), len(set.Values), set.Values[0].Inst)
		}
	} else if c.data.stamp.Before(m.since) || !c.data.stamp.Before(m.until) {
		c.refresh(m)
	}
	for len(m.last) < len(set.Values) {
		m.last = append(m.last, nil)
	}
	typ, numeric, counter := m.desc.Type, m.desc.Type.IsNumeric(), m.desc.Sem == pcp.SemCounter
	for i := range set.Values {
		v := &set.Values[i]
		if !fits(v, typ) {
			c.badValue(m, v)
			continue
		}
		if typ == pcp.TypeString && m.said&saidString == 0 && bytes.IndexByte(v.Data, 0) != len(v.Data)-1 {
			m.said |= saidString
			c.add(ValueString, c.data.m.Path, c.data.off, "metric %s, instance %d: the text does not end with its NUL", title(m.desc, m.id), v.Inst)
		}
		if singular && !counter {
			continue
		}
		s := m.last[i]
		if s == nil || s.inst != v.Inst {
			if s = c.seriesOf(m, v.Inst); s == nil {
				continue
			}
			m.last[i] = s
		}
		if s.serial == m.serial {
			c.add(ValueRepeat, c.data.m.Path, c.data.off, "metric %s: two values for instance %d", title(m.desc, m.id), v.Inst)
		}
		s.serial = m.serial
		if !singular && s.in != m.indom {
			c.member(m, s)
		}
		if counter && numeric && v.Data == nil {
			c.counter(m, s, v.Bits)
		}
	}
	if typ == pcp.TypeEvent || typ == pcp.TypeHighResEvent {
		c.events(m, set)
	}
}

// refresh looks up the instance domain in force.
func (c *checker) refresh(m *metric) {
	m.indom, m.until = c.store.InDomAt(m.desc.InDom, c.data.stamp)
	m.since = c.data.stamp
	if m.indom == nil && m.once(saidInDom) {
		c.add(ValueInDom, c.data.m.Path, c.data.off, "metric %s: no record of its instance domain %s holds at %s",
			title(m.desc, m.id), m.desc.InDom, c.data.stamp)
	}
}

// seriesOf returns the series of an instance, nil if there are too many.
func (c *checker) seriesOf(m *metric, inst pcp.InstID) *series {
	if m.series == nil {
		m.series = map[pcp.InstID]*series{}
	}
	s := m.series[inst]
	if s != nil {
		return s
	}
	if c.data.series >= c.opts.MaxSeries {
		if c.data.series == c.opts.MaxSeries {
			c.add(CoverageSeries, c.data.m.Path, c.data.off, "there are more than %d metric-instances", c.opts.MaxSeries)
			c.data.series++
		}
		return nil
	}
	c.data.series++
	s = &series{inst: inst, epoch: -1}
	m.series[inst] = s
	return s
}

// member checks that an instance is in its domain as it is now.
func (c *checker) member(m *metric, s *series) {
	s.in = m.indom
	if m.indom == nil || s.unknown {
		return
	}
	if _, ok := m.indom.Lookup(s.inst); !ok {
		s.unknown = true
		c.add(ValueInstance, c.data.m.Path, c.data.off, "metric %s: instance %d is not in its domain %s at %s",
			title(m.desc, m.id), s.inst, m.desc.InDom, c.data.stamp)
	}
}
