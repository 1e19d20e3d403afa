package mapper

import (
	"fmt"
	"strings"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Numbers chooses names and numbers for the sources of many Mappers, so that a
// metric has the same name and number in all of their archives. A Mapper without
// Numbers chooses by itself, for its one archive. Several goroutines may use
// Numbers.
type Numbers interface {
	// Source returns the numbers of the source called name and makes them known to
	// be in use until Release. The error wraps [ErrNumbers] if none are left.
	Source(name string) (SourceNumbers, error)
}

// SourceNumbers are the numbers of one source.
type SourceNumbers interface {
	// Instance returns the number of the source's instance in the metrics
	// openmetrics.control.*.
	Instance() pcp.InstID
	// Metric returns the metric that stands for id. want has its type, semantics and
	// units, and the name that it gets unless that is taken. In want, the instance
	// domain [pcp.InDomNull] asks for no domain, domain 0 for one of its own, and
	// any other for that one. unit is the unit that the page declares. Metric does
	// not keep want.
	Metric(id MetricID, want *meta.Desc, unit string) (MetricNumbers, error)
	// Release says that the caller uses the source no more.
	Release()
}

// MetricNumbers are the numbers of one metric.
type MetricNumbers interface {
	// Desc returns the description, which must not be changed.
	Desc() *meta.Desc
	// Unit returns the unit that was declared when the metric got its number.
	Unit() string
	// Instance returns the instance that has the labels of key, see [prom.LabelsKey],
	// and makes it known to be in use until Forget. describe makes an instance with a
	// number; all callers pass functions that make equal instances.
	Instance(key string, describe Describer) (*Instance, error)
	// Forget says that the caller uses an instance no more.
	Forget(*Instance)
	// Domain returns what an instance domain holds that has exactly these instances,
	// which are in ascending order of their numbers. Callers share it.
	Domain([]*Instance) *Domain
	// Release says that the caller uses the metric no more. The caller has forgotten
	// all instances.
	Release()
}

// MetricID says for which samples of a source a metric stands.
type MetricID struct {
	Sample   string // name of the samples
	Family   string
	Type     string // type of the family
	Encoding string // naming.LabelEncoding of the values; "" for numbers
	Singular bool   // the series has no labels
}

// Domain is what an instance domain and its labels hold. It must not be changed.
type Domain struct {
	Instances []meta.Instance
	Labels    []labelset.Instance
}

// NewDomain returns the domain of instances.
func NewDomain(all []*Instance) *Domain {
	d := &Domain{make([]meta.Instance, len(all)), make([]labelset.Instance, len(all))}
	for i, in := range all {
		d.Instances[i], d.Labels[i] = in.Instance, labelset.Instance{Inst: in.ID, Set: in.Labels}
	}
	return d
}

// Describer makes the instance with a number and the labels of a key. It fails if the
// labels do not fit a label set.
type Describer func(id pcp.InstID, key string) (*Instance, error)

// Instance is an instance of a metric, which all archives share. It is immutable.
type Instance struct {
	meta.Instance
	Key    string // prom.LabelsKey of the series' own labels
	Labels labelset.Set
}

// describer returns the function that makes instances of a metric.
func (s *Source) describer(m *metricState) Describer {
	return func(id pcp.InstID, key string) (*Instance, error) { return s.newInstance(m, id, key) }
}

// newInstance returns the instance of a series of the metric with the labels of key. The
// error wraps [pcp.ErrLimit] if the labels do not fit a label set.
func (s *Source) newInstance(m *metricState, id pcp.InstID, key string) (*Instance, error) {
	own := labelsOf(key)
	set, err := labelSet(labelset.Instances, own, nil)
	if err != nil {
		return nil, err
	}
	inst := &Instance{Instance: meta.Instance{ID: id}, Key: key, Labels: set}
	if id == pcp.InstNull {
		return inst, nil
	}
	if name := s.target.Options.InstanceName; name != nil {
		inst.Name = strings.Clone(name(m.key.sample, own))
	}
	if inst.Name == "" {
		inst.Name = instanceName(id, own)
	}
	return inst, nil
}

// labelsOf returns the labels of a key of [prom.LabelsKey].
func labelsOf(key string) []prom.Label {
	labels := make([]prom.Label, 0, strings.Count(key, "\xff")/2)
	for key != "" {
		name, rest, _ := strings.Cut(key, "\xff")
		value, after, _ := strings.Cut(rest, "\xff")
		labels = append(labels, prom.Label{Name: name, Value: value})
		key = after
	}
	return labels
}

// numbered asks the Mapper's Numbers for a metric.
func (s *Source) numbered(key metricKey, want *meta.Desc, unit string) (MetricNumbers, error) {
	id := MetricID{Sample: key.sample, Family: key.family, Type: key.typ, Encoding: key.encoding, Singular: key.singular}
	n, err := s.numbers.Metric(id, want, unit)
	if err != nil {
		return nil, err
	}
	if c := n.Desc().PMID.Cluster(); s.mapper.claimed[c] {
		n.Release()
		return nil, fmt.Errorf("cluster %d has a native metric: %w", c, ErrNumbers)
	}
	return n, nil
}

// Release says that the Source is used no more, so that Numbers may forget it in
// time. The Source must not be used afterwards. Without Numbers, Release does
// nothing.
func (s *Source) Release() {
	if s.numbers == nil {
		return
	}
	for _, m := range s.metrics {
		m.release()
	}
	for _, m := range s.retired {
		m.release()
	}
	s.numbers.Release()
	s.numbers, s.metrics = nil, nil
	delete(s.mapper.sources, s.target.Name)
	s.mapper.control.remove(s.health)
}

// release gives back the numbers of a metric.
func (m *metricState) release() {
	if m.numbers == nil {
		return
	}
	for ser := range m.series.All() {
		ser.forgotten.Store(true)
		m.forget(ser)
	}
	m.numbers.Release()
	if x := m.exemplars; x != nil && x.numbers != nil {
		x.numbers.Release()
	}
}

// forget gives back the number of a series.
func (m *metricState) forget(ser *Series) {
	if m.numbers != nil && !m.key.singular {
		m.numbers.Forget(ser.inst)
	}
}

// Clone returns a copy of id that shares no memory with it.
func (id MetricID) Clone() MetricID {
	id.Sample, id.Family, id.Type = strings.Clone(id.Sample), strings.Clone(id.Family), strings.Clone(id.Type)
	id.Encoding = strings.Clone(id.Encoding)
	return id
}
