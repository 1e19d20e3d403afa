package archive

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Builder writes an archive whose metrics have fixed instances. It numbers
// metrics and instances itself. It keeps the first error, which Record and
// Close return.
type Builder struct {
	a       *Appender
	metrics []*BuiltMetric
	err     error
}

// BuiltMetric is a metric of a Builder.
type BuiltMetric struct {
	b         *Builder
	desc      *meta.Desc
	instances int         // zero for a singular metric
	indom     *meta.InDom // to write before the next record; nil for none
	values    []history.Value
}

// builderDomain is the domain number of PMIDs and instance domains, the same as
// that of PCP's import library.
const builderDomain = 245

// NewBuilder begins an archive at base, as [Create] does, with values recorded
// on host. A nil o means defaults.
func NewBuilder(base, host string, o *WriteOptions) (*Builder, error) {
	a, err := Create(base, Header{Host: host}, o)
	if err != nil {
		return nil, err
	}
	return &Builder{a: a}, nil
}

// Appender returns the underlying Appender, for adding labels and help texts.
func (b *Builder) Appender() *Appender { return b.a }

// Metric adds a metric. Without instances the metric is singular.
func (b *Builder) Metric(name string, t pcp.Type, sem pcp.Semantics, units pcp.Units, instances ...string) *BuiltMetric {
	n := uint32(len(b.metrics))
	m := &BuiltMetric{b: b, instances: len(instances), desc: &meta.Desc{
		PMID: pcp.NewPMID(builderDomain, n>>10, n&(1<<10-1)), Type: t, InDom: pcp.InDomNull, Sem: sem, Units: units, Names: []string{name},
	}}
	if len(instances) > 0 {
		m.desc.InDom = pcp.NewInDomID(builderDomain, n)
	}
	b.metrics = append(b.metrics, m)
	if err := b.a.Define(m.desc); err != nil {
		b.fail(err)
	}
	m.indom = &meta.InDom{ID: m.desc.InDom}
	for i, instance := range instances {
		m.indom.Instances = append(m.indom.Instances, meta.Instance{ID: pcp.InstID(i), Name: instance})
	}
	return m
}

// Desc returns the metric's descriptor, which must not be changed.
func (m *BuiltMetric) Desc() *meta.Desc { return m.desc }

// Set sets the metric's values in the next record, in the order of its
// instances. Values are Go numbers of any type, or strings; nil means no value.
func (m *BuiltMetric) Set(values ...any) {
	if want := max(1, m.instances); len(values) != want {
		m.b.fail(fmt.Errorf("metric %s: %s for %s: %w", m.desc.Name(), plural(len(values), "value"), plural(want, "instance"), pcp.ErrRange))
		return
	}
	m.values = m.values[:0]
	for i, v := range values {
		if v == nil {
			continue
		}
		inst := pcp.InstID(i)
		if m.instances == 0 {
			inst = pcp.InstNull
		}
		value, err := valueOf(inst, m.desc.Type, v)
		if err != nil {
			m.b.fail(fmt.Errorf("metric %s: %w", m.desc.Name(), err))
			return
		}
		m.values = append(m.values, value)
	}
}

// Record writes the values set since the last Record.
func (b *Builder) Record(t time.Time) error {
	if b.err != nil {
		return b.err
	}
	res := Result{Stamp: pcp.Timestamp{Sec: t.Unix(), Nsec: int32(t.Nanosecond())}}
	for _, m := range b.metrics {
		if m.indom != nil { // in force from this record on
			m.indom.Stamp = res.Stamp
			if err := b.a.SetInDom(m.indom); err != nil {
				return err
			}
			m.indom = nil
		}
		if len(m.values) > 0 {
			res.Sets = append(res.Sets, ValueSet{PMID: m.desc.PMID, Format: FormatOf(m.desc.Type), Values: m.values})
		}
	}
	if len(res.Sets) == 0 {
		return fmt.Errorf("record at %s: no values were set", t.Format(time.RFC3339Nano))
	}
	err := b.a.Append(&res)
	for _, m := range b.metrics {
		m.values = m.values[:0]
	}
	return err
}

// Close completes the archive. A second Close does nothing.
func (b *Builder) Close() error { return errors.Join(b.err, b.a.Close()) }

func (b *Builder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// valueOf returns a value of a metric's type, if the type can hold it.
func valueOf(inst pcp.InstID, t pcp.Type, v any) (history.Value, error) {
	refuse := func() (history.Value, error) {
		return history.Value{}, fmt.Errorf("%T %v is not a value of type %s: %w", v, v, t, pcp.ErrRange)
	}
	text := fmt.Sprint(v)
	switch t {
	case pcp.TypeString:
		if s, ok := v.(string); ok {
			return history.StringValue(inst, s), nil
		}
		return refuse()
	case pcp.TypeDouble, pcp.TypeFloat:
		f, err := strconv.ParseFloat(text, 64)
		if _, isText := v.(string); err != nil || isText {
			return refuse()
		}
		if t == pcp.TypeFloat {
			return history.NumberValue(inst, t, uint64(math.Float32bits(float32(f)))), nil
		}
		return history.DoubleValue(inst, f), nil
	case pcp.Type32, pcp.Type64:
		n, err := strconv.ParseInt(text, 10, 8*t.Size())
		if _, isText := v.(string); err != nil || isText {
			return refuse()
		}
		return integer(inst, t, uint64(n)), nil
	case pcp.TypeU32, pcp.TypeU64:
		n, err := strconv.ParseUint(text, 10, 8*t.Size())
		if _, isText := v.(string); err != nil || isText {
			return refuse()
		}
		return integer(inst, t, n), nil
	}
	return refuse()
}

func integer(inst pcp.InstID, t pcp.Type, bits uint64) history.Value {
	if t.Size() == 4 {
		return history.WordValue(inst, uint32(bits))
	}
	return history.NumberValue(inst, t, bits)
}
