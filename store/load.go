package store

import (
	"container/list"
	"sync"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// item is an archive of a Set. It is loaded when it is first needed.
type item struct {
	label *archive.Reader // the archive without metadata and index

	loading sync.Mutex
	full    *archive.Reader // the archive with its metadata; nil if the keeper does not hold it
	place   *list.Element   // position in the keeper; nil if the keeper does not hold the archive
	tried   bool            // whether load was called
	leftOut bool            // whether load failed, so that the Set ignores the archive

	mu     sync.Mutex // guards the fields below
	found  bool       // whether end and endErr are set
	exact  bool       // whether end is the time of the last record and not just of the last index entry
	end    pcp.Timestamp
	endErr error
}

// load returns an archive with its metadata, nil if it cannot be opened. It
// does not try again to open an archive that failed.
func (s *Set) load(it *item) *archive.Reader {
	it.loading.Lock() // does not block the loading of other archives
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
		s.report(Problem{Archive: it.label.Base(), Skipped: true, Err: err})
		return nil
	}
	r.Notify(func(err error) { s.report(Problem{Archive: it.label.Base(), Err: err}) })
	s.kept.put(it, r)
	return r
}

// readable reports whether an archive can be opened. It opens the archive if
// that was not tried before.
func (s *Set) readable(it *item) bool {
	it.loading.Lock()
	tried, leftOut := it.tried, it.leftOut
	it.loading.Unlock()
	if tried {
		return !leftOut
	}
	return s.load(it) != nil
}

// inUse reports whether the archive was opened or not yet tried.
func (it *item) inUse() bool {
	it.loading.Lock()
	defer it.loading.Unlock()
	return !it.leftOut
}

// keeper caches the metadata of the most recently used archives: up to limit
// bytes, and at least one archive.
type keeper struct {
	limit int64

	mu    sync.Mutex
	used  int64
	order list.List // of *item, most recently used first
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

// ending returns the approximate time at which the archive ends, as
// [archive.Reader.Ending] does.
func (it *item) ending() (pcp.Timestamp, error) { return it.findEnd(false) }

// findEnd determines when the archive ends and remembers the result.
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
