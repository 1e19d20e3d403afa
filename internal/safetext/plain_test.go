package safetext

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPlain puts every byte at every place of texts of different lengths.
func TestPlain(t *testing.T) {
	for n := range 20 {
		for at := range n {
			for b := range 256 {
				text := bytes.Repeat([]byte{" ~\n"[rand.IntN(3)]}, n)
				text[at] = byte(b)
				assert.Equal(t, b == '\n' || b >= 0x20 && b < 0x7f, plain(text), "%q", text)
			}
		}
	}
	assert.True(t, plain(nil))
}

// TestPlainWrites checks that writers treat plain text as they do when it comes with a character to be escaped.
func TestPlainWrites(t *testing.T) {
	for _, text := range []string{"", "plain text\n", "tab\tbed", "\x7f", "\x1b[0m", "é", "\u202e", "\xff"} {
		var safe, json bytes.Buffer
		w := &Writer{W: &safe}
		n, err := w.Write([]byte(text))
		require.NoError(t, err)
		require.NoError(t, w.Flush())
		assert.Equal(t, len(text), n)
		assert.Equal(t, string(Append(nil, []byte(text))), safe.String())
		n, err = JSONWriter(&json).Write([]byte(text))
		require.NoError(t, err)
		assert.Equal(t, len(text), n)
		assert.Equal(t, string(escapedJSON([]byte(text), -1)), json.String())
	}
	var out bytes.Buffer
	w := &Writer{W: &out}
	for _, part := range []string{"a\xe2", "\x80", "\xaeb"} { // a character in three writes
		_, err := w.Write([]byte(part))
		require.NoError(t, err)
	}
	assert.Equal(t, `a\u202eb`, out.String())
}
