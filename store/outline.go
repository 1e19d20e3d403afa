package store

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// Spanning lists the archives that Between yields. It opens none of them to read
// metadata, and may list archives that cannot be opened.
func (s *Set) Spanning(from, to pcp.Timestamp) iter.Seq[Archive] {
	return func(yield func(Archive) bool) {
		for i, it := range s.items {
			if s.Stopped() != nil {
				return
			}
			if it.label.Header().Start.After(to) || !it.inUse() || s.endedBefore(i, from) {
				continue
			}
			if !yield(it.archive()) {
				return
			}
		}
	}
}

// Reader opens the archive with a base path that Archives or Spanning listed. It
// returns nil if the archive cannot be opened, which Problems then lists.
func (s *Set) Reader(base string) *archive.Reader {
	if it := s.item(base); it != nil {
		return it.load(s.stop)
	}
	return nil
}

// Open opens the archive with a base path anew. The Set neither keeps the Reader nor
// lists what it finds in Problems.
func (s *Set) Open(base string) (*archive.Reader, error) {
	if it := s.item(base); it != nil {
		return it.label.LoadUntil(s.stop)
	}
	return nil, fmt.Errorf("archive %s: %w", base, fs.ErrNotExist)
}

// Learn notes the time of the last record of an archive, so that nobody has to look for it.
func (s *Set) Learn(base string, end pcp.Timestamp) {
	if it := s.item(base); it != nil {
		it.ends.Lock()
		defer it.ends.Unlock()
		it.end, it.endErr, it.found, it.exact = end, nil, true, true
	}
}

// item returns the archive with a base path, or nil.
func (s *Set) item(base string) *item {
	for _, it := range s.items {
		if it.label.Base() == base {
			return it
		}
	}
	return nil
}

// Outline stands for the steps of an archive whose values the caller knows.
type Outline struct {
	First, Last pcp.Timestamp   // times of the first and the last step
	Marks       []pcp.Timestamp // times of the marks, ascending
	// Begin is called before the first step of the archive is yielded. Its error ends
	// the sequence.
	Begin func() error
}

// ErrOverlap says that an archive with an [Outline] overlaps another one, so that its
// steps cannot be told apart from theirs.
var ErrOverlap = errors.New("archives overlap")

// Outlined yields what Steps yields, except that of an archive with an outline, by base
// path, it yields the marks alone, and empty steps. It does not open such an archive.
// If the archive overlaps another one, the sequence ends with [ErrOverlap].
func (s *Set) Outlined(q history.Query, outlines map[string]*Outline) iter.Seq2[*history.Step, error] {
	return func(yield func(*history.Step, error) bool) {
		m := newMerge(s, q, outlines)
		defer m.stop()
		m.run(yield)
	}
}

// steps yields the first step in a query's time, the marks and the last step.
func (o *Outline) steps(q history.Query) iter.Seq2[*history.Step, error] {
	return func(yield func(*history.Step, error) bool) {
		step := history.Step{}
		put := func(t pcp.Timestamp, mark bool) bool {
			if t.Before(q.From) || t.After(q.To) {
				return true
			}
			step = history.Step{Stamp: t, Mark: mark}
			return yield(&step, nil)
		}
		first := o.First
		if first.Before(q.From) && !o.Last.Before(q.From) {
			first = q.From
		}
		marked := false // the step put last is a mark of the archive's last time
		if len(o.Marks) == 0 || o.Marks[0] != first {
			if !put(first, false) {
				return
			}
		}
		for _, t := range o.Marks {
			if !put(t, true) {
				return
			}
			marked = t == o.Last
		}
		if !marked {
			put(o.Last, false)
		}
	}
}

// outlined returns a cursor over the outline of an archive.
func (m *merge) outlined(it *item, o *Outline) *cursor {
	c := &cursor{it: it, r: it.label, last: func() pcp.Timestamp { return o.Last }, begin: o.Begin, outline: true}
	c.pull, c.stop = iter.Pull2(o.steps(m.q))
	return c
}

// overlaps reports whether a cursor to be added overlaps an archive with an outline. An
// archive that is no longer active may have records after the query's time.
func (m *merge) overlaps(c *cursor) bool {
	if c.outline && !c.it.label.Header().Start.After(m.ended) {
		return true
	}
	return len(m.active.all) > 0 && (c.outline || m.active.all[0].outline) // an outline is active alone
}
