package store

import (
	"errors"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/internal/defect"
	"github.com/pcparchive/pcparchive/pcp"
)

// endSearch is a search for the end of an archive, for which several may wait. It ends when
// nobody waits any more.
type endSearch struct {
	waiting []*endWaiter // guarded by the item's lock of ends
}

// endWaiter waits for a search.
type endWaiter struct {
	stop func() error // its error ends the waiting; nil for one who waits to the end
	done chan error   // receives that error, or nil when the search has ended
}

// errDeserted ends a search for which nobody waits any more.
var errDeserted = errors.New("nobody waits for the end of the archive")

// lastTime returns the time of the last whole record; see findEnd for stop.
func (it *item) lastTime(stop func() error) (pcp.Timestamp, error) { return it.findEnd(true, stop) }

// ending returns the approximate time at which the archive ends, as
// [archive.Reader.Ending] does; see findEnd for stop.
func (it *item) ending(stop func() error) (pcp.Timestamp, error) { return it.findEnd(false, stop) }

// endedBy returns a time at which the archive has certainly ended; see findEnd for stop.
func (it *item) endedBy(stop func() error) (pcp.Timestamp, error) {
	end, err := it.ending(stop)
	it.ends.Lock()
	defer it.ends.Unlock()
	if err == nil && !it.exact {
		end = end.Add(it.slack)
	}
	return end, err
}

// findEnd determines when the archive ends and remembers the result. It returns the error of
// stop, unless that is nil, as soon as there is one. The search goes on for others who wait
// for it. Another goroutine may call stop, but not after findEnd has returned.
func (it *item) findEnd(exact bool, stop func() error) (pcp.Timestamp, error) {
	for {
		it.ends.Lock()
		if it.exact || it.found && !exact {
			defer it.ends.Unlock()
			return it.end, it.endErr
		}
		w := &endWaiter{stop: stop, done: make(chan error, 1)}
		s, begins := it.search, it.search == nil
		if begins {
			s = &endSearch{}
			it.search = s
		}
		s.waiting = append(s.waiting, w)
		it.ends.Unlock()
		switch {
		case begins && stop == nil:
			it.searchEnd(s, exact)
		case begins:
			go it.searchEnd(s, exact)
		}
		err := <-w.done
		var failed *defect.Error
		if errors.As(err, &failed) {
			failed.Raise() // who recovers names the question
		}
		if err != nil {
			return pcp.Timestamp{}, err
		}
	}
}

// searchEnd searches for the end and releases all who wait. Those for whom an estimate does
// not suffice, or who came when the search was given up, look again.
func (it *item) searchEnd(s *endSearch, exact bool) {
	var failed error
	defer func() {
		it.ends.Lock()
		defer it.ends.Unlock()
		it.search = nil
		for _, w := range s.waiting {
			w.done <- failed
		}
	}()
	var end pcp.Timestamp
	var slack time.Duration
	err := defect.Guard(func() (err error) {
		end, slack, err = it.label.FindEnd(exact, func() error { return it.awaited(s) })
		return err
	})
	if errors.As(err, new(*defect.Error)) {
		failed = err
		return
	}
	if errors.Is(err, errDeserted) {
		return
	}
	it.ends.Lock()
	defer it.ends.Unlock()
	if !it.exact { // nobody has told the end meanwhile
		it.end, it.slack, it.found, it.endErr, it.exact = end, slack, true, err, slack == 0
	}
}

// awaited releases those whose waiting ends, and returns an error if nobody is left.
func (it *item) awaited(s *endSearch) error {
	it.ends.Lock()
	defer it.ends.Unlock()
	s.waiting = slices.DeleteFunc(s.waiting, func(w *endWaiter) bool {
		if w.stop == nil {
			return false
		}
		err := w.stop()
		if err != nil {
			w.done <- err
		}
		return err != nil
	})
	if len(s.waiting) == 0 {
		return errDeserted
	}
	return nil
}
