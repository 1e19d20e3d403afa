package safetext_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/safetext"
)

const hostile = "a\x1b[2Jü\u009b31m\u202eb\x07\xff\xc3\x28\u2028\x7f€\r"

func TestText(t *testing.T) {
	assert.Equal(t, `a\x1b[2Jü\u009b31m\u202eb\x07\xff\xc3(\u2028\x7f€\r`, string(safetext.Append(nil, []byte(hostile))))
	assert.Equal(t, "two\n\tlines ü", string(safetext.Append(nil, []byte("two\n\tlines ü"))))
	assert.Equal(t, `two\n\tlines ü`, safetext.Line("two\n\tlines ü"))
	assert.Equal(t, "plain ü", safetext.Line("plain ü"))
}

// TestWriter splits characters at any byte.
func TestWriter(t *testing.T) {
	want := string(safetext.Append(nil, []byte(hostile)))
	for size := 1; size < len(hostile); size++ {
		var b strings.Builder
		w := &safetext.Writer{W: &b}
		for text := hostile; text != ""; {
			n := min(size, len(text))
			got, err := w.Write([]byte(text[:n]))
			require.NoError(t, err)
			require.Equal(t, n, got)
			text = text[n:]
		}
		require.NoError(t, w.Flush())
		assert.Equal(t, want, b.String(), size)
	}
	var b strings.Builder
	w := &safetext.Writer{W: &b}
	_, err := w.Write([]byte("€\xe2\x82"))
	require.NoError(t, err)
	require.NoError(t, w.Flush())
	require.NoError(t, w.Flush())
	assert.Equal(t, `€\xe2\x82`, b.String())
	broken := &safetext.Writer{W: failing{}}
	_, err = broken.Write([]byte("x"))
	require.ErrorIs(t, err, iotest.ErrTimeout)
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, iotest.ErrTimeout }

type embedded struct{ Inner string }

type odd struct {
	embedded
	Name    string
	List    []string
	Map     map[string]any
	Ptr     *string
	Raw     json.RawMessage
	Any     any
	Array   [1]string
	Bytes   []byte
	Nothing *string  `json:",omitempty"`
	None    []string `json:",omitempty"`
	hidden  string
}

// decode returns the bytes of a JSON string, as Python's surrogateescape does.
func decode(t *testing.T, text string) string {
	t.Helper()
	const stands = "\U0010f000" // stands for a surrogate in the decoded text
	var s string
	for b := 0x80; b <= 0xff; b++ {
		text = strings.ReplaceAll(text, `\udc`+strings.ToLower(string("0123456789abcdef"[b>>4])+string("0123456789abcdef"[b&15])), stands+string(rune(b+0x100)))
	}
	require.NoError(t, json.Unmarshal([]byte(text), &s))
	for b := 0x80; b <= 0xff; b++ {
		s = strings.ReplaceAll(s, stands+string(rune(b+0x100)), string([]byte{byte(b)}))
	}
	return s
}

func TestJSON(t *testing.T) {
	bad := "bad\xff\xc3"
	v := odd{
		embedded{bad}, hostile, []string{bad}, map[string]any{bad: bad}, &bad, json.RawMessage("\"raw\xfe\""), &odd{Name: bad},
		[1]string{bad}, []byte("\xff"), nil, nil, bad,
	}
	text, err := safetext.Marshal(v, "")
	require.NoError(t, err)
	assert.True(t, json.Valid(text))
	const want = `"bad\udcff\udcc3"`
	assert.Equal(t, 7, strings.Count(string(text), want), "%s", text)
	assert.Contains(t, string(text), `"Raw":"raw\udcfe"`)
	for _, b := range text {
		require.False(t, b < 0x20 || b == 0x7f)
	}
	assert.NotContains(t, string(text), "\u009b")
	assert.NotContains(t, string(text), "\u202e")
	assert.Contains(t, string(text), `€`)
	assert.Equal(t, hostile, v.Name, "what was given stays")

	for _, s := range []string{hostile, bad, "ü\u200e\ufffd", "\xed\xb2\x80", "\U00100041\xff", "", `\ufffd`, "\\\xff"} {
		text, err := safetext.Marshal(s, "")
		require.NoError(t, err)
		assert.Equal(t, s, decode(t, string(text)), "%s", text)
	}
	text, err = safetext.Marshal(map[string]int{"a": 1}, "  ")
	require.NoError(t, err)
	assert.Equal(t, "{\n  \"a\": 1\n}", string(text))
	_, err = safetext.Marshal(broken{}, "")
	require.Error(t, err)

	var all []rune // a character of each block of private use
	for r := rune(0x100000); r < 0x10ff00; r += 0x100 {
		all = append(all, r)
	}
	_, err = safetext.Marshal([]string{string(all), "\xff"}, "")
	require.ErrorContains(t, err, "private-use")
	text, err = safetext.Marshal([]string{string(all[1:]), "\xff"}, "")
	require.NoError(t, err)
	assert.Contains(t, string(text), `"\udcff"`)
}

type broken struct{}

func (broken) MarshalJSON() ([]byte, error) { return nil, errors.New("no") }
