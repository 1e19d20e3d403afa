package query

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTerms rejects expressions that may be too deep, and no long ones.
func TestTerms(t *testing.T) {
	e := newEngine(t, counterArchive(t), Options{})
	for _, deep := range []string{strings.Repeat("(", maxTerms+1), "1" + strings.Repeat("+1", maxTerms+1), strings.Repeat("-", maxTerms+1) + "1"} {
		for _, parse := range []func() error{
			func() error { _, err := Parse(deep); return err },
			func() error { _, err := e.Instant(t.Context(), deep, at(0)); return err },
			func() error { _, err := e.Range(t.Context(), deep, at(0), at(1), 1e9); return err },
		} {
			var terms *TermsError
			require.ErrorAs(t, parse(), &terms)
			assert.Equal(t, maxTerms, terms.Limit)
		}
	}
	for _, fine := range []string{"1" + strings.Repeat("+1", maxTerms-1), `x{a=~"` + strings.Repeat("(1+1)|", maxTerms) + `"}`} {
		_, err := Parse(fine)
		assert.NoError(t, err)
	}
}

// TestAdjusted changes the look-back of one query.
func TestAdjusted(t *testing.T) {
	w := newWriter(t)
	w.record(0, one(instantOne, 1), one(discrete, 2))
	w.record(1000, one(discrete, 2))
	e := newEngine(t, w.open(), Options{Lookback: 100e9})
	assert.Equal(t, 100.0, e.Lookback().Seconds())
	assert.Empty(t, now(t, e, 150, "i_one"))
	long := e.Adjusted(Adjustment{Lookback: 200e9})
	assert.Len(t, now(t, long, 150, "i_one"), 1)
	short := e.Adjusted(Adjustment{Lookback: 1e9})
	assert.Empty(t, now(t, short, 2, "i_one"))
	assert.Len(t, now(t, short, 700, "d_discrete"), 1, "a discrete value holds")
	assert.Empty(t, now(t, e, 150, "i_one"), "the engine itself is as before")
}

// TestLongSpans counts steps over spans that no time.Duration holds.
func TestLongSpans(t *testing.T) {
	e := newEngine(t, counterArchive(t), Options{MaxSamples: 20_000})
	century := 100 * 365 * 24 * time.Hour
	early, late := time.UnixMilli(math.MinInt64/2), time.UnixMilli(math.MaxInt64/2)
	for _, expr := range []string{"c_counter", "max_over_time(c_counter[1h:1m])"} {
		var steps *StepsError
		_, err := e.Range(t.Context(), expr, early, late, century)
		require.ErrorAs(t, err, &steps)
		assert.Greater(t, steps.Steps, int64(2_000_000))
		_, err = e.Range(t.Context(), expr, time.Unix(0, 0), time.Unix(0, 0).Add(20_000*time.Minute), time.Minute)
		require.ErrorAs(t, err, &steps)
		assert.GreaterOrEqual(t, steps.Steps, int64(20_001))
	}
	assert.Equal(t, int64(math.MaxInt64), spanOf(math.MinInt64, math.MaxInt64))
	assert.Equal(t, int64(-5), spanOf(5, 0))
	assert.Equal(t, int64(math.MaxInt64), stepsIn(math.MaxInt64, 1))
}
