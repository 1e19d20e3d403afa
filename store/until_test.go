package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
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

// manyArchives writes archives of one host and returns their folder.
func manyArchives(t *testing.T, archives, metrics int) string {
	t.Helper()
	dir, start := t.TempDir(), pcp.Timestamp{Sec: 1_700_000_000}
	for i := range archives {
		at := start.Add(time.Duration(i) * time.Minute)
		a, err := archive.Create(filepath.Join(dir, fmt.Sprintf("a%03d", i)), archive.Header{Host: "h", Zone: "UTC", Start: at}, nil)
		require.NoError(t, err)
		for m := range metrics {
			require.NoError(t, a.Define(&meta.Desc{PMID: pcp.NewPMID(60, 0, uint32(m)), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{fmt.Sprint("a.m", m)}}))
		}
		require.NoError(t, a.Append(&archive.Result{Stamp: at, Sets: []archive.ValueSet{{PMID: pcp.NewPMID(60, 0, 0), Values: []history.Value{history.WordValue(pcp.InstNull, 1)}}}}))
		require.NoError(t, a.Close())
	}
	return dir
}

// TestUntil ends questions about the metadata of many archives after the third one. Hardly
// more are read, the question says that it has ended, and the next one gets all.
func TestUntil(t *testing.T) {
	const archives = 40
	dir := manyArchives(t, archives, 3)
	questions := map[string]func(set *store.Set, enough func()) error{
		"Readers": func(set *store.Set, enough func()) error {
			n := 0
			for range set.Readers() {
				if n++; n == 3 {
					enough()
				}
			}
			return nil
		},
		"Between": func(set *store.Set, enough func()) error {
			n := 0
			for range set.Between(pcp.MinTime, pcp.MaxTime) {
				if n++; n == 3 {
					enough()
				}
			}
			return nil
		},
		"LabelRecords": func(set *store.Set, enough func()) error {
			enough()
			for range set.LabelRecords("") {
				return errors.New("a record of an archive without labels")
			}
			return nil
		},
		"Shared":       func(set *store.Set, enough func()) error { enough(); set.Shared(); return nil },
		"MergedHeader": func(set *store.Set, enough func()) error { enough(); set.MergedHeader(); return nil },
		"Inspect": func(set *store.Set, enough func()) error {
			enough()
			_, err := set.Inspect(store.InspectOptions{})
			return wantEnough(err)
		},
		"End":     func(set *store.Set, enough func()) error { enough(); _, err := set.End(); return wantEnough(err) },
		"Ending":  func(set *store.Set, enough func()) error { enough(); _, err := set.Ending(); return wantEnough(err) },
		"Endings": func(set *store.Set, enough func()) error { enough(); set.Endings(); return nil },
		"Steps": func(set *store.Set, enough func()) error {
			n := 0
			var last error
			for _, err := range set.Steps(history.Query{}) {
				if n++; n == 3 {
					enough()
				}
				last = err
			}
			return wantEnough(last)
		},
		"Backward": func(set *store.Set, enough func()) error {
			n := 0
			var last error
			for _, err := range set.Backward(history.Query{}) {
				if n++; n == 3 {
					enough()
				}
				last = err
			}
			return wantEnough(last)
		},
	}
	for name, ask := range questions {
		t.Run(name, func(t *testing.T) {
			h, err := store.Open([]string{dir}, nil)
			require.NoError(t, err)
			set := h.Sets()[0]
			var over atomic.Bool
			view := set.Until(func() error {
				if over.Load() {
					return errEnded
				}
				return nil
			})
			require.NoError(t, ask(view, func() { over.Store(true) }))
			require.ErrorIs(t, view.Stopped(), errEnded)
			assert.LessOrEqual(t, store.Held(h), 4+2*runtime.GOMAXPROCS(0), "archives whose metadata were read")
			assert.Empty(t, h.Problems())
			require.NoError(t, set.Stopped())
			assert.Len(t, slices.Collect(set.Readers()), archives)
			assert.Empty(t, h.Problems())
		})
	}
}

var errEnded = errors.New("ended")

func wantEnough(err error) error {
	if errors.Is(err, errEnded) {
		return nil
	}
	return fmt.Errorf("want %w, got %w", errEnded, err)
}

// TestMetadataShared lets the one leave who began to read the metadata of an archive. The
// reading goes on for the other, and ends when both have left.
func TestMetadataShared(t *testing.T) {
	const metrics = 400
	dir := manyArchives(t, 1, metrics)
	var asked atomic.Int64
	var pause atomic.Pointer[func(int64)]
	o := &archive.ReadOptions{Stop: func() error {
		n := asked.Add(1)
		if wait := pause.Load(); wait != nil {
			(*wait)(n)
		}
		return nil
	}}
	for _, stays := range []bool{true, false} {
		h, err := store.Open([]string{dir}, o)
		require.NoError(t, err)
		set := h.Sets()[0]
		asked.Store(0)
		paused, goOn := make(chan bool), make(chan bool)
		wait := func(n int64) {
			if n == 50 {
				close(paused)
				<-goOn
			}
		}
		pause.Store(&wait)
		ask := func(ctx context.Context) chan *archive.Reader {
			got := make(chan *archive.Reader, 1)
			go func() { got <- set.Until(ctx.Err).Reader(filepath.Join(dir, "a000")) }()
			return got
		}
		one, leave := context.WithCancel(t.Context())
		two, leaveToo := context.WithCancel(t.Context())
		first := ask(one)
		<-paused
		second := ask(two)
		require.Eventually(t, func() bool { return set.Loading() == 2 }, time.Minute, time.Millisecond)
		leave()
		if !stays {
			leaveToo()
		}
		close(goOn)
		assert.Nil(t, <-first)
		r := <-second
		leaveToo()
		if stays {
			require.NotNil(t, r)
			assert.Less(t, asked.Load(), int64(4*metrics), "the metadata were read once")
			assert.GreaterOrEqual(t, asked.Load(), int64(metrics))
		} else {
			assert.Nil(t, r)
			require.Eventually(t, func() bool { return set.Loading() == 0 }, time.Minute, time.Millisecond)
			assert.LessOrEqual(t, asked.Load(), int64(60), "nobody is left")
		}
		pause.Store(nil)
		assert.NotNil(t, set.Last())
		assert.Empty(t, h.Problems())
	}
}
