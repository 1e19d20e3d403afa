package scrape

import (
	"container/heap"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
)

// finish queues a scrape that ended, and writes the scrapes that need not wait.
func (r *Recorder) finish(s *scrape, commit bool) error {
	err, gone := r.finished(s, commit)
	if gone && r.opts.Gone != nil {
		r.opts.Gone()
	}
	return err
}

// finished is finish under the lock. It reports whether the last target has gone, and
// closes the Recorder then.
func (r *Recorder) finished(s *scrape, commit bool) (err error, gone bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.inFlight, s)
	if !commit {
		s.src.rolledBack = s.begun
		s.release()
		return nil, false
	}
	s.reportDrops()
	// The loop of a target that went and came back says farewell when the next one has
	// scraped already. Times do not tell: the clock may have been set back.
	superseded := s.farewell && s.src.scraped != nil && s.src.scraped != s.target
	// If the target has left meanwhile, begin has made a source that has nothing to end.
	stray := s.farewell && s.src.scraped == nil && !r.opts.Alone && !slices.ContainsFunc(r.queue, func(q *scrape) bool { return q.src == s.src })
	if s.reported && !superseded && !stray && r.err == nil && !r.closed {
		heap.Push(&r.queue, s)
	} else {
		src := s.src
		s.release()
		if stray && r.opts.Gone != nil && !r.closed {
			r.leave(src)
		}
	}
	return r.drain(), r.departed()
}

// fail keeps the first error of the sink and sends it to Run.
func (r *Recorder) fail(err error) {
	if err != nil && r.err == nil {
		r.err = err
		r.failed <- err // has room for one
	}
}

// write puts a scrape into the sink. A panic there becomes an error of the sink, so that
// the recording ends with a message and the archive stays readable.
func (r *Recorder) write(s *scrape) {
	defer func() {
		if v := recover(); v != nil {
			r.fail(fmt.Errorf("writing a scrape of %s: %v\n%s", s.src.name, v, debug.Stack()))
		}
	}()
	defer s.release()
	r.stats.Scrapes++
	if s.health.Up == 0 {
		r.stats.Failed++
	}
	s.health.Err = r.secrets.error(s.health.Err)
	s.src.logState(s.health.Err)
	if r.stats.First.IsZero() {
		r.stats.First = time.UnixMilli(s.t)
	}
	before, _ := r.sink.Written()
	r.stats.Last = time.UnixMilli(s.t)
	s.src.scraped, s.src.farewell = s.target, s.farewell
	t := s.t
	if !r.any {
		r.goOn()
	}
	if r.any && t < r.last && r.turnsBack(t) {
		r.any = false
	}
	if r.any && t < r.last {
		t = r.last
		if !s.farewell {
			r.report.Add(prom.LossLate, s.src.name)
		}
	}
	earlier, later := s.takeTimed(t)
	r.putTimed(s.src, earlier)
	s.src.fill(s, t)
	r.put(t, s.src.mapped)
	r.putTimed(s.src, later)
	r.stats.Samples += int64(s.count)
	after, _ := r.sink.Written()
	s.src.growth.add(s.t, after-before)
	if s.farewell && r.opts.Gone != nil && !r.opts.Alone {
		r.leave(s.src)
	}
}

// turnsBack reports whether the sink takes a step that is earlier than the last one, because
// the clock was set back.
func (r *Recorder) turnsBack(t int64) bool {
	back, ok := r.sink.(interface{ Earlier(pcp.Timestamp) bool })
	return ok && back.Earlier(stamp(t))
}

func (r *Recorder) put(t int64, m *mapper.Source) {
	if r.err == nil {
		step := m.Step()
		if r.natives != nil {
			step.Metrics = r.natives.AppendTo(step.Metrics)
		}
		r.fail(r.sink.Put(step))
		r.last, r.any = t, true
	}
}

// Close writes the queued scrapes and closes the sink.
func (r *Recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.close()
}

func (r *Recorder) close() error {
	if r.closed {
		return r.err
	}
	r.closed = true
	for len(r.queue) > 0 && r.err == nil {
		r.write(heap.Pop(&r.queue).(*scrape))
	}
	err := errors.Join(r.err, r.sink.Close())
	for _, src := range r.sources {
		src.mapped.Release()
	}
	return err
}

// stamp converts a time of the scraper, in milliseconds.
func stamp(ms int64) pcp.Timestamp { return pcp.TimestampMilli(ms) }
