package main

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stalls knows when the machine gave a process neither a processor nor the disk. A goroutine
// asks for both every few milliseconds, as a recorder does that has a page to write.
type stalls struct {
	mu   sync.Mutex
	seen []stall
}

// stall is a time during which a request waited.
type stall struct{ begin, end time.Time }

// watchStalls looks for stalls until the test ends. It writes to a file in dir.
func watchStalls(t *testing.T, dir string) *stalls {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "stalls"))
	require.NoError(t, err)
	s := &stalls{}
	done := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() { s.watch(f, done) })
	t.Cleanup(func() {
		close(done)
		group.Wait()
		_ = f.Close()
	})
	return s
}

func (s *stalls) watch(f *os.File, done <-chan struct{}) {
	const pause, usual = 5 * time.Millisecond, 2 * time.Millisecond
	block := make([]byte, 4096)
	for n := int64(0); ; n++ {
		due := time.Now().Add(pause)
		select {
		case <-done:
			return
		case <-time.After(pause):
		}
		_, _ = f.WriteAt(block, n%1000*int64(len(block))) // only its duration counts
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
	for _, one := range s.seen {
		begin, end := one.begin, one.end
		if begin.Before(from) {
			begin = from
		}
		if end.After(to) {
			end = to
		}
		total += max(0, end.Sub(begin))
	}
	return total
}

func TestStalls(t *testing.T) {
	at := func(ms int) time.Time { return time.UnixMilli(int64(ms)) }
	s := &stalls{seen: []stall{{at(10), at(30)}, {at(50), at(60)}, {at(100), at(200)}}}
	assert.Equal(t, 30*time.Millisecond, s.within(at(0), at(100)))
	assert.Equal(t, 15*time.Millisecond, s.within(at(20), at(55)))
	assert.Zero(t, s.within(at(70), at(90)))
	assert.Equal(t, 10*time.Millisecond, s.within(at(120), at(130)))
}
