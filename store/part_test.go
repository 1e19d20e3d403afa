package store

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Archives that are open at the same time have different parts, and the one that continues
// an archive has its part.
func TestTakePart(t *testing.T) {
	m := &merge{}
	take := func(base string) int { return m.takePart(base) }
	assert.Equal(t, 0, take("d/h/node.20261129.00.00"))
	assert.Equal(t, 1, take("d/h/node-9101.20261129.00.00"))
	m.parts[0].open, m.parts[1].open = false, false
	assert.Equal(t, 1, take("d/h/node-9101.20261130.00.00-01"))
	assert.Equal(t, 0, take("d/h/node.20261130.00.00"))
	assert.Equal(t, 2, take("d/h/20261130.00.10"))
	m.parts[1].open, m.parts[2].open = false, false
	assert.Equal(t, 2, take("d/h/20261201.00.10.55-00"))
	assert.Equal(t, 1, take("d/h/other"))
	for base, want := range map[string]string{
		"d/node.20261129.16.05": "d/node.", "d/20261129.00.10": "d/", "d/a.b.20261129": "d/a.b.", "d/rec": "d/rec", "rec.1234567": "rec.1234567",
	} {
		assert.Equal(t, want, seriesOf(base), base)
	}
}
