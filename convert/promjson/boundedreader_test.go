package promjson

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// endless is JSON whose one value has no end.
type endless struct{ n int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	if e.n == 0 {
		p[0] = '"'
	}
	e.n += len(p)
	return len(p), nil
}

func TestBounded(t *testing.T) {
	const limit = 100_000
	in := &endless{}
	_, err := newBoundedReader(in, limit).dec.Token()
	require.ErrorContains(t, err, "a value of more than 100000 bytes")
	assert.Less(t, in.n, 4*limit)

	values := strings.Repeat(`"`+strings.Repeat("x", limit/2)+`",`, 50)
	dec := newBoundedReader(strings.NewReader("["+strings.TrimSuffix(values, ",")+"]"), limit).dec
	for n := 0; ; n++ {
		_, err := dec.Token()
		if err == io.EOF {
			assert.Equal(t, 52, n)
			break
		}
		require.NoError(t, err)
	}
}
