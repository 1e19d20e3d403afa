package query

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/store"
)

// TestFamiliesEnd asks for the metadata of metrics with a context that has ended, and again.
func TestFamiliesEnd(t *testing.T) {
	e := NewEngine([]*store.Set{parallelHost(t, "web1")}, Options{})
	ended, end := context.WithCancel(t.Context())
	end()
	_, err := e.Families(ended)
	require.ErrorIs(t, err, context.Canceled)
	first, err := e.Families(t.Context())
	require.NoError(t, err)
	assert.NotEmpty(t, first)
	kept, err := e.Families(ended)
	require.NoError(t, err, "what is known costs no reading")
	assert.Equal(t, first, kept)
}
