package pmapi

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/serve/exporter"
	"github.com/pcparchive/pcparchive/store"
)

// clientContext is a context of a client.
type clientContext struct {
	id      uint32
	host    string
	archive string        // base path; "" for all archives of the host
	at      pcp.Timestamp // the instant, in the times of clients; counts only if fixed is set
	fixed   bool
	poll    time.Duration

	// The lock of contexts guards these fields.
	expires time.Time
	due     time.Time // position in the heap; not after expires
	index   int

	mu      sync.Mutex // guards the fields below
	profile profile
	derived []*derivedMetric
	size    int // of profile and derived, in bytes
}

// The times after which a context expires without requests.
const (
	defaultPoll = 5 * time.Second
	longestPoll = 24 * time.Hour
)

// contexts are the contexts of all clients.
type contexts struct {
	limit int

	mu   sync.Mutex // guards the fields below
	byID map[uint32]*clientContext
	soon expiring
	size int // of the profiles and derived metrics of all contexts, in bytes
}

// add adds a context and removes those that have expired. If there are too many, it removes
// the one that expires first.
func (c *contexts) add(x *clientContext, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire(now)
	for len(c.byID) >= c.limit {
		c.remove(c.first())
	}
	for x.id == 0 || c.byID[x.id] != nil {
		x.id = rand.Uint32() >> 1
	}
	x.expires = now.Add(x.poll)
	x.due = x.expires
	c.byID[x.id] = x
	heap.Push(&c.soon, x)
}

// get returns the context with a number and notes its use, nil if there is none.
func (c *contexts) get(id uint32, now time.Time) *clientContext {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire(now)
	x := c.byID[id]
	if x != nil {
		x.expires = now.Add(x.poll)
	}
	return x
}

// count returns the number of contexts.
func (c *contexts) count(now time.Time) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire(now)
	return len(c.byID)
}

// expire removes the contexts that have expired.
func (c *contexts) expire(now time.Time) {
	for len(c.soon) > 0 && !c.first().expires.After(now) {
		c.remove(c.soon[0])
	}
}

// first returns the context that expires first.
func (c *contexts) first() *clientContext {
	for c.soon[0].due.Before(c.soon[0].expires) { // used since
		c.soon[0].due = c.soon[0].expires
		heap.Fix(&c.soon, 0)
	}
	return c.soon[0]
}

func (c *contexts) remove(x *clientContext) {
	heap.Remove(&c.soon, x.index)
	delete(c.byID, x.id)
	x.mu.Lock()
	c.size -= x.size
	x.size = 0
	x.mu.Unlock()
}

// maxSize is the largest size in bytes of the profiles and derived metrics of all contexts.
const maxSize = 64 << 20

// grow notes that a context takes more memory. It returns false if there is none left. The
// caller holds the context's lock only after the call.
func (c *contexts) grow(x *clientContext, by int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.size+by > maxSize || c.byID[x.id] != x {
		return false
	}
	c.size += by
	x.mu.Lock()
	x.size += by
	x.mu.Unlock()
	return true
}

// expiring is a heap of contexts by due.
type expiring []*clientContext

// Len returns the number of contexts.
func (e expiring) Len() int { return len(e) }

// Less compares two contexts.
func (e expiring) Less(i, j int) bool { return e[i].due.Before(e[j].due) }

// Swap swaps two contexts.
func (e expiring) Swap(i, j int) {
	e[i], e[j] = e[j], e[i]
	e[i].index, e[j].index = i, j
}

// Push appends a context.
func (e *expiring) Push(x any) {
	c := x.(*clientContext)
	c.index = len(*e)
	*e = append(*e, c)
}

// Pop removes the last context.
func (e *expiring) Pop() any {
	all := *e
	last := all[len(all)-1]
	all[len(all)-1] = nil
	*e = all[:len(all)-1]
	return last
}

// Contexts returns the number of contexts.
func (a *API) Contexts() int { return a.contexts.count(a.opts.Now()) }

// open finds the context of a request, or makes one.
func (x *request) open() (err error) {
	if x.number == "" {
		x.ctx, err = x.create()
		return err
	}
	id, err := strconv.ParseUint(x.number, 10, 32)
	if err != nil {
		return exporter.Refusal("invalid context identifier: %s", x.number)
	}
	if x.ctx = x.api.contexts.get(uint32(id), x.api.opts.Now()); x.ctx == nil {
		return exporter.Refusal("unknown context identifier: %d", id)
	}
	return nil
}

// create makes a context.
func (x *request) create() (*clientContext, error) {
	c := &clientContext{poll: defaultPoll}
	if text := x.form.Get("polltimeout"); text != "" {
		seconds, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(seconds) {
			return nil, exporter.Refusal("invalid timeout requested in polltime")
		}
		c.poll = longestPoll
		if seconds < longestPoll.Seconds() {
			c.poll = max(time.Duration(seconds*float64(time.Second)), 0)
		}
	}
	set, err := x.choose()
	if err != nil {
		return nil, err
	}
	c.host = set.Host()
	if name := x.form.Get("archive"); name != "" {
		if set, c.archive, err = findArchive(x.view, x.form, name); err != nil {
			return nil, err
		}
		c.host = set.Host()
	}
	if x.form.Get("time") != "" {
		t, err := exporter.ParseTime(x.view, []*store.Set{set.Until(x.r.Context().Err)}, x.form, x.api.opts.Now())
		if err != nil {
			return nil, err
		}
		c.at, c.fixed = x.view.Forth(t), true
	}
	x.api.contexts.add(c, x.api.opts.Now())
	return c, nil
}

// choose returns the archives of the host that a request names, or of the only host.
func (x *request) choose() (*store.Set, error) {
	spec := exporter.First(x.form, "hostspec", "hostname", "host")
	if spec == "" && x.form.Get("archive") != "" && len(x.view.Sets) > 0 {
		return x.view.Sets[0], nil // the archive decides
	}
	if spec == "" {
		spec = "localhost"
	}
	return exporter.Host(x.view, spec)
}

// subject returns what the context of a request reads, and the instant.
func (x *request) subject() (instant.Subject, pcp.Timestamp, error) {
	for _, set := range x.view.Sets {
		if set.Host() != x.ctx.host {
			continue
		}
		s := instant.Host(set)
		if x.ctx.archive != "" {
			s = instant.Archive(set, x.ctx.archive)
		}
		t := x.view.Instant()
		if x.ctx.fixed {
			t = x.view.Back(x.ctx.at)
		}
		if x.form.Get("time") == "" {
			return s, t, nil
		}
		t, err := exporter.ParseTime(x.view, []*store.Set{set.Until(x.r.Context().Err)}, x.form, x.api.opts.Now())
		return s, t, err
	}
	return instant.Subject{}, pcp.Timestamp{}, exporter.Refusal("cannot use existing context: no archives of host %s any more", x.ctx.host)
}
