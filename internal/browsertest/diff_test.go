package browsertest

import (
	"encoding/json"
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/diff"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/pcp"
)

// ranksAsDiff compares the rows of the screen Compare with the changes that package diff
// finds. Averages of the two differ a little, so neighbours may change places.
func ranksAsDiff(t *testing.T, dir, figure string) {
	var rows [][2]string // metric and instance
	require.NoError(t, json.Unmarshal([]byte(figure), &rows))
	set := storetest.Open(t, filepath.Join(dir, "web1-a"))
	side := func(from time.Duration) diff.Side {
		return diff.Side{Set: set, From: pcp.TimestampOf(begin.Add(from)), To: pcp.TimestampOf(begin.Add(from + 14*time.Minute))}
	}
	stalled := 4350 * time.Second
	report, err := diff.Compare(t.Context(), side(stalled-7*time.Minute), side(stalled-50*time.Minute), diff.Options{})
	require.NoError(t, err)
	factors := map[[2]string]float64{}
	for _, c := range report.Changes {
		factors[[2]string{c.Metric, c.Instance}] = math.Abs(math.Log(c.Ratio()))
	}
	require.NotEmpty(t, factors)
	before := math.Inf(1)
	for _, row := range rows {
		factor, found := factors[row]
		if assert.True(t, found, "diff does not find that %q changed", row) {
			assert.LessOrEqual(t, factor, before*1.02, "%q is above rows that changed more", row)
			before = factor
		}
		delete(factors, row)
	}
	assert.Empty(t, factors, "the page does not show these changes")
}
