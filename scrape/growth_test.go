package scrape

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestGrowth(t *testing.T) {
	const day = 24 * 60 * 60 * 1000
	var g growth
	assert.Zero(t, g.perDay(), "before the first record")
	g.add(1000, 1<<30) // metadata
	assert.Zero(t, g.perDay(), "one record tells no rate")
	g.add(1000, 500)
	assert.Zero(t, g.perDay(), "no time has passed")
	g.add(2000, 500)
	assert.InDelta(t, 1000*day/1000, g.perDay(), 1e-6, "the first record does not count")
	g.add(500, 500)
	assert.InDelta(t, 1500*day/1000, g.perDay(), 1e-6, "a clock that is set back takes no time away")
	g.add(1500, 500)
	assert.InDelta(t, 2000*day/2000, g.perDay(), 1e-6)
}
