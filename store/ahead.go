package store

import (
	"iter"
	"runtime"
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/defect"
	"github.com/pcparchive/pcparchive/pcp"
)

// ahead is an archive that is read before a pass over its Set comes to it.
type ahead struct {
	it   *item
	done chan struct{}   // closed when the fields below are set
	r    *archive.Reader // nil if the metadata cannot be read
	pass *archive.Pass   // nil without a query
}

// readAhead begins to read the metadata of an archive, and its records if q is not nil, until
// the error of stop ends that.
func readAhead(it *item, q *history.Query, stop func() error) *ahead {
	a := &ahead{it: it, done: make(chan struct{})}
	go func() {
		defer close(a.done)
		failed := defect.Catch(func() {
			if a.r = it.fetch(stop); a.r != nil && q != nil {
				a.pass = a.r.Pass(*q)
				a.pass.Ahead()
			}
		})
		if failed != nil { // the sequence opens the archive by itself
			if a.pass != nil {
				a.pass.Close()
			}
			a.r, a.pass = nil, nil
			it.report(Problem{Archive: it.label.Base(), Err: failed})
		}
	}()
	return a
}

// end releases what was read.
func (a *ahead) end() {
	<-a.done
	if a.pass != nil {
		a.pass.Close()
	}
	a.it.forget()
}

// lookahead reads the archives that follow in a sequence, one for each processor. Whatever
// it reads, what the sequence yields and reports is the same as without it.
type lookahead struct {
	q     *history.Query
	stop  func() error // ends the reading; may be nil
	rest  []*item      // not yet begun
	begun []*ahead
}

// newLookahead returns a lookahead for those of the archives that begin between two times.
// q may be nil. On one processor there is nothing to look ahead to.
func newLookahead(items []*item, from, to pcp.Timestamp, q *history.Query, stop func() error, skip func(*item) bool) *lookahead {
	l := &lookahead{q: q, stop: stop}
	if runtime.GOMAXPROCS(0) == 1 {
		return l
	}
	for _, it := range items {
		if start := it.label.Header().Start; !start.Before(from) && !start.After(to) && (skip == nil || !skip(it)) {
			l.rest = append(l.rest, it)
		}
	}
	return l
}

// take returns what was read of an archive, nil if that was not begun, and begins with the
// archives that follow it.
func (l *lookahead) take(it *item) (found *ahead) {
	if i := slices.IndexFunc(l.begun, func(a *ahead) bool { return a.it == it }); i >= 0 {
		found = l.begun[i]
		l.begun = slices.Delete(l.begun, i, i+1)
	} else if i := slices.Index(l.rest, it); i >= 0 {
		l.rest = l.rest[i+1:]
	}
	for len(l.begun) < runtime.GOMAXPROCS(0) && len(l.rest) > 0 {
		l.begun = append(l.begun, readAhead(l.rest[0], l.q, l.stop))
		l.rest = l.rest[1:]
	}
	return found
}

// end ends the reading of archives to which the sequence did not come.
func (l *lookahead) end() {
	for _, a := range l.begun {
		a.end()
	}
	l.begun, l.rest = nil, nil
}

// loaded yields the archives that have their start between two times, with their metadata;
// want may exclude some. It omits those that cannot be opened.
func (s *Set) loaded(from, to pcp.Timestamp, want func(i int) bool) iter.Seq[*archive.Reader] {
	return func(yield func(*archive.Reader) bool) {
		l := newLookahead(s.items, from, to, nil, s.stop, nil)
		defer l.end()
		for i, it := range s.items {
			if s.Stopped() != nil {
				return
			}
			if want != nil && !want(i) {
				continue
			}
			if a := l.take(it); a != nil {
				<-a.done
			}
			if r := it.load(s.stop); r != nil && !yield(r) {
				return
			}
		}
	}
}
