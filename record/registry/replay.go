package registry

import (
	"cmp"
	"math"
	"slices"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/internal/varcodec"
	"github.com/pcparchive/pcparchive/pcp"
)

// replay fills a Registry from the records of its file. A later record wins against
// earlier ones that have the same number.
type replay struct {
	reg   *Registry
	clean bool // the last record says that the registry was closed
	boot  string
}

// record takes one record. It fails for a record that is not valid.
func (p *replay) record(b []byte) error {
	if len(b) == 0 {
		return errRecord
	}
	d := &decoder{varcodec.Decoder{B: b[1:]}}
	p.clean = b[0] == kindClosed
	switch b[0] {
	case kindSource:
		p.source(d)
	case kindCluster:
		p.cluster(d)
	case kindMetric:
		p.metric(d)
	case kindInstance:
		p.instance(d)
	case kindNext:
		p.next(d)
	case kindOpen:
		p.boot = d.Text()
	case kindClosed:
	default:
		d.Fail()
	}
	if !d.Whole() {
		return errRecord
	}
	return nil
}

func (p *replay) source(d *decoder) {
	name, job, since := d.Text(), d.Text(), d.Int()
	if d.Bad || !mapper.ValidSource(name) {
		d.Fail()
		return
	}
	r := p.reg
	src := r.sources[name]
	if other := r.byJob[job]; job != "" && other != nil && other != src {
		r.dropSource(other)
	}
	switch {
	case src == nil:
		src = r.addSource(name, job)
	case src.job != job:
		delete(r.byJob, src.job)
		if src.job = job; job != "" {
			r.byJob[job] = src
		}
	}
	src.since = since
}

func (p *replay) cluster(d *decoder) {
	c, name := uint32(d.count(mapper.MaxCluster)), d.Text()
	src := p.reg.sources[name]
	if d.Bad || c == 0 || src == nil {
		d.Fail()
		return
	}
	if other := p.reg.owners[c]; other != src {
		if other != nil {
			other.lose(c)
		}
		p.reg.own(c, src)
	}
}

// lose takes a cluster and its metrics from a source.
func (src *source) lose(c uint32) {
	for at, m := range src.items {
		if at/mapper.ItemsPerCluster == c {
			src.drop(m)
		}
	}
	src.clusters = slices.DeleteFunc(src.clusters, func(own uint32) bool { return own == c })
	src.reg.owners[c] = nil
}

func (p *replay) metric(d *decoder) {
	f := d.metric()
	src := p.reg.owners[f.at/mapper.ItemsPerCluster]
	if d.Bad || src == nil {
		d.Fail()
		return
	}
	if have := src.items[f.at]; have != nil {
		src.drop(have)
	}
	src.restore(f)
}

// restore adds a metric that has its number and its name.
func (src *source) restore(f metricFields) *metric {
	src.leaves.Add(f.leaf, 1)
	f.desc.Names = []string{src.prefix() + f.leaf}
	m := &metric{src: src, at: f.at, id: f.id, unit: f.unit, since: f.since, desc: &f.desc}
	src.add(m)
	return m
}

// metricAt reads the number of a metric and returns the metric, or nil.
func (p *replay) metricAt(d *decoder) *metric {
	at := uint32(d.count(maxItem))
	if src := p.reg.owners[at/mapper.ItemsPerCluster]; src != nil {
		return src.items[at]
	}
	return nil
}

func (p *replay) instance(d *decoder) {
	m := p.metricAt(d)
	id, since, key := pcp.InstID(d.count(math.MaxInt32)), d.Int(), d.Text()
	if d.Bad || m == nil || m.id.Singular {
		d.Fail()
		return
	}
	m.restore(&instance{metric: m, key: key, id: id, since: since})
}

// restore adds an instance that has its number.
func (m *metric) restore(in *instance) {
	if old, ok := m.instances.Get(in.key); ok {
		m.drop(old)
	}
	if old := m.withNumber(in.id); old != nil {
		m.drop(old)
	}
	m.add(in)
	m.next = max(m.next, int64(in.id)+1)
}

func (p *replay) next(d *decoder) {
	m := p.metricAt(d)
	next := int64(d.count(math.MaxInt32 + 1))
	if m == nil {
		d.Fail()
		return
	}
	m.next = max(m.next, next)
	m.marks = nil
	for len(d.B) > 0 {
		m.marks = append(m.marks, mark{d.Int(), int64(d.count(math.MaxInt32 + 1))})
	}
}

// settle completes what the records say. Nothing is in use. times says that the records
// have the times at which it vanished; otherwise it may have been in use until now.
func (r *Registry) settle(times bool) {
	now := r.now()
	vanished := func(since int64) int64 {
		if !times || since <= 0 || since > now {
			return now
		}
		return since
	}
	var gone []*instance
	for _, src := range r.sources {
		src.since = vanished(src.since)
		for _, m := range src.items {
			m.since, m.byNumber = vanished(m.since), nil
			for in := range m.instances.All() {
				in.since = vanished(in.since)
				gone = append(gone, in)
			}
		}
		src.settleItems()
	}
	slices.SortFunc(gone, func(a, b *instance) int {
		return cmp.Or(cmp.Compare(a.since, b.since), cmp.Compare(a.metric.at, b.metric.at), cmp.Compare(a.id, b.id))
	})
	for _, in := range gone {
		r.vanish(in, in.since)
	}
	r.trim()
	r.sweep()
}

// settleItems finds the numbers that no metric has.
func (src *source) settleItems() {
	src.next, src.freed = 0, nil
	for i, c := range src.clusters {
		first := c * mapper.ItemsPerCluster
		end := first + mapper.ItemsPerCluster
		if i == len(src.clusters)-1 {
			end = first
			for at := range src.items {
				if at/mapper.ItemsPerCluster == c {
					end = max(end, at+1)
				}
			}
			src.next = end
		}
		for at := end; at > first; at-- {
			if src.items[at-1] == nil {
				src.freed = append(src.freed, at-1)
			}
		}
	}
}
