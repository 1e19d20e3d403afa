package registry

import (
	"encoding/binary"
	"errors"
	"os"
	"strings"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// The kinds of records, which are their first bytes. Numbers are varints, and a string
// is its length and its bytes.
const (
	kindSource   = 's' // name, job, since
	kindCluster  = 'c' // cluster, name of the source
	kindMetric   = 'm' // see metric.record
	kindInstance = 'i' // number of the metric, instance, since, key
	kindNext     = 'n' // number of the metric, next, marks
	kindOpen     = 'o' // what identifies the run of the system: the registry is in use
	kindClosed   = 'z' // nothing: the times of the records before are up to date
)

var errRecord = errors.New("not a record of a registry")

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func openRecord(b []byte, boot string) []byte { return appendString(append(b, kindOpen), boot) }

// bootOf identifies the run of the system, "" if the system does not say it. A number that
// was written may be missing in the file only after the system stopped suddenly.
var bootOf = func() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

func clusterRecord(b []byte, c uint32, name string) []byte {
	return appendString(binary.AppendUvarint(append(b, kindCluster), uint64(c)), name)
}

func (src *source) record(b []byte) []byte {
	b = appendString(append(b, kindSource), src.name)
	return binary.AppendVarint(appendString(b, src.job), src.since)
}

func (m *metric) record(b []byte) []byte {
	b = binary.AppendUvarint(append(b, kindMetric), uint64(m.at))
	b = binary.AppendVarint(b, m.since)
	for _, n := range []int64{int64(m.desc.Type), int64(m.desc.Sem), int64(m.desc.Units.Word()), int64(m.desc.InDom)} {
		b = binary.AppendVarint(b, n)
	}
	for _, s := range []string{m.leaf(), m.unit, m.id.Sample, m.id.Family, m.id.Type, m.id.Encoding} {
		b = appendString(b, s)
	}
	return b // that the metric is singular follows from the domain
}

func (in *instance) record(b []byte) []byte {
	b = binary.AppendUvarint(append(b, kindInstance), uint64(in.metric.at))
	b = binary.AppendVarint(binary.AppendUvarint(b, uint64(in.id)), in.since)
	return appendString(b, in.key)
}

func (m *metric) nextRecord(b []byte) []byte {
	b = binary.AppendUvarint(append(b, kindNext), uint64(m.at))
	b = binary.AppendUvarint(b, uint64(m.next))
	for _, k := range m.marks {
		b = binary.AppendUvarint(binary.AppendVarint(b, k.time), uint64(k.next))
	}
	return b
}

// decoder reads the parts of a record. After a part that is not there, bad is true and all
// parts are zero.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) number() int64 { return d.part(binary.Varint(d.b)) }

func (d *decoder) count(limit uint64) uint64 {
	v, n := binary.Uvarint(d.b)
	if v > limit {
		n = 0
	}
	return uint64(d.part(int64(v), n))
}

func (d *decoder) part(v int64, n int) int64 {
	if n <= 0 || d.bad {
		d.bad = true
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) text() string {
	n := d.count(uint64(len(d.b)))
	if d.bad || n > uint64(len(d.b)) {
		d.bad = true
		return ""
	}
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}

// metricFields are the parts of a record of a metric.
type metricFields struct {
	at    uint32
	since int64
	leaf  string
	unit  string
	id    mapper.MetricID
	desc  meta.Desc
}

func (d *decoder) metric() (f metricFields) {
	f.at = uint32(d.count(maxItem))
	f.since = d.number()
	f.desc.Type, f.desc.Sem = pcp.Type(d.number()), pcp.Semantics(d.number())
	f.desc.Units = pcp.UnitsFromWord(uint32(d.number()))
	f.desc.InDom = pcp.InDomID(d.number())
	f.leaf, f.unit = d.text(), d.text()
	f.id = mapper.MetricID{Sample: d.text(), Family: d.text(), Type: d.text(), Encoding: d.text(), Singular: f.desc.InDom == pcp.InDomNull}
	f.desc.PMID, _ = mapper.NumbersAt(f.at)
	d.bad = d.bad || f.leaf == ""
	return f
}

// maxItem is the greatest number of a metric.
const maxItem = (mapper.MaxCluster+1)*mapper.ItemsPerCluster - 1
