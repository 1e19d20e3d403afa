package columns

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/internal/defect"
	"github.com/pcparchive/pcparchive/store"
)

// Filler reads the columns of closed archives in the background, the newest first, until
// all are kept or the cache is full. It leaves most of the time to others.
type Filler struct {
	cache *Cache
	share float64

	mu      sync.Mutex
	sets    []*store.Set
	changed chan struct{}         // has a value if sets are new
	done    map[cachedir.Key]bool // archives that need no more work
}

// DefaultShare is the part of a processor's time that a Filler uses.
const DefaultShare = 0.25

// NewFiller returns a Filler for a cache. share is the part of a processor's time that it
// uses, above 0 and at most 1; zero means [DefaultShare].
func NewFiller(c *Cache, share float64) *Filler {
	if share <= 0 || share > 1 {
		share = DefaultShare
	}
	return &Filler{cache: c, share: share, changed: make(chan struct{}, 1), done: map[cachedir.Key]bool{}}
}

// Follow tells the Filler the archives of now, in place of those it knew.
func (f *Filler) Follow(sets []*store.Set) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sets = sets
	select {
	case f.changed <- struct{}{}:
	default: // Run has not yet seen the former change
	}
}

// Run works until ctx ends. What it cannot read or write costs only time: [cachedir.Dir.Damage]
// and [cachedir.Dir.Fault] name it.
func (f *Filler) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.changed:
		}
		f.mu.Lock()
		sets := f.sets
		f.mu.Unlock()
		f.fill(ctx, sets)
	}
}

// candidate is an archive whose columns may be missing.
type candidate struct {
	store.Archive
	set *store.Set
	key cachedir.Key
}

// fill reads the columns that are missing. It ends early when there are new archives.
func (f *Filler) fill(ctx context.Context, sets []*store.Set) {
	if f.cache == nil {
		return
	}
	for _, c := range f.candidates(sets) {
		if ctx.Err() != nil || len(f.changed) > 0 {
			return
		}
		if f.has(c.key) {
			continue
		}
		if f.cache.dir.Room() < expectedSize(c.State) {
			return // the newest are there, and reading more would remove them
		}
		failed := defect.Catch(func() { f.done[c.key] = f.read(ctx, c) })
		if failed != nil { // it would fail again
			f.cache.dir.Report(fmt.Errorf("%s: %w", c.Base, failed))
			f.done[c.key] = true
		}
	}
}

// candidates lists the closed archives that need work, the newest first.
func (f *Filler) candidates(sets []*store.Set) (all []candidate) {
	now := map[cachedir.Key]bool{}
	for _, set := range sets {
		archives := set.Archives()
		for i, a := range archives {
			if !Closed(a, i+1 == len(archives)) {
				continue
			}
			key := f.cache.Key(a.State)
			if now[key] = f.done[key]; !now[key] {
				all = append(all, candidate{a, set, key})
			}
		}
	}
	f.done = now // forgets archives that are gone
	slices.SortStableFunc(all, func(a, b candidate) int { return b.Header.Start.Compare(a.Header.Start) })
	return all
}

// has reports whether an entry needs no more work, and remembers it.
func (f *Filler) has(key cachedir.Key) bool {
	en := f.cache.Get(key)
	if en == nil {
		return false
	}
	defer en.Close()
	f.done[key] = en.Whole
	return en.Whole
}

// read reads the columns of an archive and keeps them. It returns false if it was not
// possible now.
func (f *Filler) read(ctx context.Context, c candidate) bool {
	lock, err := f.cache.dir.Lock(c.key, kind)
	if err != nil {
		return false // another process reads it
	}
	defer func() { _ = lock.Release() }() // the process holds it no longer either way
	p := &pacer{share: f.share, since: time.Now()}
	r, err := c.set.Open(c.Base)
	if err != nil {
		return true // nobody can read it
	}
	b, err := f.cache.Read(ctx, r, Options{TempDir: f.cache.dir.Path(), Pause: p.pause})
	if err != nil {
		return false
	}
	err = f.cache.Put(c.key, b)
	_ = b.Close() // a temporary file without a name
	_ = p.pause(ctx)
	return err == nil
}

// expectedSize returns how many bytes the entry of an archive takes at most, as a rule.
func expectedSize(s *archive.State) (n int64) {
	for path, info := range s.Files {
		switch {
		case isPlainVolume(path):
			n += info.Size() / 4
		default: // perhaps compressed
			n += info.Size()
		}
	}
	return n
}

// pacer keeps work to a part of the time.
type pacer struct {
	share float64
	since time.Time
}

// atOnce is how long a pacer lets work go on at once.
const atOnce = 5 * time.Millisecond

// pause sleeps if there was enough work. The error is that of ctx.
func (p *pacer) pause(ctx context.Context) error {
	worked := time.Since(p.since)
	if worked < atOnce || p.share == 1 {
		return nil
	}
	rest := time.NewTimer(min(time.Duration(float64(worked)*(1/p.share-1)), time.Second))
	defer rest.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-rest.C:
	}
	p.since = time.Now()
	return nil
}
