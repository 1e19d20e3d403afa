package registry

import (
	"math"

	"github.com/pcparchive/pcparchive/internal/fewmap"
)

// keepGone is the number of vanished instances that keep their numbers in any case.
const keepGone = 10_000

// goneList holds the instances that nobody uses, in the order in which they vanished.
type goneList struct {
	first, last *instance
	count       int
}

func (l *goneList) push(in *instance) {
	in.prev, in.next = l.last, nil
	if l.last == nil {
		l.first = in
	} else {
		l.last.next = in
	}
	l.last = in
	l.count++
}

func (l *goneList) remove(in *instance) {
	if in.prev == nil {
		l.first = in.next
	} else {
		in.prev.next = in.next
	}
	if in.next == nil {
		l.last = in.prev
	} else {
		in.next.prev = in.prev
	}
	in.prev, in.next = nil, nil
	l.count--
}

// use counts a user of an instance.
func (r *Registry) use(in *instance) {
	if in.refs++; in.refs > 1 {
		return
	}
	r.live++
	if in.since != 0 {
		r.gone.remove(in)
		in.since = 0
	}
}

// unuse ends a use of an instance.
func (r *Registry) unuse(in *instance) {
	if in.refs--; in.refs > 0 {
		return
	}
	r.live--
	in.shared = nil
	r.vanish(in, r.now())
	r.trim()
}

// vanish adds an instance to the list of those that nobody uses.
func (r *Registry) vanish(in *instance, now int64) {
	in.since = max(1, now)
	r.gone.push(in)
}

// trim forgets the instances that vanished first if there are too many.
func (r *Registry) trim() {
	for r.gone.count > max(keepGone, r.live) {
		r.forget(r.gone.first)
	}
}

// forget forgets an instance that nobody uses.
func (r *Registry) forget(in *instance) {
	r.gone.remove(in)
	in.metric.drop(in)
}

// dropInstances forgets the instances of a metric.
func (r *Registry) dropInstances(m *metric) {
	for in := range m.instances.All() {
		if in.since != 0 {
			r.gone.remove(in)
		} else if in.refs > 0 {
			r.live--
		}
	}
	m.instances, m.byNumber = fewmap.Map[*instance]{}, nil
}

// expired returns the time before which everything that vanished is forgotten.
func (r *Registry) expired() int64 {
	if r.opts.Retention <= 0 {
		return math.MinInt64
	}
	return r.now() - int64(r.opts.Retention.Seconds())
}

// Sweep forgets what vanished before the retention began. Call it now and then, such as
// once an hour.
func (r *Registry) Sweep() error {
	r.rewriting.Lock() // the records appended to a new file need their metrics before them
	defer r.rewriting.Unlock()
	r.mu.Lock()
	r.sweep()
	old := r.now()-r.written > writeEvery
	r.mu.Unlock()
	if !old {
		return nil
	}
	return r.rewrite()
}

// writeEvery is the time in seconds after which the file is written anew, so that it says
// what is in use.
const writeEvery = 24 * 60 * 60

func (r *Registry) sweep() {
	limit, now := r.expired(), r.now()
	r.dateBack(now)
	for in := r.gone.first; in != nil && in.since < limit; in = r.gone.first {
		r.forget(in)
	}
	for _, src := range r.sources {
		for at, m := range src.items {
			if m.refs == 0 && m.since != 0 && m.since < limit {
				src.drop(m)
				src.freed = append(src.freed, at)
				continue
			}
			m.byNumber = nil
			m.setMark(now, int64(r.opts.Retention.Seconds()))
		}
		if src.unused() && src.since != 0 && src.since < limit {
			r.dropSource(src)
		}
	}
}

// dateBack makes nothing vanish later than now. If the clock was ahead for a while, what
// vanished then, and all that follows it in the list, would be kept until the clock gets there.
func (r *Registry) dateBack(now int64) {
	r.written = min(r.written, now)
	now = max(1, now) // 0 means in use
	for in := r.gone.first; in != nil; in = in.next {
		in.since = min(in.since, now)
	}
	for _, src := range r.sources {
		src.since = min(src.since, now)
		for _, m := range src.items {
			m.since = min(m.since, now)
			for i := range m.marks {
				m.marks[i].time = min(m.marks[i].time, now)
			}
		}
	}
}
