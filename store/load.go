package store

import (
	"container/list"
	"sync"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// item is an archive of a Set.
type item struct {
	label *archive.Reader // without metadata and index

	loading sync.Mutex
	full    *archive.Reader // of the keeper; nil: not loaded
	place   *list.Element   // likewise
	tried   bool            // load was called
	leftOut bool            // load failed: the Set has no such archive

	mu     sync.Mutex // of what follows
	found  bool       // end is
	exact  bool       // end is not only what the index says
	end    pcp.Timestamp
	endErr error
}

// load returns an archive with its metadata, nil if it cannot be opened. An
// archive that could not be opened once stays left out.
func (s *Set) load(it *item) *archive.Reader {
	it.loading.Lock() // others are not held up
	defer it.loading.Unlock()
	if it.leftOut {
		return nil
	}
	if r := s.kept.get(it); r != nil {
		return r
	}
	it.tried = true
	r, err := archive.Open(it.label.Base(), s.opts)
	if err != nil {
		it.leftOut = true
		s.name(Problem{Archive: it.label.Base(), Skipped: true, Err: err})
		return nil
	}
	r.Notify(func(err error) { s.name(Problem{Archive: it.label.Base(), Err: err}) })
	s.kept.put(it, r)
	return r
}

// readable reports whether an archive can be opened, and tries if nobody has.
func (s *Set) readable(it *item) bool {
	it.loading.Lock()
	tried, leftOut := it.tried, it.leftOut
	it.loading.Unlock()
	if tried {
		return !leftOut
	}
	return s.load(it) != nil
}

// inUse reports whether an archive is not known to be left out.
func (it *item) inUse() bool {
	it.loading.Lock()
	defer it.loading.Unlock()
	return !it.leftOut
}

// keeper keeps the metadata of the archives used last, up to limit bytes and at
// least of one.
type keeper struct {
	limit int64

	mu    sync.Mutex
	used  int64
	order list.List // of *item, used last first
}

func (k *keeper) get(it *item) *archive.Reader {
	k.mu.Lock()
	defer k.mu.Unlock()
	if it.full != nil {
		k.order.MoveToFront(it.place)
	}
	return it.full
}

func (k *keeper) put(it *item, r *archive.Reader) {
	k.mu.Lock()
	defer k.mu.Unlock()
	it.full, it.place = r, k.order.PushFront(it)
	k.used += r.MetadataSize()
	for k.used > k.limit && k.order.Len() > 1 {
		old := k.order.Remove(k.order.Back()).(*item)
		k.used -= old.full.MetadataSize()
		old.full = nil
	}
}

// lastTime returns the time of the last whole record.
func (it *item) lastTime() (pcp.Timestamp, error) { return it.findEnd(true) }

// ending returns about when an archive ends: see [archive.Reader.Ending].
func (it *item) ending() (pcp.Timestamp, error) { return it.findEnd(false) }

// findEnd finds out when an archive ends, once.
func (it *item) findEnd(exact bool) (pcp.Timestamp, error) {
	it.mu.Lock()
	defer it.mu.Unlock()
	if it.exact || it.found && !exact {
		return it.end, it.endErr
	}
	end, known, err := it.label.FindEnd(exact)
	it.end, it.found, it.endErr = end, true, err
	it.exact = known
	return it.end, it.endErr
}
