package ctxio_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/ctxio"
)

func TestEndOfContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var out bytes.Buffer
	r, w := ctxio.NewReader(ctx, strings.NewReader("four")), ctxio.NewWriter(ctx, &out)
	two := make([]byte, 2)
	n, err := r.Read(two)
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	n, err = w.Write(two)
	require.NoError(t, err)
	assert.Equal(t, 2, n)

	cancel()
	n, err = r.Read(two)
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, n)
	n, err = w.Write(two)
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, n)
	assert.Equal(t, "fo", out.String())
}
