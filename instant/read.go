package instant

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// TooManyError reports more values at one instant than a Cache may hold.
type TooManyError struct {
	Host  string
	Limit int
}

// Error names the limit.
func (e *TooManyError) Error() string {
	return fmt.Sprintf("%s has more than %d values at one instant: ask for fewer metrics", e.Host, e.Limit)
}

// content is what records say about metrics of a Subject at an instant. It does not
// change.
type content struct {
	stamp   pcp.Timestamp // of the last record at or before the instant
	records int           // of that time
	metrics map[history.MetricID]*recorded
}

// reading is one reading of records.
type reading struct {
	ctx   context.Context
	s     Subject
	t     pcp.Timestamp
	limit int // of values
	n     int // values so far
}

// check returns an error if the reading must end.
func (r *reading) check() error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	if r.limit > 0 && r.n > r.limit {
		return &TooManyError{r.s.Host(), r.limit}
	}
	return nil
}

// The steps after which a reading passes over records without the metrics that still lack
// values, and the part of the metrics that must have them by then.
const (
	narrowAfter = 4
	narrowPart  = 2
)

// backward reads the values of metrics, from the instant back to those that were recorded
// first. readers are the archives that describe metrics at the instant.
func (r *reading) backward(ids []pcp.PMID, readers []*archive.Reader) (*content, error) {
	c := &content{metrics: make(map[history.MetricID]*recorded, len(ids))}
	open := searches(ids, readers)
	to := r.t
	for {
		if err := r.check(); err != nil {
			return nil, err
		}
		next, err := r.pass(c, open, to)
		if err != nil {
			return nil, err
		}
		if next == nil {
			break
		}
		to = *next
	}
	for id, s := range open {
		c.add(id, s)
	}
	return c, nil
}

// searches returns a search for each metric of each archive. A metric that no archive
// describes is looked for as one of PCP's own.
func searches(ids []pcp.PMID, readers []*archive.Reader) map[history.MetricID]*search {
	open := make(map[history.MetricID]*search, len(ids))
	for _, id := range ids {
		described := false
		for _, reader := range readers {
			if _, ok := reader.Meta().Desc(id); ok {
				described = true
				open[history.MetricID{Target: reader.Target(), PMID: id}] = &search{}
			}
		}
		if !described {
			open[history.MetricID{PMID: id}] = &search{}
		}
	}
	return open
}

// add adds the values that a search has found.
func (c *content) add(id history.MetricID, s *search) {
	if s.found != nil {
		c.metrics[id] = s.found
	}
}

// pass reads steps from a time backwards. It moves the metrics that are done from open to
// c. It returns the time from which another pass must go on with what is open, or nil.
func (r *reading) pass(c *content, open map[history.MetricID]*search, to pcp.Timestamp) (next *pcp.Timestamp, err error) {
	q := history.Query{To: to, All: true, Stop: r.ctx.Err}
	wanted := make(map[pcp.PMID]bool, len(open))
	for id := range open {
		wanted[id.PMID] = true
	}
	q.PMIDs = slices.AppendSeq(make([]pcp.PMID, 0, len(wanted)), maps.Keys(wanted))
	q.Metrics = func(d *meta.Desc) bool { return wanted[d.PMID] }
	began, steps := len(open), 0
	last := to
	for step, err := range r.s.backward(q) {
		if err != nil {
			return nil, r.ctx.Err() // an archive names its damage itself; earlier records cannot be read
		}
		c.note(step.Stamp)
		if step.Mark {
			c.end(open, step)
		}
		if len(open) == 0 && (step.Mark || step.Stamp.Before(c.stamp)) {
			break
		}
		if steps++; steps > narrowAfter && step.Stamp.Before(last) && len(open)*narrowPart <= began {
			return &step.Stamp, nil
		}
		last = step.Stamp
		r.take(c, open, step)
		if err := r.check(); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// end moves the metrics that a mark ends from open to c: earlier records do not count.
func (c *content) end(open map[history.MetricID]*search, mark *history.Step) {
	for id, s := range open {
		if mark.Ends(id.Target) {
			c.add(id, s)
			delete(open, id)
		}
	}
}

// note counts the records of the last time.
func (c *content) note(t pcp.Timestamp) {
	if c.records == 0 {
		c.stamp = t
	}
	if t == c.stamp {
		c.records++
	}
}

// take takes the values of a step.
func (r *reading) take(c *content, open map[history.MetricID]*search, step *history.Step) {
	for i := range step.Metrics {
		mv := &step.Metrics[i]
		id := mv.Metric.ID()
		s := open[id]
		if s == nil {
			continue
		}
		r.n += len(mv.Points)
		if s.look(mv, step.Stamp); s.done {
			c.add(id, s)
			delete(open, id)
		}
	}
}

// forward returns the values at the instant from those at an earlier one. ids are the
// metrics; nil stands for all. It returns before itself if nothing was recorded since.
func (r *reading) forward(before *content, ids []pcp.PMID) (*content, error) {
	q := history.Query{From: before.stamp, To: r.t, All: true, PMIDs: ids, Stop: r.ctx.Err}
	if ids != nil {
		wanted := make(map[pcp.PMID]bool, len(ids))
		for _, id := range ids {
			wanted[id] = true
		}
		q.Metrics = func(d *meta.Desc) bool { return wanted[d.PMID] }
	}
	var c *content
	known := before.records
	for step, err := range r.s.steps(q) {
		if err != nil {
			if err := r.ctx.Err(); err != nil {
				return nil, err
			}
			break // an archive names its damage itself
		}
		if known--; known >= 0 && !step.Stamp.After(before.stamp) {
			continue // read before
		}
		if c == nil {
			c = before.clone()
		}
		r.n += c.apply(step)
		if err := r.check(); err != nil {
			return nil, err
		}
	}
	if c == nil {
		return before, nil
	}
	return c, nil
}

func (c *content) clone() *content {
	return &content{stamp: c.stamp, records: c.records, metrics: maps.Clone(c.metrics)}
}

// apply takes a later step, and returns the number of its values.
func (c *content) apply(step *history.Step) (values int) {
	if step.Stamp.After(c.stamp) {
		c.stamp, c.records = step.Stamp, 0
	}
	c.records++
	if step.Mark {
		maps.DeleteFunc(c.metrics, func(id history.MetricID, _ *recorded) bool { return step.Ends(id.Target) })
	}
	for i := range step.Metrics {
		mv := &step.Metrics[i]
		id := mv.Metric.ID()
		values += len(mv.Points)
		c.metrics[id] = c.metrics[id].then(mv, step.Stamp)
	}
	return values
}
