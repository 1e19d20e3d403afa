package check

import (
	"bytes"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// dataState is the data read so far.
type dataState struct {
	m       *member // the volume being read
	dec     *archive.ResultDecoder
	off     int64         // offset of the current record
	stamp   pcp.Timestamp // time of the current record
	records int           // number of records, marks included
	end     pcp.Timestamp // the latest time of all records
	epoch   int32         // number of marks
	serial  uint32        // number of value sets
	metrics map[pcp.PMID]*metricState
	head    metricState       // head.next is the first metric of a record; head itself is not a metric
	series  int               // number of metric-instances that are followed
	params  map[pcp.PMID]bool // metrics that occurred as parameters of events
	falls   []*fall
	holes   map[holeSpan]*holeInfo
}

// metricState is the state of one metric in the data.
type metricState struct {
	id       pcp.PMID
	desc     *meta.Desc     // nil if the metric has no descriptor
	format   archive.Format // format of the first values
	record   int            // number of the last record with the metric
	reported complaint      // complaints that were made
	serial   uint32         // number of the last value set
	failed   pcp.Errno      // error code of the last set without values
	next     *metricState   // the metric that followed in the last record

	indom        *meta.InDom // the instance domain in force from since on and before until
	since, until pcp.Timestamp
	series       map[pcp.InstID]*seriesState
	last         []*seriesState // the series of the last value set, by position
	intervals
}

// complaint is a set of complaints that a check makes once for each metric.
type complaint uint8

const (
	badFormat complaint = 1 << iota
	badType
	noInDom
	badSingular
	badError
	badEvents
	badString
)

// once reports whether a complaint is the first of its kind for the metric, and records
// it.
func (m *metricState) once(c complaint) bool {
	first := m.reported&c == 0
	m.reported |= c
	return first
}

// seriesState is the state of one instance of a metric.
type seriesState struct {
	inst    pcp.InstID
	unknown bool        // a finding named the instance as missing in its domain
	serial  uint32      // number of the last value set with the instance
	in      *meta.InDom // the instance domain for which membership was checked
	bits    uint64      // the last value
	epoch   int32       // dataState.epoch at the last value; -1 if there is none
	fall    *fall       // nil if the counter never fell
}

func (c *checker) startData() {
	c.data.metrics = map[pcp.PMID]*metricState{}
	c.data.params = map[pcp.PMID]bool{}
	c.data.holes = map[holeSpan]*holeInfo{}
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
	prev := &d.head // a logging group has its metrics in the same order in each record
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

// metric returns the state of a metric.
func (c *checker) metric(id pcp.PMID) *metricState {
	m, ok := c.data.metrics[id]
	if !ok {
		m = &metricState{id: id, record: -1}
		m.desc, _ = c.store.Desc(id)
		c.data.metrics[id] = m
		if m.desc == nil {
			c.add(MetricUnknown, c.data.m.Path, c.data.off, "metric %s is not described", id)
		} else if m.desc.InDom != pcp.InDomNull {
			m.series = map[pcp.InstID]*seriesState{}
		}
	}
	return m
}

// valueSet checks the values of one metric in one record.
func (c *checker) valueSet(m *metricState, set *archive.ValueSet) {
	d := &c.data
	if m.record == d.records {
		c.add(MetricRepeat, d.m.Path, d.off, "metric %s is in the record twice", metricTitle(m.desc, m.id))
	}
	m.record = d.records
	d.serial++
	m.serial = d.serial
	if len(set.Values) == 0 {
		if set.Err == m.failed {
			return
		}
		if m.failed = set.Err; set.Err < 0 && !knownError(set.Err) && m.once(badError) {
			c.add(ValueError, d.m.Path, d.off, "metric %s: unknown error code %d", metricTitle(m.desc, m.id), int32(set.Err))
		}
		return
	}
	c.observe(m)
	if m.desc == nil {
		return
	}
	if m.count == 1 {
		m.format = set.Format
	} else if m.format != set.Format && m.desc.Type.IsNumeric() && m.once(badFormat) {
		c.add(ValueFormat, d.m.Path, d.off, "metric %s: values in format %d, before in %d", metricTitle(m.desc, m.id), set.Format, m.format)
	}
	c.values(m, set)
}

// values checks the values of a described metric.
func (c *checker) values(m *metricState, set *archive.ValueSet) {
	singular := m.desc.InDom == pcp.InDomNull
	if singular {
		if (len(set.Values) > 1 || set.Values[0].Inst != pcp.InstNull) && m.once(badSingular) {
			c.add(ValueSingular, c.data.m.Path, c.data.off, "metric %s is singular and has %d values, the first of instance %d",
				metricTitle(m.desc, m.id), len(set.Values), set.Values[0].Inst)
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
		if !isReadable(v, typ) {
			c.badValue(m, v)
			continue
		}
		if typ == pcp.TypeString && m.reported&badString == 0 && bytes.IndexByte(v.Data, 0) != len(v.Data)-1 {
			m.reported |= badString
			c.add(ValueString, c.data.m.Path, c.data.off, "metric %s, instance %d: the text does not end with its NUL", metricTitle(m.desc, m.id), v.Inst)
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
			c.add(ValueRepeat, c.data.m.Path, c.data.off, "metric %s: two values for instance %d", metricTitle(m.desc, m.id), v.Inst)
		}
		s.serial = m.serial
		if !singular && s.in != m.indom {
			c.checkMembership(m, s)
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
func (c *checker) refresh(m *metricState) {
	m.indom, m.until = c.store.InDomAt(m.desc.InDom, c.data.stamp)
	m.since = c.data.stamp
	if m.indom == nil && m.once(noInDom) {
		c.add(ValueInDom, c.data.m.Path, c.data.off, "metric %s: no record of its instance domain %s holds at %s",
			metricTitle(m.desc, m.id), m.desc.InDom, c.data.stamp)
	}
}

// seriesOf returns the state of an instance, or nil beyond Options.MaxSeries.
func (c *checker) seriesOf(m *metricState, inst pcp.InstID) *seriesState {
	if m.series == nil {
		m.series = map[pcp.InstID]*seriesState{}
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
	s = &seriesState{inst: inst, epoch: -1}
	m.series[inst] = s
	return s
}

// checkMembership checks that an instance is in its domain at the current time.
func (c *checker) checkMembership(m *metricState, s *seriesState) {
	s.in = m.indom
	if m.indom == nil || s.unknown {
		return
	}
	if _, ok := m.indom.Lookup(s.inst); !ok {
		s.unknown = true
		c.add(ValueInstance, c.data.m.Path, c.data.off, "metric %s: instance %d is not in its domain %s at %s",
			metricTitle(m.desc, m.id), s.inst, m.desc.InDom, c.data.stamp)
	}
}
