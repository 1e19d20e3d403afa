package scrape

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// A warning that each scrape repeats is a new one only after a while without it.
func TestRepeats(t *testing.T) {
	var r repeats
	now := time.Unix(1_000_000, 0)
	assert.True(t, r.first(warning{"a", "m"}, now))
	for range 100 {
		now = now.Add(silence / 2)
		assert.False(t, r.first(warning{"a", "m"}, now))
	}
	assert.True(t, r.first(warning{"b", "m"}, now))
	assert.True(t, r.first(warning{"a", "other"}, now))
	assert.True(t, r.first(warning{"a", "m"}, now.Add(silence+1)))
	for i := range 3 * maxWarnings {
		r.first(warning{fmt.Sprint(i), "m"}, now)
	}
	assert.LessOrEqual(t, len(r.last), maxWarnings)
}
