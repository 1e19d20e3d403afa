package archive

import (
	"errors"
	"io"
	"iter"
	"math"
	"slices"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// Steps yields the data records that q selects, joined with their metadata, in
// the order stored. Each Step is reused and borrows its values; its Metric and
// Series pointers may be kept. Values of metrics without a descriptor are left
// out. Damage does not end the sequence unless [ReadOptions].Strict is set: it is
// named in Warnings, and a mark stands for what is lost. A failure is yielded
// once, with a nil Step, and ends the sequence.
func (r *Reader) Steps(q history.Query) iter.Seq2[*history.Step, error] {
	return func(yield func(*history.Step, error) bool) { newView(r, q).steps()(yield) }
}

// Pass is one reading of an archive: what Steps does, with how far it got.
type Pass struct{ v *view }

// Pass returns a reading of what q selects.
func (r *Reader) Pass(q history.Query) *Pass { return &Pass{newView(r, q)} }

// Steps yields the steps, once. See [Reader.Steps].
func (p *Pass) Steps() iter.Seq2[*history.Step, error] { return p.v.steps() }

// Last returns the time of the last record met, whether or not it was selected.
func (p *Pass) Last() pcp.Timestamp { return p.v.last }

// view joins results with metadata for one pass over the volumes.
type view struct {
	r       *Reader
	q       history.Query
	rd      resultDecoder
	metrics map[pcp.PMID]*metricState
	step    history.Step
	points  []history.Point
	last    pcp.Timestamp  // of the records met
	found   []*metricState // of the record's sets that are wanted
	prev    *metricState   // looked up last
	shapes  shapes
	events  bool // the record holds some

	// Of the record met last, if there was one.
	hasMet bool
	at     pcp.Timestamp
	atMark bool         // it is a mark
	lost   bool         // there is damage between it and the next
	gap    history.Step // the mark that stands for damage
	back   bool         // records are met from the last to the first
	live   bool         // the records are being written
	beyond beyond       // the record met last, if it is later than the query
}

func newView(r *Reader, q history.Query) *view {
	v := &view{r: r, q: q.Bounded(), metrics: map[pcp.PMID]*metricState{}}
	v.rd = resultDecoder{layout: r.layout, want: v.want}
	return v
}

// steps is the sequence of one pass.
func (v *view) steps() iter.Seq2[*history.Step, error] {
	return func(yield func(*history.Step, error) bool) {
		if err := v.run(yield); err != nil && !errors.Is(err, errStop) {
			yield(nil, err)
		}
	}
}

// want reports whether a metric is wanted, and notes its state for join.
func (v *view) want(id pcp.PMID) bool {
	m := v.state(id)
	if m.desc == nil {
		return false
	}
	v.found = append(v.found, m)
	return true
}

// state finds a metric: nearly always the one that followed the last one before.
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
		m = &metricState{id: id}
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
	volumes, offset := v.r.start(v.q.From)
	for _, m := range volumes {
		if err := v.volume(m, offset, yield); err != nil {
			return err
		}
		offset = 0
	}
	return nil
}

func (v *view) volume(m Member, offset int64, yield func(*history.Step, error) bool) error {
	s, err := v.r.volumeFrom(m, offset, v.damaged)
	if err != nil || s == nil {
		return err
	}
	defer s.f.Close()
	for {
		frame, err := s.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := v.record(frame, yield); err != nil {
			if err = s.refuse(frame, err); err != nil {
				return err
			}
		}
	}
}

// damaged takes note of a stretch that cannot be read.
func (v *view) damaged(d *Damage) error {
	v.lost = v.lost || d.Bytes != 0 || d.Unused
	return v.r.noted(d)
}

// met takes note of a record that is going to be yielded. Before it goes the mark
// that stands for damage between it and the record met before, unless one of the
// two is a mark.
func (v *view) met(t pcp.Timestamp, mark bool, yield func(*history.Step, error) bool) error {
	before, bridged := v.at, v.hasMet && v.lost && !mark && !v.atMark
	v.at, v.atMark, v.hasMet, v.lost = t, mark, true, false
	if !bridged {
		return nil
	}
	at, next := before.Add(MarkAfter), t
	if v.back {
		at, next = t.Add(MarkAfter), before
	}
	if next.Before(at) {
		at = next
	}
	if at.Before(v.q.From) || at.After(v.q.To) {
		return nil
	}
	v.gap = history.Step{Stamp: at, Mark: true}
	if !yield(&v.gap, nil) {
		return errStop
	}
	return nil
}

// beyond is a record that is later than a query. Its time is damaged if the record
// after it is not.
type beyond struct {
	pos  Pos
	size int64 // 0: there is none
	t    pcp.Timestamp
}

func (b beyond) damage() *Damage {
	return &Damage{
		File: b.pos.File, Offset: b.pos.Offset, Bytes: b.size, Next: b.pos.Offset + b.size,
		Err: &pcp.FormatError{
			File: b.pos.File, Kind: pcp.KindResult, Offset: b.pos.Offset, Field: "time",
			Detail: b.t.String() + ", later than the record after it", Err: pcp.ErrRange,
		},
	}
}

// past ends the sequence at the second record in turn that is later than the
// query.
func (v *view) past(frame Frame, t pcp.Timestamp) error {
	if v.live || v.back || v.beyond.size > 0 || v.r.opts.Strict {
		v.last = later(v.last, t)
		return errStop
	}
	v.beyond = beyond{frame.Pos, int64(len(frame.Payload)) + 8, t}
	return nil
}

// record yields the step of a data record if it is wanted.
func (v *view) record(frame Frame, yield func(*history.Step, error) bool) error {
	if stamp, ok := v.r.stamp(frame); ok {
		if stamp.After(v.q.To) {
			return v.past(frame, stamp)
		}
		if v.beyond.size > 0 {
			lost := v.beyond.damage()
			v.beyond = beyond{}
			if err := v.damaged(lost); err != nil {
				return err
			}
		}
		v.last = later(v.last, stamp)
		if stamp.Before(v.q.From) {
			v.lost = false // nothing precedes it
			return nil
		}
		if s := v.shapes.find(frame.Payload); s != nil && s.joined.holds(stamp) {
			return v.repeat(s.joined, stamp, yield)
		} else if s != nil {
			v.shapes.drop(s)
		}
	}
	v.found = v.found[:0]
	res, err := v.rd.decodeAny(frame.Payload)
	if err != nil {
		return locate(err, frame.Pos, 4)
	}
	if res.Stamp.After(v.q.To) {
		return errStop
	}
	if err := v.met(res.Stamp, v.rd.mark, yield); err != nil {
		return err
	}
	step := v.join(res, v.rd.mark)
	if !step.Mark && !v.events && v.shapes.worth(len(frame.Payload)) {
		step = v.keep(frame.Payload, res)
	}
	return v.yield(step, yield)
}

// yield yields a step unless it holds nothing that is wanted.
func (v *view) yield(step *history.Step, yield func(*history.Step, error) bool) error {
	if len(step.Metrics) == 0 && !step.Mark && !v.q.All {
		return nil
	}
	if !yield(step, nil) {
		return errStop
	}
	return nil
}

// grown makes v take notice of metadata added to the store. What stays the same
// keeps its pointers.
func (v *view) grown() {
	v.prev, v.shapes = nil, shapes{}
	for id, m := range v.metrics {
		m.next = nil // it may be one that is deleted
		if m.desc == nil && !m.refused {
			delete(v.metrics, id)
		}
		m.until = pcp.Timestamp{Sec: math.MinInt64}
	}
}

// join resolves what a result refers to.
func (v *view) join(res *Result, mark bool) *history.Step {
	v.step.Stamp, v.step.Mark, v.step.Metrics = res.Stamp, mark, v.step.Metrics[:0]
	v.points, v.events = v.points[:0], false
	for i := range res.Sets {
		set := &res.Sets[i]
		m := v.found[i]
		if m.metric == nil || res.Stamp.Before(m.since) || !res.Stamp.Before(m.until) {
			v.refresh(m, res.Stamp)
		}
		if holdsEvents(m.metric.Desc) {
			v.events = true
			v.params(m, set.Values, res.Stamp)
		}
		mv := history.MetricValues{Metric: m.metric, Err: set.Err, InDom: m.indom, Labels: m.sets[len(m.sets)-1]}
		start := len(v.points)
		n := len(set.Values)
		v.points = slices.Grow(v.points, n)[:start+n]
		points := v.points[start:]
		known := len(m.last) == n
		for j := range set.Values {
			val := &set.Values[j]
			if j < len(m.last) && m.last[j].Inst.ID == val.Inst {
				points[j].Series = m.last[j]
			} else {
				points[j].Series = m.at(j, val.Inst)
				known = false
			}
			points[j].Value = *val
		}
		if !known {
			m.remember(points)
		}
		mv.Points = points
		v.step.Metrics = append(v.step.Metrics, mv)
	}
	sharePoints(&v.step, v.points) // the memory has stopped moving
	return &v.step
}

// share hands each metric its points.
func sharePoints(s *history.Step, points []history.Point) {
	at := 0
	for i := range s.Metrics {
		mv := &s.Metrics[i]
		end := at + len(mv.Points)
		mv.Points = points[at:end:end]
		at = end
	}
}
