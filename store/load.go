package store

import (
	"container/list"
	"sync"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/halt"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// item is an archive of a Set in one state. It is loaded when it is first needed.
// Several Sets may share an item.
type item struct {
	state *archive.State
	label *archive.Reader // the archive without metadata and index
	kept  *keeper

	reading halt.Work[*archive.Reader] // of the metadata

	loading sync.Mutex      // guards the fields below
	lent    *archive.Reader // the archive with metadata of a former state; nil once load has it
	fetched *archive.Reader // the archive with metadata that fetch read for load
	loadErr error           // why the metadata cannot be read
	tried   bool            // whether load was called
	leftOut bool            // whether load failed, so that Sets ignore the archive

	// The keeper's lock guards these fields.
	full    *archive.Reader // the archive with its metadata; nil if it must be loaded again
	place   *list.Element   // position in the keeper; nil if the keeper does not hold the archive
	retired bool            // a later state has replaced this one

	ends   sync.Mutex // guards the fields below
	found  bool       // whether end and endErr are set
	exact  bool       // whether end is the time of the last record and not just of the last index entry
	end    pcp.Timestamp
	slack  time.Duration // the archive has ended for certain so much later than end
	endErr error

	search halt.Work[struct{}] // for the end

	mu       sync.Mutex // guards the fields below
	problems []Problem
	reported map[string]bool // keys of problems, to list each once
}

// load returns an archive with its metadata, nil if it cannot be opened or if the error of
// stop ends the reading. It does not try again to open an archive that failed.
func (it *item) load(stop func() error) *archive.Reader {
	r := it.obtain(stop)
	it.loading.Lock()
	defer it.loading.Unlock()
	switch {
	case it.loadErr != nil && !it.leftOut:
		it.tried, it.leftOut = true, true
		it.report(Problem{Archive: it.label.Base(), Skipped: true, Err: it.loadErr})
	case r != nil:
		it.tried, it.fetched = true, nil
		r.Notify(func(err error) { it.report(Problem{Archive: it.label.Base(), Err: err}) })
	}
	return r
}

// fetch reads the metadata of an archive for a later load. It reports nothing, so that the
// problems of a Set do not depend on what was read ahead.
func (it *item) fetch(stop func() error) *archive.Reader {
	r := it.obtain(stop)
	it.loading.Lock()
	defer it.loading.Unlock()
	it.fetched = r
	return r
}

// forget releases what fetch has read.
func (it *item) forget() {
	it.loading.Lock()
	defer it.loading.Unlock()
	it.fetched = nil
}

// obtain returns an archive with its metadata, or nil as load does. Several share the reading
// of the metadata, which goes on as long as one of them waits for it.
func (it *item) obtain(stop func() error) *archive.Reader {
	if r, done := it.obtained(); done {
		return r
	}
	r, err := it.reading.Do(stop, it.read)
	if err != nil {
		return nil
	}
	return r
}

// obtained returns the archive if its metadata is there. done is false if it must be read.
func (it *item) obtained() (r *archive.Reader, done bool) {
	it.loading.Lock()
	defer it.loading.Unlock()
	if it.loadErr != nil {
		return nil, true
	}
	if r = it.kept.get(it); r == nil {
		r = it.fetched
	}
	if r == nil && it.lent != nil {
		r, it.lent = it.lent, nil
		it.kept.put(it, r)
	}
	return r, r != nil
}

// read reads the metadata unless another one did so meanwhile. The error of stop leaves no
// trace; any other error is why the archive is left out.
func (it *item) read(stop func() error) (*archive.Reader, error) {
	if r, done := it.obtained(); done {
		return r, nil
	}
	r, err := it.label.LoadUntil(stop)
	if err == nil {
		it.kept.put(it, r)
		return r, nil
	}
	if stopped := stop(); stopped != nil {
		return nil, stopped
	}
	it.loading.Lock()
	defer it.loading.Unlock()
	it.loadErr = err
	return nil, err
}

// report adds a problem unless it is listed.
func (it *item) report(p Problem) {
	it.mu.Lock()
	defer it.mu.Unlock()
	key := archive.DamageKey(p.Err)
	if it.reported[key] {
		return
	}
	if it.reported == nil {
		it.reported = map[string]bool{}
	}
	it.reported[key] = true
	it.problems = append(it.problems, p)
}

// readable reports whether an archive can be opened. It opens the archive if
// that was not tried before. If the error of stop ends that, the answer is no.
func (it *item) readable(stop func() error) bool {
	it.loading.Lock()
	tried, leftOut := it.tried, it.leftOut
	it.loading.Unlock()
	if tried {
		return !leftOut
	}
	return it.load(stop) != nil
}

// inUse reports whether the archive was opened or not yet tried.
func (it *item) inUse() bool {
	it.loading.Lock()
	defer it.loading.Unlock()
	return !it.leftOut
}

// keeper caches the metadata of the most recently used archives: up to limit
// bytes, and at least one archive. It counts descriptions that archives share once.
type keeper struct {
	limit int64

	mu    sync.Mutex
	used  int64
	order list.List // of *item, most recently used first
	users map[*meta.Descriptions]int
}

func (k *keeper) get(it *item) *archive.Reader {
	k.mu.Lock()
	defer k.mu.Unlock()
	if it.place != nil {
		k.order.MoveToFront(it.place)
	}
	return it.full
}

// put keeps the metadata of an archive, unless its state is a former one.
func (k *keeper) put(it *item, r *archive.Reader) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if it.retired {
		return
	}
	it.full, it.place = r, k.order.PushFront(it)
	k.count(r, 1)
	for k.used > k.limit && k.order.Len() > 1 {
		k.drop(k.order.Back().Value.(*item)).full = nil
	}
}

// retire no longer counts the metadata of an item that a later state has replaced.
// Queries that still use the item keep it alive.
func (k *keeper) retire(it *item) {
	k.mu.Lock()
	defer k.mu.Unlock()
	it.retired = true
	if it.place != nil {
		k.drop(it)
	}
}

// drop removes an item from the list of those with metadata.
func (k *keeper) drop(it *item) *item {
	k.order.Remove(it.place)
	it.place = nil
	k.count(it.full, -1)
	return it
}

// count adds an archive to those whose metadata is kept, or removes it if by is -1.
func (k *keeper) count(r *archive.Reader, by int) {
	d := r.Meta().Descriptions()
	before := k.users[d]
	if k.users == nil {
		k.users = map[*meta.Descriptions]int{}
	}
	k.users[d] += by
	size := r.MetadataSize() - r.DescriptionSize()
	if before == 0 || k.users[d] == 0 { // the first or the last user
		size += r.DescriptionSize()
	}
	if k.users[d] == 0 {
		delete(k.users, d)
	}
	k.used += int64(by) * size
}
