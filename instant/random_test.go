package instant

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// TestBackwardIsForward compares readings from the instant back with readings from the
// first record on.
func TestBackwardIsForward(t *testing.T) {
	for seed := range uint64(30) {
		base := filepath.Join(t.TempDir(), "a")
		archtest.Random(t, base, seed, archtest.RandomOptions{Text: seed%3 == 0, Gaps: seed%2 == 0})
		h, err := store.Open([]string{base}, nil)
		require.NoError(t, err)
		s := Host(h.Sets()[0])
		var times []pcp.Timestamp
		for step, err := range s.steps(history.Query{}) {
			require.NoError(t, err)
			times = append(times, step.Stamp)
		}
		c := NewCache(Options{})
		for i, at := range times {
			if i%7 != 0 && i < len(times)-3 {
				continue
			}
			readers, err := s.Readers(t.Context(), at)
			require.NoError(t, err)
			ids := allOf(readers)
			back := &reading{ctx: context.Background(), s: s, t: at}
			got, err := back.backward(ids, readers)
			require.NoError(t, err)
			fore := &reading{ctx: context.Background(), s: s, t: at}
			want, err := fore.forward(&content{metrics: map[history.MetricID]*recorded{}}, ids)
			require.NoError(t, err)
			require.Equal(t, want.stamp, got.stamp, "seed %d", seed)
			for id, m := range want.metrics {
				assertSame(t, m, got.metrics[id], "seed %d, %s at %s", seed, id, at)
			}
			v, err := c.At(context.Background(), s, at, nil)
			require.NoError(t, err)
			fresh, err := NewCache(Options{}).At(context.Background(), s, at, nil)
			require.NoError(t, err)
			require.Equal(t, fresh.Len(), v.Len(), "seed %d at %s", seed, at)
		}
	}
}

func assertSame(t *testing.T, want, got *recorded, msg string, args ...any) {
	t.Helper()
	if got == nil {
		assert.Empty(t, want.values, append([]any{msg}, args...)...)
		return
	}
	byInstance := func(a, b recordedValue) int { return int(a.inst) - int(b.inst) }
	slices.SortFunc(want.values, byInstance)
	slices.SortFunc(got.values, byInstance)
	assert.Equal(t, want.err, got.err, append([]any{msg}, args...)...)
	if len(want.values)+len(got.values) > 0 {
		assert.Equal(t, want.values, got.values, append([]any{msg}, args...)...)
	}
}
