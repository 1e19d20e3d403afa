package convert

import (
	"container/heap"
	"context"
	"iter"

	"github.com/pcparchive/pcparchive/history"
)

// Part is a source and the sink for its steps.
type Part struct {
	Source history.Source
	Sink   history.Sink
}

// CopyMerged copies several sources at once, such as the archives of many hosts.
// It puts the steps of all sources in ascending order of time. It closes each sink
// when its source ends; after an error it leaves the other sinks open. Memory
// holds what each source needs to read one step, such as an archive's metadata.
func CopyMerged(ctx context.Context, parts []Part) (err error) {
	m := &mergeHeap{}
	defer func() {
		for _, c := range m.heads {
			c.stop()
		}
	}()
	for i, p := range parts {
		c := &mergedPart{Part: p, order: i}
		c.pull, c.stop = iter.Pull2(p.Source.Steps(ctx))
		m.heads = append(m.heads, c)
	}
	for i := 0; i < len(m.heads); {
		more, err := m.heads[i].advance()
		if err != nil {
			return err
		}
		if more {
			i++
			continue
		}
		m.heads = append(m.heads[:i], m.heads[i+1:]...)
	}
	heap.Init(m)
	for len(m.heads) > 0 {
		c := m.heads[0]
		if err := c.Sink.Put(c.step); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		switch more, err := c.advance(); {
		case err != nil:
			return err
		case more:
			heap.Fix(m, 0)
		default:
			heap.Pop(m)
		}
	}
	return nil
}

// mergedPart is a source that is being read.
type mergedPart struct {
	Part
	order int
	step  *history.Step // the next step to put
	pull  func() (*history.Step, error, bool)
	stop  func()
}

// advance reads the next step. At the end of the source it closes the sink.
func (c *mergedPart) advance() (bool, error) {
	step, err, ok := c.pull()
	c.step = step
	switch {
	case err != nil:
		return false, err
	case ok:
		return true, nil
	}
	c.stop()
	return false, c.Sink.Close()
}

// mergeHeap orders sources by the time of their next step, and sources with equal
// times by their position.
type mergeHeap struct{ heads []*mergedPart }

func (m *mergeHeap) Len() int { return len(m.heads) }

func (m *mergeHeap) Less(i, j int) bool {
	a, b := m.heads[i], m.heads[j]
	if c := a.step.Stamp.Compare(b.step.Stamp); c != 0 {
		return c < 0
	}
	return a.order < b.order
}

func (m *mergeHeap) Swap(i, j int) { m.heads[i], m.heads[j] = m.heads[j], m.heads[i] }

// Push does nothing: all sources are there from the start.
func (m *mergeHeap) Push(any) {}

func (m *mergeHeap) Pop() any {
	last := len(m.heads) - 1
	c := m.heads[last]
	m.heads = m.heads[:last]
	return c
}

// Through returns a source with the steps of src after a stage. stage makes the
// stage from the sink that it feeds.
func Through(src history.Source, stage func(history.Sink) history.Sink) history.Source {
	return throughSource{src, stage}
}

type throughSource struct {
	src   history.Source
	stage func(history.Sink) history.Sink
}

// Steps yields the steps that the stage puts.
func (s throughSource) Steps(ctx context.Context) iter.Seq2[*history.Step, error] {
	return func(yield func(*history.Step, error) bool) {
		out := &yielding{yield: yield}
		stage := s.stage(out)
		for step, err := range s.src.Steps(ctx) {
			if err == nil {
				err = stage.Put(step)
			}
			if out.stopped {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
		if err := stage.Close(); err != nil && !out.stopped {
			yield(nil, err)
		}
	}
}

// yielding is the Sink that hands steps to a loop.
type yielding struct {
	yield   func(*history.Step, error) bool
	stopped bool
}

func (y *yielding) Put(step *history.Step) error {
	if y.stopped {
		return context.Canceled
	}
	if !y.yield(step, nil) {
		y.stopped = true
		return context.Canceled
	}
	return nil
}

func (*yielding) Close() error { return nil }
