package query

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
)

func TestLimits(t *testing.T) {
	r := counterArchive(t)
	ctx := context.Background()
	q, err := newEngine(t, r, Options{MaxSamples: 3}).Range(ctx, "c_counter", at(0), at(50), time.Second)
	require.NoError(t, err)
	assert.ErrorAs(t, q.Exec(ctx).Err, new(*LimitError))
	q, err = newEngine(t, r, Options{MaxSamples: 3}).Range(ctx, "vector(1)", at(0), at(50), time.Second)
	require.NoError(t, err)
	assert.ErrorAs(t, q.Exec(ctx).Err, new(*LimitError), "the engine's own limit is told in the same words")
	q, err = newEngine(t, r, Options{Timeout: time.Nanosecond}).Instant(ctx, "c_counter", at(0))
	require.NoError(t, err)
	assert.Error(t, q.Exec(ctx).Err)
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	q, err = newEngine(t, r, Options{}).Instant(stopped, "c_counter", at(0))
	require.NoError(t, err)
	assert.Error(t, q.Exec(stopped).Err)
	_, err = newEngine(t, r, Options{}).Instant(ctx, "sum(", at(0))
	assert.ErrorContains(t, err, "parse error")
}

// What can be read around damage is answered, with a warning; a record that is
// still being written needs none.
func TestDamage(t *testing.T) {
	r := counterArchive(t)
	path := r.Base() + ".0"
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	ask := func(data []byte, sec float64) *promql.Result {
		require.NoError(t, os.WriteFile(path, data, 0o644))
		r, err := archive.Open(r.Base(), nil)
		require.NoError(t, err)
		q, err := newEngine(t, r, Options{}).Instant(context.Background(), "c_counter", at(sec))
		require.NoError(t, err)
		t.Cleanup(q.Close)
		res := q.Exec(context.Background())
		require.NoError(t, res.Err)
		assert.Len(t, res.Value.(promql.Vector), 1)
		return res
	}
	assert.Empty(t, ask(whole[:len(whole)-5], 290).Warnings)
	bad := append(append([]byte{}, whole[:len(whole)-100]...), make([]byte, 100)...)
	warnings := ask(bad, 290).Warnings.AsErrors()
	require.Len(t, warnings, 1)
	assert.ErrorContains(t, warnings[0], "rec.0: ")
}

// One engine answers several at once.
func TestConcurrentQueries(t *testing.T) {
	e := newEngine(t, counterArchive(t), Options{})
	want := over(t, e, 0, 300, 1, "rate(c_counter[30s])")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				assert.Equal(t, want, over(t, e, 0, 300, 1, "rate(c_counter[30s])"))
			}
		})
	}
	wg.Wait()
}
