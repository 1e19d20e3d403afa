package decomp_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/decomp"
)

// vectors were written by compress(1) of ncompress 4.2.4.6.
var vectors = []struct{ file, want string }{
	{"1f9d90 68cab061f30644c081050f12342870e19d3772d8905100", "hello hello hello hello world\n"},
	{"1f9d90 6102", "a"},
	{"1f9d90", ""},
}

// numbers returns a line for each number below n.
func numbers(n int) (b []byte) {
	for i := range n {
		b = fmt.Appendf(b, "%d\n", i)
	}
	return b
}

// noise returns incompressible bytes.
func noise(n int) []byte {
	b, x := make([]byte, n), uint32(1)
	for i := range b {
		x = (x*1103515245 + 12345) & 0x7fffffff
		b[i] = byte(x >> 16)
	}
	return b
}

func TestCompressVectors(t *testing.T) {
	for _, v := range vectors {
		got, err := io.ReadAll(open(t, archtest.Bytes(t, v.file), decomp.Limits{}, decomp.NewCache(0)).NewReader(0))
		require.NoError(t, err)
		assert.Equal(t, v.want, string(got))
	}
	for name, want := range map[string][]byte{
		"wide.Z":  numbers(3000),                                                                       // 9 to 13 bits
		"clear.Z": append(append(bytes.Repeat([]byte("abcd"), 2600), noise(1500)...), numbers(600)...), // -b 10: table cleared
	} {
		file, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(t, err)
		got, err := io.ReadAll(open(t, file, decomp.Limits{}, decomp.NewCache(0)).NewReader(0))
		require.NoError(t, err)
		assert.True(t, bytes.Equal(want, got), name)
	}
}

func TestCompressErrors(t *testing.T) {
	for file, want := range map[string]string{
		"1f9d90 ff01":   "compress data near byte 5: invalid code: ",
		"1f9d90 61fc07": "compress data near byte 6: invalid code: ",
		"1f9d88 61":     "compress data near byte 4: invalid code width of 8 bits: ",
		"1f9d91":        "compress data near byte 3: invalid code width of 17 bits: ",
		"1f9df0 61":     "compress data near byte 4: invalid code width of 16 bits: ",
		"1f9d":          "compress data near byte 2: it ends too early: ",
	} {
		_, err := io.ReadAll(open(t, archtest.Bytes(t, file), decomp.Limits{}, decomp.NewCache(0)).NewReader(0))
		assert.EqualError(t, err, want+"compressed data is damaged", file)
	}
}
