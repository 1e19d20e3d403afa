package registry

import (
	"errors"
	"os"
	"strings"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/internal/varcodec"
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

// begin returns an encoder that appends a record to b.
func begin(b []byte, kind byte) varcodec.Encoder { return varcodec.Encoder{B: append(b, kind)} }

func openRecord(b []byte, boot string) []byte {
	e := begin(b, kindOpen)
	e.Text(boot)
	return e.B
}

// bootOf identifies the run of the system, "" if the system does not say it. A number that
// was written may be missing in the file only after the system stopped suddenly.
func bootOf() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

func clusterRecord(c uint32, name string) []byte {
	e := begin(nil, kindCluster)
	e.Uint(uint64(c))
	e.Text(name)
	return e.B
}

func (src *source) record() []byte {
	e := begin(nil, kindSource)
	e.Text(src.name)
	e.Text(src.job)
	e.Int(src.since)
	return e.B
}

func (m *metric) record(b []byte) []byte {
	e := begin(b, kindMetric)
	e.Uint(uint64(m.at))
	for _, n := range []int64{m.since, int64(m.desc.Type), int64(m.desc.Sem), int64(m.desc.Units.Word()), int64(m.desc.InDom)} {
		e.Int(n)
	}
	for _, s := range []string{m.leaf(), m.unit, m.id.Sample, m.id.Family, m.id.Type, m.id.Encoding} {
		e.Text(s)
	}
	return e.B // that the metric is singular follows from the domain
}

func (in *instance) record(b []byte) []byte {
	e := begin(b, kindInstance)
	e.Uint(uint64(in.metric.at))
	e.Uint(uint64(in.id))
	e.Int(in.since)
	e.Text(in.key)
	return e.B
}

func (m *metric) nextRecord(b []byte) []byte {
	e := begin(b, kindNext)
	e.Uint(uint64(m.at))
	e.Uint(uint64(m.next))
	for _, k := range m.marks {
		e.Int(k.time)
		e.Uint(uint64(k.next))
	}
	return e.B
}

// decoder reads the parts of a record.
type decoder struct{ varcodec.Decoder }

// count reads a number that is at most limit.
func (d *decoder) count(limit uint64) uint64 {
	v := d.Uint()
	if v > limit {
		d.Fail()
		return 0
	}
	return v
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
	f.since = d.Int()
	f.desc.Type, f.desc.Sem = pcp.Type(d.Int()), pcp.Semantics(d.Int())
	f.desc.Units = pcp.UnitsFromWord(uint32(d.Int()))
	f.desc.InDom = pcp.InDomID(d.Int())
	f.leaf, f.unit = d.Text(), d.Text()
	f.id = mapper.MetricID{Sample: d.Text(), Family: d.Text(), Type: d.Text(), Encoding: d.Text(), Singular: f.desc.InDom == pcp.InDomNull}
	f.desc.PMID, _ = mapper.NumbersAt(f.at)
	if f.leaf == "" {
		d.Fail()
	}
	return f
}

// maxItem is the greatest number of a metric.
const maxItem = (mapper.MaxCluster+1)*mapper.ItemsPerCluster - 1
