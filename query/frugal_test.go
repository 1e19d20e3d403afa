package query

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/endctx"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/store"
)

// rotated writes archives of a host, one after the other, with a record every interval
// seconds. The last one has as many records as last says.
func rotated(t *testing.T, archives, records, last int, interval float64) (dir string) {
	dir = t.TempDir()
	for i := range archives {
		w := newWriterAt(t, filepath.Join(dir, fmt.Sprintf("rec%03d", i)))
		n := records
		if i == archives-1 {
			n = last
		}
		for j := range n {
			at := interval * float64(i*records+j)
			w.record(at, one(counter, at))
		}
		w.open()
	}
	return dir
}

func openDir(t *testing.T, dir string) []*store.Set {
	t.Helper()
	return storetest.Sets(t, dir)
}

// TestNewEngineReadsLittle checks that preparing an engine costs as much for 60 archives as
// for 2, by the number of allocations.
func TestNewEngineReadsLittle(t *testing.T) {
	cost := func(archives int) uint64 {
		sets := openDir(t, rotated(t, archives, 5, 5, 10))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		e := NewEngine(sets, Options{})
		runtime.ReadMemStats(&after)
		assert.Equal(t, DefaultLookback, e.Lookback())
		return after.Mallocs - before.Mallocs
	}
	cost(2) // what is made once
	assert.Less(t, cost(60), 2*cost(2))
}

// TestIntervalAfterRotation checks the look-back of a host that records seldom, just after
// its logger began an archive.
func TestIntervalAfterRotation(t *testing.T) {
	for last := range 3 {
		e := NewEngine(openDir(t, rotated(t, 2, 5, last+1, 600)), Options{})
		expr, err := parser.NewParser(parser.Options{}).ParseExpr("c_counter")
		require.NoError(t, err)
		lookback, err := e.lookbackOf(t.Context(), expr)
		require.NoError(t, err)
		assert.Equal(t, 25*time.Minute, lookback, last)
	}
}

// TestStopsReading ends the context of a selection at each of its checks in turn. After
// that, it reads one record at most.
func TestStopsReading(t *testing.T) {
	const records = 60
	sets := openDir(t, rotated(t, 3, records, records, 10))
	st := NewStorage(sets, Options{})
	m, err := labels.NewMatcher(labels.MatchEqual, model.MetricNameLabel, "c_counter")
	require.NoError(t, err)
	ended := int64(0) // times that the context ended before the selection did
	for checks := 1; ; checks++ {
		opened, err := st.Querier(at(0).UnixMilli(), at(10000).UnixMilli())
		require.NoError(t, err)
		q := opened.(*querier)
		ctx := endctx.At(checks)
		readThen := int64(-1)
		ctx.Then = func() { readThen = q.budget.read.Load() }
		err = q.Select(ctx, false, &storage.SelectHints{Start: q.mint, End: q.maxt}, m).Err()
		if readThen < 0 {
			require.NoError(t, err)
			break
		}
		const longest = 200 // bytes of a record
		assert.LessOrEqual(t, q.budget.read.Load()-readThen, int64(longest))
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
			ended++
		}
	}
	assert.Greater(t, ended, int64(2*records), "each record is preceded by a check")
}
