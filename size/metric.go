package size

import (
	"bytes"
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// metric is the account of a metric while archives are read.
type metric struct {
	Metric
	// previous is the set before, in this archive; data holds the bytes of its values.
	previous []history.Value
	data     []byte
	// The first and the last time in this archive, and the records between them.
	first, last pcp.Timestamp
	records     int64
	// The time between records of all archives.
	seconds float64
	gaps    int64
}

// metric returns the account of a metric.
func (m *Meter) metric(id pcp.PMID) *metric {
	return entry(m.metrics, id, metric{Metric: Metric{PMID: id}})
}

// describe adds a descriptor.
func (c *metric) describe(d *meta.Desc, length int64) {
	c.Metadata += length
	if c.Name == "" {
		c.Name = d.Name()
	}
}

// Lengths of the parts of a value set: see [archive.Result].
const (
	emptySet    = 8  // PMID, number of values
	filledSet   = 12 // and the format
	valueWords  = 8  // instance, word
	blockHeader = 4
)

// result adds a data record.
func (m *Meter) result(x *archive.Result, length int64) {
	values := int64(0)
	for i := range x.Sets {
		set := &x.Sets[i]
		n := lengthOf(set)
		values += n
		m.metric(set.PMID).set(set, n, x.Stamp)
	}
	m.kind(KindValues).add(values)
	m.kind(KindFrames).add(length - values)
	m.day(x.Stamp, length)
}

// lengthOf returns the length of a value set and its blocks.
func lengthOf(set *archive.ValueSet) int64 {
	if len(set.Values) == 0 {
		return emptySet
	}
	n := filledSet + valueWords*int64(len(set.Values))
	if set.Format == archive.InSitu {
		return n
	}
	for i := range set.Values {
		n += blockOf(&set.Values[i])
	}
	return n
}

// blockOf returns the length of a value's block.
func blockOf(v *history.Value) int64 {
	if v.Data != nil {
		return blockHeader + (int64(len(v.Data))+3)/4*4
	}
	switch v.Type {
	case pcp.Type32, pcp.TypeU32, pcp.TypeFloat:
		return blockHeader + 4
	}
	return blockHeader + 8
}

// set adds a value set.
func (c *metric) set(set *archive.ValueSet, length int64, stamp pcp.Timestamp) {
	if c.records == 0 {
		c.first = stamp
	} else if slices.EqualFunc(c.previous, set.Values, sameValue) {
		c.Repeated += length
	}
	c.keep(set.Values)
	c.last = stamp
	c.records++
	c.Records++
	c.Count += int64(len(set.Values))
	c.Values += length
}

// sameValue reports whether two values have the same instance and content.
func sameValue(a, b history.Value) bool {
	return a.Inst == b.Inst && a.Type == b.Type && a.Bits == b.Bits && bytes.Equal(a.Data, b.Data)
}

// keep copies the values, whose bytes belong to the record.
func (c *metric) keep(values []history.Value) {
	c.previous = append(c.previous[:0], values...)
	c.data = c.data[:0]
	for i := range c.previous {
		v := &c.previous[i]
		if v.Data == nil {
			continue
		}
		begin := len(c.data)
		c.data = append(c.data, v.Data...)
		v.Data = c.data[begin:len(c.data):len(c.data)]
	}
}

// endArchive forgets what concerns one archive alone.
func (m *Meter) endArchive() {
	for _, c := range m.metrics {
		if c.records > 1 {
			c.seconds += c.last.Time().Sub(c.first.Time()).Seconds()
			c.gaps += c.records - 1
		}
		c.previous, c.data, c.records = nil, nil, 0
	}
}
