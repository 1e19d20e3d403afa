package overview

import (
	"context"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/promql"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/store"
)

// kind is the kind of entries in the folder. Another release may evaluate differently.
var kind = cachedir.Kind{Name: "overview", Version: 2, Derived: true}

// Options configure a [Cache]. The zero value of a field means its default.
type Options struct {
	// Rules are the rules. Nil means [Default].
	Rules *Table
	// Dir is the folder that keeps the tracks of closed archives. It may be nil.
	Dir *cachedir.Dir
	// MaxBytes is about the memory that tracks take between requests. Zero means
	// [DefaultMaxBytes].
	MaxBytes int64
}

// DefaultMaxBytes is the default of [Options].MaxBytes.
const DefaultMaxBytes = 64 << 20

// Cache makes the tracks of archives and keeps them. Several goroutines may use it.
type Cache struct {
	opts   Options
	engine *promql.Engine
	counts struct{ read, kept atomic.Int64 }

	mu      sync.Mutex
	entries map[string]*entry // by base path
	bytes   int64
}

// entry is what a Cache has of an archive.
type entry struct {
	base string
	turn chan struct{} // has room for the goroutine that makes the track
	used time.Time     // guarded by Cache.mu
	size int64         // guarded by Cache.mu

	// Guarded by turn:
	state   *archive.State
	track   *Track   // nil if it was not made for state
	reading *reading // can go on; nil if the archive is closed
	from    *archive.State
}

// New returns a Cache without tracks.
func New(o Options) *Cache {
	if o.Rules == nil {
		o.Rules = Default()
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	return &Cache{opts: o, engine: newEngine(), entries: map[string]*entry{}}
}

// Rules returns the rules.
func (c *Cache) Rules() *Table { return c.opts.Rules }

// Counts are numbers of tracks.
type Counts struct {
	Read int64 // archives were read for them
	Kept int64 // they were there
}

// Counts returns the numbers of tracks that were asked for so far.
func (c *Cache) Counts() Counts { return Counts{c.counts.read.Load(), c.counts.kept.Load()} }

// Bytes returns about the memory that the tracks take.
func (c *Cache) Bytes() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}

// Track returns the track of an archive of a Set. last says that the archive is the last of
// its host. The track is nil if the archive cannot be opened.
func (c *Cache) Track(ctx context.Context, set *store.Set, a store.Archive, last bool) (*Track, error) {
	e := c.entry(a.Base)
	select {
	case e.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-e.turn }()
	if e.state == a.State && e.track != nil {
		c.counts.kept.Add(1)
		return e.track, nil
	}
	closed := columns.Closed(a, last)
	key := cachedir.Key("")
	if c.opts.Dir != nil && closed {
		key = cachedir.DerivedKey([]byte(kind.Name), []byte(c.opts.Dir.KeyOf(a.State.Files)), c.opts.Rules.text)
		if t := c.load(key); t != nil {
			c.counts.kept.Add(1)
			e.state, e.track, e.reading = a.State, t, nil
			c.note(e)
			return t, nil
		}
	}
	t, err := c.make(ctx, e, set, a)
	if err == nil && t != nil {
		c.counts.read.Add(1)
		if closed {
			e.reading = nil
			c.keep(key, t)
		}
	}
	c.note(e)
	return t, err
}

// entry returns the entry of an archive.
func (c *Cache) entry(base string) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[base]
	if e == nil {
		e = &entry{base: base, turn: make(chan struct{}, 1)}
		c.entries[base] = e
	}
	e.used = time.Now()
	return e
}

// make reads an archive, or goes on reading it.
func (c *Cache) make(ctx context.Context, e *entry, set *store.Set, a store.Archive) (*Track, error) {
	r := set.Reader(a.Base)
	if r == nil {
		return nil, nil
	}
	if e.reading == nil || e.from != a.State && !a.State.Grew(e.from) {
		e.reading = &reading{evaluator: newEvaluator(c.opts.Rules, c.engine, lengthOf(r))}
	}
	e.from, e.state, e.track = a.State, nil, nil
	if err := e.reading.read(ctx, r); err != nil {
		return nil, err
	}
	t, err := e.reading.finish(ctx)
	if err != nil {
		return nil, err
	}
	e.state, e.track = a.State, t
	return t, nil
}

// load returns a track of the folder, or nil.
func (c *Cache) load(key cachedir.Key) *Track {
	raw, err := c.opts.Dir.Read(key, kind)
	if err != nil {
		return nil
	}
	t, err := decodeTrack(raw, c.opts.Rules)
	if err != nil {
		_ = c.opts.Dir.Damaged(key, kind, err.Error()) // the entry is made again
		return nil
	}
	return t
}

// keep writes a track into the folder. An error costs only time; Dir.Fault has it.
func (c *Cache) keep(key cachedir.Key, t *Track) {
	_ = c.opts.Dir.Put(key, kind, func(w io.Writer) error {
		_, err := w.Write(t.encode())
		return err
	})
}

// note counts the memory of an entry, and forgets the entries that were not used for the
// longest time if all take too much. The caller has the entry's turn.
func (c *Cache) note(e *entry) {
	size := int64(300)
	if e.track != nil {
		size += e.track.size()
	}
	if e.reading != nil {
		size += e.reading.size()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries[e.base] != e {
		return // it was forgotten in the meantime
	}
	c.bytes += size - e.size
	e.size = size
	if c.bytes > c.opts.MaxBytes {
		c.evict(e)
	}
}

// evict forgets entries, but not one that is in use. The caller holds mu.
func (c *Cache) evict(inUse *entry) {
	bases := make([]string, 0, len(c.entries))
	for base := range c.entries {
		bases = append(bases, base)
	}
	slices.SortFunc(bases, func(a, b string) int { return c.entries[a].used.Compare(c.entries[b].used) })
	for _, base := range bases {
		if c.bytes <= c.opts.MaxBytes*9/10 {
			return
		}
		if e := c.entries[base]; e != inUse {
			c.bytes -= e.size
			e.size = 0
			delete(c.entries, base)
		}
	}
}
