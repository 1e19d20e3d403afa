package query

import (
	"testing"
	"time"

	"github.com/pcparchive/pcparchive/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBudget may be used up, and not more.
func TestBudget(t *testing.T) {
	b := newBudget(3, 0)
	require.NoError(t, b.take(1))
	require.NoError(t, b.take(2))
	var limit *LimitError
	require.ErrorAs(t, b.take(1), &limit)
	assert.Equal(t, 3, limit.Samples)
}

// TestMaxBytes checks that all hosts of a query share the limit of bytes read.
func TestMaxBytes(t *testing.T) {
	sets := []*store.Set{parallelHost(t, "web1"), parallelHost(t, "web2")}
	run := func(limit int64) error {
		e := NewEngine(sets, Options{MaxBytes: limit, Lookback: time.Hour})
		q, err := e.Range(t.Context(), "sum(m_count)", time.Unix(0, 0), time.Unix(200, 0), 10*time.Second)
		require.NoError(t, err)
		defer q.Close()
		return q.Exec(t.Context()).Err
	}
	const record = 8 + 12 + 4 + 12 + 8 // lengths, time, number of sets, a set of one value
	require.NoError(t, run(0))
	require.NoError(t, run(2*20*record))
	var large *BytesError
	require.ErrorAs(t, run(2*20*record-1), &large)
	assert.EqualValues(t, 2*20*record-1, large.Bytes)
	assert.Contains(t, large.Error(), "more than 1759 bytes")
}
