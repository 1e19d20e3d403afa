package catalogue

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"runtime"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/internal/defect"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// archived is an archive of a Set with the part that describes it.
type archived struct {
	set  *store.Set
	host *host
	store.Archive
	key  cachedir.Key
	part *part
}

// within returns the archives of a host that may hold data between two times. It may return
// more if the error of stop, which may be nil, ends the search.
func (v *View) within(i int, from, to pcp.Timestamp, stop func() error) []archived {
	return v.parts(i, v.sets[i].Until(stop).Within(from, to))
}

// parts finds or adds the parts of archives of a host.
func (v *View) parts(i int, found []store.Archive) []archived {
	all := make([]archived, len(found))
	v.known.Lock()
	defer v.known.Unlock()
	for j, a := range found {
		known, ok := v.archives[a.State]
		if !ok {
			known = archived{set: v.sets[i], host: v.hosts[i], Archive: a, key: v.c.key(a)}
			known.part = v.t.part(known.key)
			v.archives[a.State] = known
		}
		all[j] = known
	}
	return all
}

// part finds or adds the part with a key.
func (t *tables) part(key cachedir.Key) *part {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.parts[key]
	if p == nil {
		p = &part{loading: make(chan struct{}, 1)}
		t.parts[key] = p
	}
	return p
}

// key returns the key of an archive's metadata file in the state that its Set reads.
func (c *Catalogue) key(a store.Archive) cachedir.Key {
	return c.files.KeyOf(func(yield func(string, fs.FileInfo) bool) {
		for path, info := range a.State.Files {
			if strings.HasPrefix(path, a.Base+".meta") && !yield(path, info) {
				return
			}
		}
	})
}

// load reads the archives that no earlier call has read, several at a time. It returns soon
// after ctx has ended.
func (v *View) load(ctx context.Context, needed [][]archived) error {
	var jobs []archived
	v.t.mu.RLock()
	for _, all := range needed {
		for _, a := range all {
			if !a.part.loaded {
				jobs = append(jobs, a)
			}
		}
	}
	v.t.mu.RUnlock()
	if len(jobs) == 0 {
		return ctx.Err()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queue, done := make(chan archived, len(jobs)), make(chan *defect.Error, 1)
	for _, j := range jobs {
		queue <- j
	}
	close(queue)
	var workers defect.Group
	for range min(len(jobs), cmp.Or(v.c.opts.Workers, runtime.GOMAXPROCS(0))) {
		workers.Go(func() {
			memo := newHashes()
			for j := range queue {
				v.loadPart(ctx, j, memo)
			}
		})
	}
	go func() { done <- workers.Join() }()
	select {
	case failed := <-done:
		failed.Raise()
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err() // the workers end at their next archive
	}
}

// loadPart reads an archive, unless another goroutine reads it or has read it. It does
// nothing if ctx ends.
func (v *View) loadPart(ctx context.Context, a archived, memo *hashes) {
	select {
	case <-ctx.Done():
		return
	case a.part.loading <- struct{}{}:
	}
	defer func() { <-a.part.loading }()
	v.t.mu.RLock()
	loaded := a.part.loaded
	v.t.mu.RUnlock()
	if !loaded && ctx.Err() == nil && !v.recall(a) {
		v.derive(ctx, a, memo)
	}
}

// recall reads the description of an archive from the cache folder. It returns false if the
// folder has none, or only a damaged one.
func (v *View) recall(a archived) bool {
	f, err := v.openEntry(a.key, a.Header)
	if err != nil {
		return false
	}
	defer f.Close()
	groups := make([]*group, len(f.groups))
	for i := range f.groups {
		if groups[i], err = v.recallGroup(a.host, f, &f.groups[i]); err != nil {
			return false
		}
	}
	v.t.finish(a.part, groups, f.claims, true)
	return true
}

// few is the number of archives up to which it is acceptable that a Set, too, keeps their
// metadata in memory.
const few = 8

// open opens an archive. It returns nil if ctx ends or if the archive cannot be opened; the
// Set lists why.
func (a *archived) open(ctx context.Context) *archive.Reader {
	set := a.set.Until(ctx.Err)
	if len(set.Archives()) > few {
		if r, err := set.Open(a.Base); err == nil && len(r.Warnings()) == 0 {
			return r
		}
	}
	return set.Reader(a.Base)
}

// derive derives the description of an archive from its metadata, and stores it in the cache
// folder. It does not store the description of damaged metadata, so that each use reads the
// metadata and reports the damage.
func (v *View) derive(ctx context.Context, a archived, memo *hashes) {
	r := a.open(ctx)
	if ctx.Err() != nil {
		return // the next question reads the archive
	}
	if r == nil {
		v.t.finish(a.part, nil, flatten.Claims{}, false)
		return
	}
	d := newDeriver(r, memo)
	sources, err := d.groups(ctx)
	if err != nil {
		return
	}
	groups := make([]*group, len(sources))
	for i, all := range sources {
		if ctx.Err() != nil {
			return
		}
		groups[i] = v.t.deriveGroup(a.host, d, all)
	}
	claims := flatten.ClaimsOf(r.Header().Host, r.Meta())
	sound := len(r.Warnings()) == 0
	v.t.finish(a.part, groups, claims, sound)
	if sound {
		v.keep(a.key, r.Header(), groups, claims)
	}
}

// deriveGroup finds or adds the group of some metrics.
func (t *tables) deriveGroup(h *host, d *deriver, all []*source) *group {
	hash := hashGroup(all)
	t.mu.RLock()
	g := t.groups[hash]
	missing, before := make([]bool, len(all)), make([]*knownSeries, len(all))
	for i, s := range all {
		if g != nil {
			break
		}
		missing[i] = t.metrics[s.hash] == nil
		before[i] = h.series[s.desc.PMID]
	}
	t.mu.RUnlock()
	if g != nil {
		return g
	}
	found := make([]*description, len(all))
	for i, s := range all {
		if missing[i] {
			found[i] = d.describe(s, before[i])
		} else {
			found[i] = &description{hash: s.hash}
		}
	}
	return t.addGroup(h, hash, "", found)
}

// addGroup adds a group and those of its metrics that the catalogue lacks. For the other
// metrics the hash of the description suffices.
func (t *tables) addGroup(h *host, hash digest, holder cachedir.Key, all []*description) *group {
	t.mu.Lock()
	defer t.mu.Unlock()
	if g := t.groups[hash]; g != nil {
		return g
	}
	g := &group{hash: hash, holder: holder, metrics: make([]*Metric, len(all))}
	for i, d := range all {
		g.metrics[i] = t.metric(h, d)
	}
	t.groups[hash] = g
	return g
}

// finish stores the description of an archive in its part.
func (t *tables) finish(p *part, groups []*group, claims flatten.Claims, sound bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := fmt.Sprintf("%q", claims)
	if t.claims[text] == nil {
		t.claims[text] = &claims
	}
	p.groups, p.claims, p.loaded, p.sound = groups, t.claims[text], true, sound
}

// clashes returns the names that several hosts use in archives. The caller holds t.mu.
func (v *View) clashes(needed [][]archived) *flatten.HostClashes {
	if len(v.hosts) < 2 {
		return nil
	}
	return flatten.ClashesOf(func(yield func(string, flatten.Claims) bool) {
		for i, all := range needed {
			var before *flatten.Claims
			for _, a := range all {
				if a.part.claims == before {
					continue
				}
				before = a.part.claims
				if !yield(v.hosts[i].name, *before) {
					return
				}
			}
		}
	})
}
