package pmseries

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// collector collects the samples of a metric.
type collector struct {
	*vector
	where   *condition
	sources []string
	span    span
	pending *sample // the last one of the current interval
	goal    pcp.Timestamp
	full    bool
}

// reading reads the samples of metrics from the archives of a host.
type reading struct {
	ctx    context.Context
	view   *View
	tables *tables
	span   span
	budget *int // values that may still be held
	limit  int
	by     time.Duration // is added to the times of samples
	wanted map[ID]*collector
	names  map[string]bool
	left   int // collectors that are not full

	metrics   map[*history.Metric][]*collector
	series    map[*history.Series]*Described
	instances map[ID]*Described
}

// read reads the samples of all vectors.
func (r *reading) read(all []*collector) error {
	byHost := map[string][]*collector{}
	for _, c := range all {
		byHost[c.metric.Host] = append(byHost[c.metric.Host], c)
	}
	for _, set := range r.view.sets {
		if group := byHost[set.Host()]; len(group) > 0 {
			if err := r.readHost(set, group); err != nil {
				return err
			}
		}
	}
	return nil
}

// readHost reads the samples of a host's metrics.
func (r *reading) readHost(set *store.Set, group []*collector) error {
	r.wanted, r.names, r.left = map[ID]*collector{}, map[string]bool{}, len(group)
	r.metrics, r.series, r.instances = map[*history.Metric][]*collector{}, map[*history.Series]*Described{}, map[ID]*Described{}
	var pmids []pcp.PMID
	for _, c := range group {
		r.wanted[c.metric.ID] = c
		r.names[c.metric.Name] = true
		for _, m := range r.tables.byID[c.metric.ID] { // a metric's number may have changed
			if !slices.Contains(pmids, m.PMID) {
				pmids = append(pmids, m.PMID)
			}
		}
	}
	q := history.Query{From: r.span.from, To: r.span.to, PMIDs: pmids, Stop: r.ctx.Err, Metrics: func(d *meta.Desc) bool {
		return slices.Contains(pmids, d.PMID) && slices.ContainsFunc(d.Names, func(n string) bool { return r.names[n] })
	}}
	if q.To.Before(q.From) {
		return nil
	}
	fromEnd := r.span.last > 0 && r.span.step == 0
	steps, toward := set.Steps(q), 1
	common, own := 0, map[history.Target]int{} // marks, of all targets and of one
	if fromEnd {
		steps, toward = set.Backward(q), -1
	}
	for step, err := range steps {
		if err == nil {
			err = r.ctx.Err()
		}
		if err != nil {
			return err
		}
		if step.Mark {
			if step.Part == history.AllParts {
				common += toward
			} else {
				own[step.Target] += toward
			}
			continue
		}
		if err := r.step(step, common+own[step.Target]); err != nil {
			return err
		}
		if r.left == 0 {
			break
		}
	}
	for _, c := range group {
		c.finish(fromEnd)
	}
	return nil
}

// step adds the values of a step.
func (r *reading) step(step *history.Step, marks int) error {
	for i := range step.Metrics {
		mv := &step.Metrics[i]
		if len(mv.Points) == 0 {
			continue
		}
		for _, c := range r.collectors(mv.Metric) {
			if c.full {
				continue
			}
			s := r.sample(c, mv, step.Stamp, marks)
			if len(s.values) == 0 {
				continue
			}
			*r.budget -= c.put(s)
			if *r.budget < 0 {
				return &LimitError{"values", r.limit}
			}
			if c.full {
				r.left--
			}
		}
	}
	return nil
}

// collectors returns the collectors of a metric.
func (r *reading) collectors(m *history.Metric) []*collector {
	known, ok := r.metrics[m]
	if !ok {
		labels := mergedLabels(m.Labels)
		for _, name := range m.Desc.Names {
			if r.names[name] {
				if c := r.wanted[MetricID(name, m.Desc, labels)]; c != nil {
					known = append(known, c)
				}
			}
		}
		r.metrics[m] = known
	}
	return known
}

// sample returns the values of a metric that a collector wants.
func (r *reading) sample(c *collector, mv *history.MetricValues, t pcp.Timestamp, marks int) sample {
	s := sample{stamp: t.Add(r.by), epoch: marks}
	d := mv.Metric.Desc
	for i := range mv.Points {
		p := &mv.Points[i]
		n, ok := numberOf(&p.Value, d.Type)
		if !ok {
			continue
		}
		v := Value{Stamp: s.stamp, number: n}
		if d.InDom != pcp.InDomNull {
			instance := r.instance(p.Series)
			if c.where != nil && c.where.judge(&candidate{metric: c.metric, sources: c.sources, instance: instance}) != yes {
				continue
			}
			v.Instance = &instance.Instance
		}
		s.values = append(s.values, v)
	}
	return s
}

// instance returns the instance of a series.
func (r *reading) instance(s *history.Series) *Described {
	known := r.series[s]
	if known == nil {
		inst := s.Inst
		known = describeInstance(s.Metric, inst, s.Labels)
		if same := r.instances[known.ID]; same != nil && same.Inst == known.Inst {
			known = same
		}
		r.instances[known.ID], r.series[s] = known, known
	}
	return known
}

// put adds a sample and returns the number of values that are held beyond those before.
func (c *collector) put(s sample) (more int) {
	if c.span.step == 0 {
		c.samples = append(c.samples, s)
		most := max(c.span.first, c.span.last)
		c.full = most > 0 && len(c.samples) == most
		return len(s.values)
	}
	more = len(s.values)
	switch {
	case c.pending == nil:
		if c.goal = c.span.anchored; c.goal.IsZero() {
			c.goal = s.stamp
		}
	case s.stamp.After(c.goal):
		c.emit()
		c.advance(s.stamp)
	default:
		more -= len(c.pending.values)
	}
	c.pending = &s
	return more
}

// emit keeps the pending sample.
func (c *collector) emit() {
	c.samples = append(c.samples, *c.pending)
	switch {
	case c.span.first > 0:
		c.full = len(c.samples) == c.span.first
	case c.span.last > 0 && len(c.samples) > 2*c.span.last:
		c.samples = append(c.samples[:0:0], c.samples[len(c.samples)-c.span.last:]...)
	}
}

// advance moves the goal to the first one at or after t.
func (c *collector) advance(t pcp.Timestamp) {
	steps := math.Ceil(float64(t.Sub(c.goal)) / float64(c.span.step))
	c.goal = c.goal.Add(time.Duration(min(max(steps, 1), float64(math.MaxInt64/c.span.step))) * c.span.step)
}

// finish completes the samples. backward says that they were read from the end.
func (c *collector) finish(backward bool) {
	if c.pending != nil && !c.full {
		c.emit()
	}
	if n := len(c.samples); c.span.last > 0 && n > c.span.last {
		c.samples = c.samples[n-c.span.last:]
	}
	switch {
	case c.span.backward:
		c.backward = true
	case backward:
		slices.Reverse(c.samples)
	}
}
