package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// slowEnd is a Set whose end is found by reading all records. Each record asks pause.
type slowEnd struct {
	*store.Set
	end   pcp.Timestamp
	asked atomic.Int64 // questions whether to go on
	pause atomic.Pointer[func(asked int64)]
}

const slowRecords = 60

func newSlowEnd(t *testing.T) *slowEnd {
	t.Helper()
	base, start := filepath.Join(t.TempDir(), "a"), pcp.Timestamp{Sec: 1_700_000_000}
	a, err := archive.Create(base, archive.Header{Host: "h", Zone: "UTC", Start: start}, &archive.WriteOptions{Compress: archive.CompressGzip, CompressLast: true})
	require.NoError(t, err)
	id := pcp.NewPMID(60, 0, 0)
	require.NoError(t, a.Define(&meta.Desc{PMID: id, Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"a.m"}}))
	s := &slowEnd{}
	for i := range slowRecords {
		s.end = start.Add(time.Duration(i) * time.Second)
		require.NoError(t, a.Append(&archive.Result{Stamp: s.end, Sets: []archive.ValueSet{{PMID: id, Values: []history.Value{history.WordValue(pcp.InstNull, 1)}}}}))
	}
	require.NoError(t, a.Close())
	h, err := store.Open([]string{filepath.Dir(base)}, &archive.ReadOptions{Cache: -1, Stop: func() error {
		n := s.asked.Add(1)
		if pause := s.pause.Load(); pause != nil {
			(*pause)(n)
		}
		return nil
	}})
	require.NoError(t, err)
	s.Set = h.Sets()[0]
	s.asked.Store(0)
	return s
}

// pauseAt makes the search wait at a question until goOn is closed.
func (s *slowEnd) pauseAt(question int64) (paused, goOn chan struct{}) {
	paused, goOn = make(chan struct{}), make(chan struct{})
	pause := func(asked int64) {
		if asked == question {
			close(paused)
			<-goOn
		}
	}
	s.pause.Store(&pause)
	return paused, goOn
}

func (s *slowEnd) idle() bool { return !s.Searching() }

// TestEndStopped ends a search at each question. It ends soon, and the next one finds the end.
func TestEndStopped(t *testing.T) {
	errEnough := errors.New("enough")
	for at := 1; ; at += 7 {
		s, asked := newSlowEnd(t), 0
		end, err := s.Until(func() error {
			if asked++; asked >= at {
				return errEnough
			}
			return nil
		}).End()
		if err == nil {
			assert.Equal(t, s.end, end)
			assert.GreaterOrEqual(t, asked, slowRecords)
			return
		}
		require.ErrorIs(t, err, errEnough)
		require.Eventually(t, s.idle, time.Minute, time.Millisecond)
		assert.LessOrEqual(t, s.asked.Load(), int64(2*at+4), "the search and its waiter ask")
		end, err = s.End()
		require.NoError(t, err)
		assert.Equal(t, s.end, end)
	}
}

// TestEndShared lets one of two leave who wait for the same search, and then both.
func TestEndShared(t *testing.T) {
	lone := newSlowEnd(t)
	_, err := lone.End()
	require.NoError(t, err)

	s := newSlowEnd(t)
	type answer struct {
		end pcp.Timestamp
		err error
	}
	ask := func(ctx context.Context) chan answer {
		c := make(chan answer, 1)
		go func() {
			end, err := s.Until(ctx.Err).End()
			c <- answer{end, err}
		}()
		return c
	}
	begin := func(paused chan struct{}) (first, second chan answer, leave, leaveToo func()) {
		one, leave := context.WithCancel(t.Context())
		two, leaveToo := context.WithCancel(t.Context())
		first = ask(one)
		<-paused
		second = ask(two)
		require.Eventually(t, func() bool { return s.Awaiting() == 2 }, time.Minute, time.Millisecond)
		return first, second, leave, leaveToo
	}
	paused, goOn := s.pauseAt(10)
	first, second, leave, leaveToo := begin(paused)
	leave()
	leaveToo()
	close(goOn)
	assert.ErrorIs(t, (<-first).err, context.Canceled)
	assert.ErrorIs(t, (<-second).err, context.Canceled)
	require.Eventually(t, s.idle, time.Minute, time.Millisecond)
	assert.LessOrEqual(t, s.asked.Load(), int64(20), "nobody is left")

	s.asked.Store(0)
	paused, goOn = s.pauseAt(10)
	first, second, leave, leaveToo = begin(paused)
	defer leaveToo()
	leave()
	close(goOn)
	assert.ErrorIs(t, (<-first).err, context.Canceled)
	assert.Equal(t, answer{s.end, nil}, <-second)
	assert.InDelta(t, lone.asked.Load(), s.asked.Load(), 5, "the search went on and did not begin again")
	assert.Empty(t, s.Problems())
}
