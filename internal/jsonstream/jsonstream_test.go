package jsonstream

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// counter counts the writes, of which it fails all after a number.
type counter struct {
	bytes.Buffer
	writes, limit int
}

func (c *counter) Write(p []byte) (int, error) {
	if c.writes++; c.writes > c.limit {
		return 0, errors.New("full")
	}
	return c.Buffer.Write(p)
}

// TestList wants a long list to be written in parts and to be what encoding/json writes.
func TestList(t *testing.T) {
	for _, n := range []int{0, 1, 50_000} {
		out := &counter{limit: 1000}
		s := New(out)
		List(s, n, func(i int) { s.WriteInt(i) })
		require.NoError(t, s.Flush())
		want := make([]int, n)
		for i := range want {
			want[i] = i
		}
		text, err := json.Marshal(want)
		require.NoError(t, err)
		assert.Equal(t, string(text), out.String())
		assert.LessOrEqual(t, len(text)/FlushSize, out.writes)
	}
}

// TestListStops wants a list to end when its writer fails.
func TestListStops(t *testing.T) {
	s := New(&counter{limit: 1})
	n := 0
	List(s, 1_000_000, func(int) { n++; s.WriteString("text") })
	require.Error(t, s.Error)
	assert.Less(t, n, 3*FlushSize)
}

func TestLabels(t *testing.T) {
	s := New(nil)
	Labels(s, labels.FromStrings("a", `"`, "b", "<"))
	Labels(s, labels.EmptyLabels())
	assert.Equal(t, `{"a":"\"","b":"<"}{}`, string(s.Buffer()))
}
