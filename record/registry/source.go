package registry

import (
	"strings"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// source has the metrics of a job. The Registry's lock guards it.
type source struct {
	reg      *Registry
	name     string // component of metric names
	job      string // "" if the source was not named for a job
	clusters []uint32
	items    map[uint32]*metric // by cluster · ItemsPerCluster + item
	metrics  map[mapper.MetricID][]*metric
	leaves   mapper.Leaves
	next     uint32   // the next item of the last cluster, as for items; 0 means the cluster's first
	freed    []uint32 // numbers of forgotten metrics
	refs     int
	since    int64 // when the source vanished, in Unix seconds; 0 while it is in use
}

var _ mapper.SourceNumbers = (*source)(nil)

// Instance returns the number of the first cluster.
func (src *source) Instance() pcp.InstID {
	src.reg.mu.Lock()
	defer src.reg.mu.Unlock()
	return pcp.InstID(src.clusters[0])
}

// Release says that the caller uses the source no more.
func (src *source) Release() {
	src.reg.mu.Lock()
	defer src.reg.mu.Unlock()
	if src.refs--; src.refs == 0 {
		src.since = src.reg.now()
	}
}

// unused reports whether nothing needs the source.
func (src *source) unused() bool { return src.refs == 0 && len(src.items) == 0 }

// Metric returns the metric for id. It gives a new metric a number.
func (src *source) Metric(id mapper.MetricID, want *meta.Desc, unit string) (mapper.MetricNumbers, error) {
	r := src.reg
	r.mu.Lock()
	defer r.mu.Unlock()
	m := src.find(id, want, unit)
	if m == nil {
		at, err := src.newItem()
		if err != nil {
			return nil, err
		}
		m = src.newMetric(at, id.Clone(), want, strings.Clone(unit))
		r.put(m.record(nil))
	}
	m.refs++
	m.since = 0
	return m, nil
}

// find returns the metric that has id and fits want; nil if there is none. A metric with
// the same declared unit goes first.
func (src *source) find(id mapper.MetricID, want *meta.Desc, unit string) (found *metric) {
	for _, m := range src.metrics[id] {
		d := m.desc
		switch {
		case d.Type != want.Type || d.Sem != want.Sem:
		case (d.InDom == pcp.InDomNull) != (want.InDom == pcp.InDomNull):
		case want.InDom != 0 && want.InDom != d.InDom:
		case unit == m.unit && d.Units == want.Units:
			return m
		case unit == m.unit: // other units, by the configuration
		case unit == "" || m.unit == "" && d.Units == want.Units:
			if found == nil {
				found = m
			}
		}
	}
	return found
}

// newItem returns the number of a new metric, as for items.
func (src *source) newItem() (uint32, error) {
	if n := len(src.freed); n > 0 {
		at := src.freed[n-1]
		src.freed = src.freed[:n-1]
		return at, nil
	}
	last := src.clusters[len(src.clusters)-1]
	if src.next == (last+1)*mapper.ItemsPerCluster {
		if err := src.reg.newCluster(src); err != nil {
			return 0, err
		}
		last = src.clusters[len(src.clusters)-1]
		src.next = 0
	}
	if src.next == 0 {
		src.next = last * mapper.ItemsPerCluster
	}
	src.next++
	return src.next - 1, nil
}

// newMetric adds a metric with the description want, except for its numbers and its name.
func (src *source) newMetric(at uint32, id mapper.MetricID, want *meta.Desc, unit string) *metric {
	d := *want
	var own pcp.InDomID
	d.PMID, own = mapper.NumbersAt(at)
	if d.InDom == 0 {
		d.InDom = own
	}
	prefix := src.prefix()
	d.Names = []string{prefix + src.leaves.Take(strings.TrimPrefix(want.Name(), prefix))}
	m := &metric{src: src, at: at, id: id, unit: unit, desc: &d}
	src.add(m)
	return m
}

// prefix returns the beginning of the names of the source's metrics.
func (src *source) prefix() string { return src.reg.opts.Prefix + "." + src.name + "." }

// add makes a metric known whose leaf is taken.
func (src *source) add(m *metric) {
	src.items[m.at] = m
	src.metrics[m.id] = append(src.metrics[m.id], m)
}

// drop forgets a metric. Its number is free.
func (src *source) drop(m *metric) {
	src.reg.dropInstances(m)
	delete(src.items, m.at)
	src.leaves.Add(m.leaf(), -1)
	list := src.metrics[m.id]
	for i, other := range list {
		if other == m {
			list = append(list[:i:i], list[i+1:]...)
			break
		}
	}
	if src.metrics[m.id] = list; len(list) == 0 {
		delete(src.metrics, m.id)
	}
}
