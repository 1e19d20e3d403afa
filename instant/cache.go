package instant

import (
	"cmp"
	"container/list"
	"context"
	"sync"
	"sync/atomic"

	"github.com/pcparchive/pcparchive/pcp"
)

// Options configure a Cache. The zero value is the default.
type Options struct {
	// MaxBytes is about the size of what the Cache keeps. Zero means DefaultMaxBytes.
	MaxBytes int64
	// MaxValues is the largest number of values that a reading may meet. Zero means
	// DefaultMaxValues.
	MaxValues int
	// Concurrency is the number of readings at once. Zero means DefaultConcurrency.
	Concurrency int
}

// The defaults of [Options].
const (
	DefaultMaxBytes  = 128 << 20
	DefaultMaxValues = 5_000_000

	DefaultConcurrency = 4
)

// Cache reads values at instants and keeps them. Several goroutines may use it.
type Cache struct {
	opts Options
	gate chan struct{} // has a place for each reading

	readings, hits atomic.Int64

	mu    sync.Mutex // guards the fields below, and the fields of lanes that say so
	lanes map[subjectKey]*lane
	used  list.List // of *lane, most recently used first
	size  int64
}

// NewCache returns an empty Cache.
func NewCache(o Options) *Cache {
	o.MaxBytes = cmp.Or(o.MaxBytes, DefaultMaxBytes)
	o.MaxValues = cmp.Or(o.MaxValues, DefaultMaxValues)
	o.Concurrency = cmp.Or(o.Concurrency, DefaultConcurrency)
	return &Cache{opts: o, gate: make(chan struct{}, o.Concurrency), lanes: map[subjectKey]*lane{}}
}

// nothing is the content of no metrics.
var nothing = &content{}

// Counts are the numbers of readings of archives and of answers without one.
type Counts struct{ Readings, Hits int64 }

// Counts returns how often the Cache has read archives so far, and how often it had the
// answer.
func (c *Cache) Counts() Counts { return Counts{c.readings.Load(), c.hits.Load()} }

// Bytes returns about the size of what the Cache keeps.
func (c *Cache) Bytes() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.size
}

// At returns the values of metrics of a Subject at an instant. Nil ids stand for all
// metrics. Equal questions at the same time share one reading. The error is that of the
// context or a [*TooManyError]: damage costs the values that cannot be read.
func (c *Cache) At(ctx context.Context, s Subject, t pcp.Timestamp, ids []pcp.PMID) (*Values, error) {
	if s.set == nil || ids != nil && len(ids) == 0 {
		return newValues(nothing, nil), ctx.Err()
	}
	l := c.lane(s.key())
	q := &question{s: s.until(ctx.Err), archives: s.archives(), t: t, ids: ids}
	for {
		if v := c.kept(l, q); v != nil {
			c.hits.Add(1)
			return v, nil
		}
		select {
		case l.reading <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		v, err := c.read(ctx, l, q)
		<-l.reading
		if v != nil || err != nil {
			return v, err
		}
	}
}

// lane returns the lane of a Subject and notes its use.
func (c *Cache) lane(key subjectKey) *lane {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lanes[key]
	if l == nil {
		l = &lane{key: key, reading: make(chan struct{}, 1)}
		c.lanes[key] = l
	}
	if l.place == nil {
		l.place = c.used.PushFront(l)
	}
	c.used.MoveToFront(l.place)
	return l
}

// kept returns the answer to a question if the lane has it, else nil.
func (c *Cache) kept(l *lane, q *question) *Values {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !sameState(l.archives, q.archives) {
		return nil
	}
	if e := l.at(q.t); e != nil {
		return e.answer(q.ids)
	}
	return nil
}

// read answers a question from archives. It returns nil if another reading has answered
// it meanwhile. The caller has the lane's token.
func (c *Cache) read(ctx context.Context, l *lane, q *question) (*Values, error) {
	if c.kept(l, q) != nil {
		return nil, nil // counted as a hit by the caller
	}
	c.mu.Lock()
	current := l.follow(q.archives)
	p := l.plan(q)
	c.mu.Unlock()
	select {
	case c.gate <- struct{}{}:
		defer func() { <-c.gate }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	c.readings.Add(1)
	r := &reading{ctx: ctx, s: q.s, t: q.t, limit: c.opts.MaxValues}
	e, err := p.run(r)
	if err = cmp.Or(err, ctx.Err()); err != nil {
		return nil, err
	}
	if current {
		c.mu.Lock()
		l.keep(p.replaces, e)
		c.trim(l)
		c.mu.Unlock()
	}
	return e.answer(q.ids), nil
}

// trim counts the size of a lane anew and forgets lanes that were not used for a while.
func (c *Cache) trim(changed *lane) {
	size := changed.measure()
	if changed.place != nil {
		c.size += size - changed.size
	}
	changed.size = size
	for c.size > c.opts.MaxBytes && c.used.Len() > 1 {
		last := c.used.Back().Value.(*lane)
		c.used.Remove(last.place)
		last.place = nil
		delete(c.lanes, last.key)
		c.size -= last.size
	}
}
