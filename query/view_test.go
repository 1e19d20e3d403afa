package query

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWithView wants every evaluation of a query to read the view: the first one, and the
// second one of the times at which a window holds a mark.
func TestWithView(t *testing.T) {
	w := newWriter(t)
	for sec := range 20 {
		w.record(float64(sec), one(counter, float64(sec)))
	}
	w.mark(20)
	for sec := 30; sec < 40; sec++ {
		w.record(float64(sec), one(counter, float64(sec)))
	}
	e := newEngine(t, w.open(), Options{})
	asked := 0
	viewed := e.WithView(func(archives storage.Queryable) storage.Queryable {
		asked++
		return archives
	})
	rates := func(e *Engine) string {
		q, err := e.Range(context.Background(), "rate(c_counter[15s])", at(0), at(39), time.Second)
		require.NoError(t, err)
		defer q.Close()
		res := q.Exec(context.Background())
		require.NoError(t, res.Err)
		return res.Value.String()
	}
	assert.Equal(t, rates(e), rates(viewed))
	assert.Equal(t, 2, asked)
	assert.Equal(t, e.Storage(), viewed.Storage())
	assert.Equal(t, 3, asked)

	hidden := e.WithView(func(storage.Queryable) storage.Queryable {
		return storage.QueryableFunc(func(int64, int64) (storage.Querier, error) { return storage.NoopQuerier(), nil })
	})
	assert.Empty(t, rates(hidden))
}

// TestNoHosts asks a server whose folders hold no archive yet.
func TestNoHosts(t *testing.T) {
	e := NewEngine(nil, Options{})
	q, err := e.Instant(context.Background(), "up + 1", at(0))
	require.NoError(t, err)
	defer q.Close()
	res := q.Exec(context.Background())
	require.NoError(t, res.Err)
	assert.Empty(t, res.Value.String())
}
