package query

import (
	"sync"

	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/pcparchive/pcparchive/internal/defect"
)

// background are the selections of a querier that goroutines read. The engine asks for all
// selections of a query before it looks at the first, so they can share what they read.
type background struct{ running sync.WaitGroup }

// begin reads a set of series in a goroutine.
func (b *background) begin(read func() storage.SeriesSet) storage.SeriesSet {
	set := &laterSet{done: make(chan struct{})}
	b.running.Go(func() {
		defer close(set.done)
		set.failed = defect.Catch(func() { set.found = read() })
	})
	return set
}

// wait waits until all is read.
func (b *background) wait() { b.running.Wait() }

// laterSet is a set of series that a goroutine reads. Its methods wait for that.
type laterSet struct {
	done   chan struct{} // closed when the other fields are set
	found  storage.SeriesSet
	failed *defect.Error // the reading goroutine panicked
}

func (s *laterSet) set() storage.SeriesSet {
	<-s.done
	s.failed.Raise()
	return s.found
}

// Next goes to the next series.
func (s *laterSet) Next() bool { return s.set().Next() }

// At returns the current series.
func (s *laterSet) At() storage.Series { return s.set().At() }

// Err returns why the series could not be read.
func (s *laterSet) Err() error { return s.set().Err() }

// Warnings returns the warnings about the series.
func (s *laterSet) Warnings() annotations.Annotations { return s.set().Warnings() }
