package instant

import (
	"maps"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// maxAhead is the time that a reading goes forward from an earlier instant. Further away
// it goes back from its own instant.
const maxAhead = 10 * time.Minute

// plan is how a question is answered.
type plan struct {
	q     *question
	base  *entry // values of the instant without some of the metrics, or of an earlier instant; may be nil
	ahead bool   // the instant of base is earlier
	// replaces is the entry of which the new one takes the place; it may be nil.
	replaces *entry
	metadata map[history.MetricID]*described // of another instant
}

// plan plans the answer to a question that the lane cannot answer.
func (l *lane) plan(q *question) *plan {
	p := &plan{q: q}
	if len(l.entries) > 0 {
		p.metadata = l.entries[0].metadata
	}
	if p.base = l.at(q.t); p.base != nil {
		p.replaces, p.metadata = p.base, p.base.metadata
		return p
	}
	if p.base = l.before(q); p.base != nil {
		p.ahead, p.metadata = true, p.base.metadata
		if p.base.latest && q.t == Latest {
			p.replaces = p.base
		}
	}
	return p
}

// before returns the entry from which it is not far to the instant of a question, or nil.
func (l *lane) before(q *question) (best *entry) {
	end := q.end()
	for _, e := range l.entries {
		if e.records == 0 || e.stamp.After(q.t) || end.Sub(e.stamp) > maxAhead || !e.covers(q.ids) {
			continue
		}
		if best == nil || e.stamp.After(best.stamp) {
			best = e
		}
	}
	return best
}

// run reads what the plan needs.
func (p *plan) run(r *reading) (*entry, error) {
	readers, err := p.q.s.Readers(r.ctx, p.q.t)
	if err != nil {
		return nil, err
	}
	if p.ahead {
		return p.forward(r, readers)
	}
	e := &entry{all: p.q.ids == nil, asked: idsOf{}, to: p.q.t, latest: p.q.t == Latest}
	want := p.q.ids
	if e.all {
		want = allOf(readers)
	}
	if b := p.base; b != nil {
		e.to, e.latest = b.to, b.latest
		maps.Copy(e.asked, b.asked)
	}
	var missing []pcp.PMID
	for _, id := range want {
		if !e.asked[id] {
			e.asked[id] = true
			missing = append(missing, id)
		}
	}
	if e.content, err = r.backward(missing, readers); err != nil {
		return nil, err
	}
	if b := p.base; b != nil {
		maps.Copy(e.metrics, b.metrics)
		e.stamp, e.records = b.stamp, b.records
	}
	p.describe(e, readers)
	return e, nil
}

// forward reads on from the values of an earlier instant.
func (p *plan) forward(r *reading, readers []*archive.Reader) (*entry, error) {
	b := p.base
	e := &entry{all: b.all, asked: b.asked, to: p.q.t, latest: p.q.t == Latest}
	var ids []pcp.PMID
	if e.all {
		e.asked = idsOf{}
		for _, id := range allOf(readers) {
			e.asked[id] = true
		}
	} else {
		ids = slices.Collect(maps.Keys(b.asked))
	}
	var err error
	if e.content, err = r.forward(b.content, ids); err != nil {
		return nil, err
	}
	if e.content == b.content { // nothing was recorded since
		p.replaces = b
		e.values, e.metadata, e.asked = b.values, b.metadata, b.asked
		return e, nil
	}
	p.describe(e, readers)
	return e, nil
}

// describe joins the values of an entry with metadata.
func (p *plan) describe(e *entry, readers []*archive.Reader) {
	d := &describer{readers: readers, t: p.q.t, known: p.metadata, next: make(map[history.MetricID]*described, len(e.asked))}
	metrics := make([]*Metric, 0, len(e.asked))
	for id := range identify(e, readers) {
		if m := d.describe(id, e.metrics[id]); m != nil {
			metrics = append(metrics, m)
		}
	}
	e.values, e.metadata = newValues(e.content, metrics), d.next
}

// identify returns the metrics that were asked for: those with values, and those that
// archives describe.
func identify(e *entry, readers []*archive.Reader) map[history.MetricID]bool {
	found := make(map[history.MetricID]bool, len(e.asked))
	for id := range e.metrics {
		if e.asked[id.PMID] {
			found[id] = true
		}
	}
	for _, r := range readers {
		for id := range e.asked {
			if _, ok := r.Meta().Desc(id); ok {
				found[history.MetricID{Target: r.Target(), PMID: id}] = true
			}
		}
	}
	return found
}

// allOf returns the identifiers of all metrics that archives describe.
func allOf(readers []*archive.Reader) []pcp.PMID {
	var ids []pcp.PMID
	seen := idsOf{}
	for _, r := range readers {
		for d := range r.Meta().Metrics() {
			if !seen[d.PMID] {
				seen[d.PMID] = true
				ids = append(ids, d.PMID)
			}
		}
	}
	return ids
}
