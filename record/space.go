package record

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pcparchive/pcparchive/internal/diskspace"
)

// space knows whether the disk of the archives has room. While it has none, nothing is
// written.
type space struct {
	dir  string
	log  *slog.Logger
	full atomic.Bool
	wake chan struct{} // has an element after the disk became full

	mu   sync.Mutex
	lost int64 // samples that were not recorded since the disk became full
	all  int64 // samples that were not recorded at all
}

func newSpace(dir string, log *slog.Logger) *space {
	return &space{dir: dir, log: log, wake: make(chan struct{}, 1)}
}

// fill says that a write failed because the disk is full.
func (s *space) fill(err error) {
	if s.full.Swap(true) {
		return
	}
	s.log.Error("the disk is full: writing pauses, scraping goes on", "folder", s.dir, "err", err)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// lose counts samples that are not recorded.
func (s *space) lose(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost += int64(n)
	s.all += int64(n)
}

// Lost returns the number of samples that were not recorded.
func (s *space) Lost() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all
}

// watch waits for a full disk, makes room by cull, and says when there is room again.
func (s *space) watch(ctx context.Context, cull func()) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		cull()
		tick := time.NewTicker(time.Second)
		for n := 1; s.full.Load(); n++ {
			select {
			case <-ctx.Done():
				tick.Stop()
				return
			case <-tick.C:
			}
			if n%10 == 0 {
				cull()
			}
			if s.hasRoom() {
				s.resume()
			}
		}
		tick.Stop()
	}
}

// hasRoom reports whether the disk has enough room to go on for a while.
func (s *space) hasRoom() bool {
	const least, most = 64 << 10, 16 << 20
	size, free, ok := diskspace.Of(s.dir)
	if !ok {
		return true // the next write shows it
	}
	return free >= min(max(size/100, least), most)
}

// resume lets writing go on.
func (s *space) resume() {
	s.mu.Lock()
	lost := s.lost
	s.lost = 0
	s.mu.Unlock()
	s.full.Store(false)
	s.log.Info("the disk has room again: writing goes on", "folder", s.dir, "samples_lost", lost)
}
