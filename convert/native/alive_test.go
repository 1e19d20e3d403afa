package native

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestInstancesAreBornOnce: an instance with values in several metrics joins with
// the first and leaves with the last; in between its place among the others stays.
func TestInstancesAreBornOnce(t *testing.T) {
	in := &domain{live: map[*member]struct{}{}}
	m, other := &member{}, &member{}
	step := func(m *member, d, births, born int, changed bool) {
		t.Helper()
		in.changed = false
		in.countLive(m, d)
		assert.Equal(t, births, in.births)
		assert.Equal(t, born, m.born)
		assert.Equal(t, changed, in.changed)
		_, live := in.live[m]
		assert.Equal(t, m.live > 0, live)
	}
	step(m, 1, 1, 1, true)
	step(other, 1, 2, 2, true)
	step(m, 1, 2, 1, false)
	step(m, -1, 2, 1, false) // one is left: nobody joined
	step(m, -1, 2, 1, true)
	m.absent = true
	step(m, 1, 3, 3, true)
	assert.False(t, m.absent)
}
