package main

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stalls knows when the machine gave a process neither a processor nor the disk. Goroutines
// ask for both every few milliseconds, as a recorder does that has pages to write: one lets
// a file grow, the other creates files.
type stalls struct {
	mu   sync.Mutex
	seen []stall
}

// stall is a time during which a request waited.
type stall struct{ begin, end time.Time }

// watchStalls looks for stalls until the test ends. It writes to a file in dir.
func watchStalls(t *testing.T, dir string) *stalls {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "grows"))
	require.NoError(t, err)
	s := &stalls{}
	done := make(chan struct{})
	var group sync.WaitGroup
	block := make([]byte, 4096)
	group.Go(func() {
		s.watch(done, func() { _, _ = f.Write(block) }) // only its duration counts
	})
	group.Go(func() {
		name := filepath.Join(dir, "new")
		s.watch(done, func() {
			_ = os.WriteFile(name, block, 0o600)
			_ = os.Remove(name)
		})
	})
	t.Cleanup(func() {
		close(done)
		group.Wait()
		_ = f.Close()
	})
	return s
}

// watch calls ask again and again, and notes when that took unusually long.
func (s *stalls) watch(done <-chan struct{}, ask func()) {
	const pause, usual = 5 * time.Millisecond, 2 * time.Millisecond
	for {
		due := time.Now().Add(pause)
		select {
		case <-done:
			return
		case <-time.After(pause):
		}
		ask()
		if now := time.Now(); now.Sub(due) > usual {
			s.mu.Lock()
			s.seen = append(s.seen, stall{due, now})
			s.mu.Unlock()
		}
	}
}

// within returns how long the machine stalled between two times.
func (s *stalls) within(from, to time.Time) (total time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.SortFunc(s.seen, func(a, b stall) int { return a.begin.Compare(b.begin) })
	for _, one := range s.seen {
		if one.begin.Before(from) {
			one.begin = from
		}
		if one.end.After(to) {
			one.end = to
		}
		if one.end.After(one.begin) {
			total += one.end.Sub(one.begin)
			from = one.end // stalls of both goroutines at once count once
		}
	}
	return total
}

func TestStalls(t *testing.T) {
	at := func(ms int) time.Time { return time.UnixMilli(int64(ms)) }
	s := &stalls{seen: []stall{{at(10), at(30)}, {at(50), at(60)}, {at(15), at(20)}, {at(55), at(58)}, {at(100), at(200)}}}
	assert.Equal(t, 30*time.Millisecond, s.within(at(0), at(100)))
	assert.Equal(t, 15*time.Millisecond, s.within(at(20), at(55)))
	assert.Zero(t, s.within(at(70), at(90)))
	assert.Equal(t, 10*time.Millisecond, s.within(at(120), at(130)))
}
