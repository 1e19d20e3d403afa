package query

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBudget may be used up, and not more.
func TestBudget(t *testing.T) {
	b := newBudget(3)
	require.NoError(t, b.take(1))
	require.NoError(t, b.take(2))
	var limit *LimitError
	require.ErrorAs(t, b.take(1), &limit)
	assert.Equal(t, 3, limit.Samples)
}
