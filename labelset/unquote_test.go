package labelset

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTextKeepsBytes has values with bytes that are not UTF-8, beside escapes.
func TestTextKeepsBytes(t *testing.T) {
	for _, text := range []string{"\xff", "a\xffb", "\"\xff\\", "\n\xfe\n\n\x01", "\xed\xa0\x80 \\u", "\\\xff\xf0\x9f\x98\x80"} {
		l := String("a", text)
		assert.Equal(t, text, l.Text(), "%q", l.Value)
		set, err := New(Context, l)
		require.NoError(t, err)
		again, err := Parse(set.JSON(), Context)
		require.NoError(t, err)
		assert.Equal(t, text, again.Text("a"))
	}
	assert.Equal(t, "\U0001f600\xff\n", Label{Value: "\"\\ud83d\\ude00\xff\\n\""}.Text())
	for value, want := range map[string]string{"\"\xff\\x\"": "\xff\\x", "\"\xff\\u12\"": "\xff\\u12", "\"\\\xff": "\\\xff", "\"\xff\\": "\xff\\"} {
		assert.Equal(t, want, Label{Value: value}.Text(), "no JSON: %q", value)
	}
}
