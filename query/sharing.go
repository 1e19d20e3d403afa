package query

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/defect"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// readings lets selections share passes over the volumes of a host: those of one query, and
// those of queries that arrive at about the same time.
type readings struct {
	set    *store.Set
	gather time.Duration // how long a pass waits for selections that nobody expects
	// patience is how long a pass waits for an expected selection that still makes its plan.
	patience time.Duration

	mu       sync.Mutex
	expected int                           // selections that may soon join
	forming  map[pcp.Timestamp]*sharedPass // by the end of the time to read
}

// usualPatience is the patience of readings.
const usualPatience = 50 * time.Millisecond

// expected is a selection that may soon join a pass.
type expected struct {
	of    *readings
	ended bool // guarded by the lock of the readings
}

// expect says that a selection may soon join a pass.
func (r *readings) expect() *expected {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expected++
	return &expected{of: r}
}

// end says that nobody needs to wait for the selection any more. x may be nil.
func (x *expected) end() {
	if x != nil {
		x.of.mu.Lock()
		defer x.of.mu.Unlock()
		x.of.came(x)
	}
}

// came is end with the lock held.
func (r *readings) came(x *expected) {
	if x == nil || x.ended {
		return
	}
	x.ended = true
	r.expected--
	for _, p := range r.forming {
		select {
		case p.wake <- struct{}{}:
		default: // it is awake
		}
	}
}

// sharedPass is a pass for several selections.
type sharedPass struct {
	of      *readings
	to      pcp.Timestamp
	began   time.Time
	wake    chan struct{}
	members []*member
	last    pcp.Timestamp // time of the step before
}

// join takes part in a pass of q, whose steps go to take. done is false if there is nobody
// to share it with, so that the caller reads by itself.
func (r *readings) join(ctx context.Context, x *expected, q history.Query, take func(*history.Step) error) (done bool, err error) {
	if r == nil {
		return false, nil
	}
	r.mu.Lock()
	r.came(x)
	p := r.forming[q.To]
	if p == nil && r.expected == 0 && r.gather == 0 {
		r.mu.Unlock()
		return false, nil
	}
	if p == nil {
		p = &sharedPass{of: r, to: q.To, began: time.Now(), wake: make(chan struct{}, 1)}
		if r.forming == nil {
			r.forming = map[pcp.Timestamp]*sharedPass{}
		}
		r.forming[q.To] = p
		go p.run()
	}
	m := &member{q: q, take: take, result: make(chan error, 1), wants: map[*meta.Desc]bool{}, parts: map[*history.Shape]*history.Step{}}
	p.members = append(p.members, m)
	r.mu.Unlock()
	select {
	case err = <-m.result:
	case <-ctx.Done():
		m.leave(nil)
		return true, ctx.Err()
	}
	var failed *defect.Error
	if errors.As(err, &failed) {
		failed.Raise() // who recovers names the query
	}
	return !m.alone, err
}

// errDeserted ends a pass that nobody needs any more.
var errDeserted = errors.New("no selection reads any more")

// run waits for members and reads for them.
func (p *sharedPass) run() {
	err := defect.Guard(func() error {
		p.wait()
		if len(p.members) == 1 {
			p.members[0].alone = true
			return nil
		}
		return p.read()
	})
	for _, m := range p.members {
		m.leave(err)
	}
}

// wait waits until no selection is expected, and then closes the pass for others.
func (p *sharedPass) wait() {
	r := p.of
	for {
		r.mu.Lock()
		passed := time.Since(p.began)
		rest := r.patience - passed
		if r.expected == 0 {
			rest = r.gather - passed
		}
		if rest <= 0 {
			delete(r.forming, p.to)
			r.mu.Unlock()
			return
		}
		r.mu.Unlock()
		timer := time.NewTimer(rest)
		select {
		case <-p.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// read reads once what all members need.
func (p *sharedPass) read() error {
	q, counters := p.query()
	var counted int64
	for step, err := range p.of.set.Steps(q) {
		if n := q.Read.Load(); n > counted {
			for _, c := range counters {
				c.Add(n - counted)
			}
			counted = n
		}
		if err != nil {
			return err
		}
		for _, m := range p.members {
			m.put(step, p.last)
		}
		p.last = step.Stamp
	}
	return nil
}

// query returns a query for all that the members ask for, and the counters of the bytes that
// they read.
func (p *sharedPass) query() (q history.Query, counters []*atomic.Int64) {
	q = history.Query{From: p.members[0].q.From, To: p.to, All: true, Read: &atomic.Int64{}, PMIDs: []pcp.PMID{}}
	for _, m := range p.members {
		if m.q.From.Before(q.From) {
			q.From = m.q.From
		}
		q.PMIDs = append(q.PMIDs, m.q.PMIDs...)
		if !slices.Contains(counters, m.q.Read) {
			counters = append(counters, m.q.Read)
		}
	}
	slices.Sort(q.PMIDs)
	q.PMIDs = slices.Compact(q.PMIDs)
	q.Metrics = func(d *meta.Desc) bool {
		return slices.ContainsFunc(p.members, func(m *member) bool { return m.q.Metrics(d) })
	}
	q.Stop = func() error {
		if slices.ContainsFunc(p.members, (*member).present) {
			return nil
		}
		return errDeserted
	}
	return q, counters
}
