package query

import (
	"sync"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// member is a selection that takes part in a pass.
type member struct {
	q      history.Query
	take   func(*history.Step) error
	result chan error // has one value when the pass is over for the member
	alone  bool       // nobody shares the pass: the member reads by itself

	mu    sync.Mutex // held while take runs
	gone  bool       // the pass is over for the member
	seen  bool       // a step of the member's time has come
	wants map[*meta.Desc]bool
	parts map[*history.Shape]*history.Step
	step  history.Step
}

// leave ends the pass for a member, once.
func (m *member) leave(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.end(err)
}

func (m *member) end(err error) {
	if !m.gone {
		m.gone = true
		m.result <- err
	}
}

func (m *member) present() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.gone
}

// put passes a step on to a member, as a pass for it alone would yield it. last is the time of
// the step before.
func (m *member) put(step *history.Step, last pcp.Timestamp) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.gone || step.Stamp.Before(m.q.From) {
		return
	}
	first := !m.seen
	m.seen = true
	if first && step.Implied && last.Before(m.q.From) {
		return // it separates what precedes the member's time
	}
	if err := m.take(m.part(step)); err != nil {
		m.end(err)
	}
}

// manyShapes bounds the shapes that a member remembers.
const manyShapes = 256

// part returns a step with the metrics that the member wants.
func (m *member) part(step *history.Step) *history.Step {
	if step.Mark || len(step.Metrics) == 0 {
		return step
	}
	known := m.parts[step.Shape]
	if step.Shape == nil || known == nil {
		known = &history.Step{}
		if step.Shape == nil {
			known = &m.step
		}
	}
	known.Stamp, known.Part, known.Target, known.Mark, known.Metrics = step.Stamp, step.Part, step.Target, false, known.Metrics[:0]
	points := 0
	for i := range step.Metrics {
		mv := &step.Metrics[i]
		wanted, asked := m.wants[mv.Metric.Desc]
		if !asked {
			wanted = m.q.Metrics(mv.Metric.Desc)
			m.wants[mv.Metric.Desc] = wanted
		}
		if wanted {
			known.Metrics = append(known.Metrics, *mv)
			points += len(mv.Points)
		}
	}
	if step.Shape != nil && known.Shape == nil {
		if len(m.parts) >= manyShapes {
			clear(m.parts)
		}
		known.Shape = history.NewShape(points)
		m.parts[step.Shape] = known
	}
	return known
}
