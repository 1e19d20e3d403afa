package lazyregexp

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNew(t *testing.T) {
	digits := New(`^\d+$`)
	assert.True(t, digits().MatchString("42"))
	assert.False(t, digits().MatchString("x"))
	assert.Same(t, digits(), digits())
	broken := New(`(`) // says nothing before its use
	assert.Panics(t, func() { broken() })
}
