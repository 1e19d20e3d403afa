package archive

import (
	"cmp"
	"errors"
	"io"
	"iter"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// view joins results with metadata for one pass over the volumes.
type view struct {
	r       *Reader
	q       history.Query
	target  history.Target
	rd      resultDecoder
	metrics map[pcp.PMID]*metricState
	step    history.Step
	points  []history.Point
	last    pcp.Timestamp  // latest time of the records read
	found   []*metricState // metrics of the record's selected sets
	prev    *metricState   // the metric looked up last
	shapes  shapes
	ids     *idFilter   // of the query's metrics; nil if any may be among them
	events  bool        // the record holds event records
	kind    *recordKind // of the record, if a skimmer has found it
	work    *skimming   // of the volume; nil if nobody skims it

	// Fields about the record read last.
	hasMet bool
	at     pcp.Timestamp
	atMark bool          // the last record is a mark
	lost   bool          // damage follows the last record
	gap    history.Step  // the mark that takes the place of damage
	back   bool          // the pass is backwards
	under  bool          // the last record is earlier than the query
	live   bool          // the archive is still being written
	leads  map[int]*lead // by volume
	line   timeline      // of the records that come
	came   arrival       // the record that came last
	enough bool          // nobody wants more steps

	waiting waiting
}

func newView(r *Reader, q history.Query) *view {
	v := &view{r: r, q: q.Bounded(), target: r.Target(), metrics: map[pcp.PMID]*metricState{}, ids: newIDFilter(q.PMIDs)}
	v.rd = resultDecoder{layout: r.layout, want: v.want}
	v.step.Target = v.target
	return v
}

// steps yields the steps of one pass.
func (v *view) steps() iter.Seq2[*history.Step, error] {
	return func(yield func(*history.Step, error) bool) {
		err := v.run(yield)
		if !v.enough {
			err = cmp.Or(v.settle(yield), err)
		}
		if err != nil && !errors.Is(err, errStop) {
			yield(nil, err)
		}
	}
}

// want reports whether the query selects a metric, and adds its state to found
// for join.
func (v *view) want(id pcp.PMID) bool {
	if v.ids != nil && !v.ids.has(id) {
		return false
	}
	m := v.state(id)
	if m.desc == nil {
		return false
	}
	v.found = append(v.found, m)
	return true
}

// state returns the state of a metric, usually the one that last followed prev.
func (v *view) state(id pcp.PMID) *metricState {
	if v.prev != nil && v.prev.next != nil && v.prev.next.id == id {
		v.prev = v.prev.next
		return v.prev
	}
	m := v.lookup(id)
	if v.prev != nil {
		v.prev.next = m
	}
	v.prev = m
	return m
}

func (v *view) lookup(id pcp.PMID) *metricState {
	m, ok := v.metrics[id]
	if !ok {
		m = &metricState{id: id, past: v.q.PastNames}
		if d, ok := v.r.store.Desc(id); ok {
			m.refused = v.q.Metrics != nil && !v.q.Metrics(d)
			if !m.refused {
				m.desc = d
			}
		}
		v.metrics[id] = m
	}
	return m
}

func (v *view) run(yield func(*history.Step, error) bool) error {
	defer v.endLeads()
	v.follow(yield)
	volumes, offset := v.r.start(v.q.From)
	v.r.begin(&v.line, volumes, offset)
	for i, m := range volumes {
		v.lookAhead(volumes[i+1:])
		if err := v.volume(m, offset); err != nil {
			return v.over(err)
		}
		offset = 0
	}
	return v.over(nil)
}

// over ends the pass with an error, which may be nil, after the records that still wait.
func (v *view) over(err error) error {
	if errors.Is(err, errStop) || err != nil && v.stopped() != nil {
		return err
	}
	return cmp.Or(v.line.flush(v.r.boundOf(&v.line)...), err)
}

func (v *view) volume(m Member, offset int64) error {
	if l := v.leads[m.Volume]; l != nil {
		delete(v.leads, m.Volume)
		next, over, err := v.led(l)
		if err != nil || over {
			return err
		}
		offset = max(offset, next)
	}
	parts := v.parts(m, offset)
	buffer := int64(readBuffer)
	if parts != nil {
		buffer = leastBuffer
	}
	s, err := v.r.volumeIn(m, offset, buffer, v.damaged, v.q.Stop)
	if err != nil || s == nil {
		return err
	}
	defer s.f.Close()
	if parts != nil {
		next, err := v.skim(s, parts)
		if err != nil {
			return err
		}
		s.frames = s.f.frames(next, readBuffer)
	}
	return v.frames(s)
}

// frames takes the records that s yields.
func (v *view) frames(s *frameSource) error {
	for {
		if err := v.stopped(); err != nil {
			return err
		}
		frame, err := s.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		next, known := s.frames.following(v.r.layout)
		if err := v.frame(s, frame, next, known); err != nil {
			return err
		}
	}
}

// stopped returns the error that ends the pass, if there is one.
func (v *view) stopped() error {
	if v.q.Stop == nil {
		return nil
	}
	return v.q.Stop()
}
