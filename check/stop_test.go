package check_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/check"
	"github.com/pcparchive/pcparchive/internal/archtest"
)

// asked is a context that counts how often it is asked, and ends at a question.
type asked struct {
	context.Context
	n, end int
}

func (a *asked) Err() error {
	if a.n++; a.n >= a.end {
		return context.Canceled
	}
	return nil
}

// TestStops ends checks at each question. A check that has ended yields no verdict and asks
// only a few times more.
func TestStops(t *testing.T) {
	base := filepath.Join(t.TempDir(), "a")
	archtest.Random(t, base, 7, archtest.RandomOptions{})
	whole := &asked{Context: t.Context(), end: 1 << 30}
	verdicts := 0
	o := &check.Options{Verdict: func(check.Verdict) { verdicts++ }}
	want := slices.Collect(check.Archives(whole, []string{base, base}, o))
	assert.Equal(t, 2, verdicts)
	assert.Greater(t, whole.n, 10)
	for end := 1; end < whole.n; end++ {
		ctx := &asked{Context: t.Context(), end: end}
		verdicts = 0
		got := slices.Collect(check.Archives(ctx, []string{base, base}, o))
		assert.Less(t, verdicts, 2, "question %d", end)
		assert.Less(t, ctx.n, end+20, "question %d", end)
		assert.LessOrEqual(t, len(got), len(want))
	}
}
