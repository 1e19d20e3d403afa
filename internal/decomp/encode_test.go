package decomp_test

import (
	"bytes"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/decomp"
)

// metered counts the bytes read from a file.
type metered struct {
	io.ReaderAt
	n atomic.Int64
}

func (c *metered) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, off)
	c.n.Add(int64(n))
	return n, err
}

// pack compresses raw in writes of odd lengths.
func pack(t *testing.T, raw []byte, f decomp.Format) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := decomp.NewWriter(&out, f)
	require.NoError(t, err)
	for step := 1; len(raw) > 0; step = step*3 + 1 {
		n := min(step, len(raw))
		got, err := w.Write(raw[:n])
		require.NoError(t, err)
		require.Equal(t, n, got)
		raw = raw[n:]
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

func openBytes(t *testing.T, b []byte, c *decomp.Cache) (*decomp.File, *metered) {
	t.Helper()
	src := &metered{ReaderAt: bytes.NewReader(b)}
	f, err := decomp.Open(src, decomp.ID{Name: fmt.Sprint(len(b)), Size: int64(len(b)), ModTime: time.Unix(1, 0)}, decomp.Limits{}, c)
	require.NoError(t, err)
	return f, src
}

// TestWriter decodes the output with this package and with the format's program.
func TestWriter(t *testing.T) {
	for _, n := range []int{0, 1, decomp.FrameSize - 1, decomp.FrameSize, decomp.FrameSize + 1, 3*decomp.FrameSize + 7} {
		raw := noise(n)
		for format, program := range map[decomp.Format][]string{decomp.Zstd: {"zstd", "-dqc"}, decomp.Gzip: {"gzip", "-dc"}, decomp.XZ: {"xz", "-dc"}} {
			b := pack(t, raw, format)
			assert.Equal(t, format, decomp.Detect(b))
			f, _ := openBytes(t, b, decomp.NewCache(1<<20))
			got, err := io.ReadAll(f.NewReader(0))
			require.NoError(t, err)
			require.True(t, bytes.Equal(raw, got), "%s of %d bytes", format, n)
			require.True(t, bytes.Equal(raw, archtest.Pack(t, b, program[0], program[1:]...)), "%s of %d bytes", program, n)
			if format == decomp.Zstd {
				size, ok := f.Size()
				assert.True(t, ok && size == int64(n))
				assert.Equal(t, n > decomp.FrameSize, f.Seekable())
			}
		}
	}
	_, err := decomp.NewWriter(io.Discard, decomp.LZMA)
	require.ErrorContains(t, err, "lzma can only be read, not written")
}

// TestWriterSeeks checks that reading in the middle of a file does not read the
// frames before it.
func TestWriterSeeks(t *testing.T) {
	raw := noise(8*decomp.FrameSize + 100)
	f, src := openBytes(t, pack(t, raw, decomp.Zstd), decomp.NewCache(32<<20))
	assert.Less(t, src.n.Load(), int64(1000), "the table, not the headers of frames")
	assert.True(t, f.RandomAccess())
	got := make([]byte, 1000)
	for _, off := range []int64{7*decomp.FrameSize + 5, 3 * decomp.FrameSize, decomp.FrameSize - 500} {
		before := src.n.Load()
		_, err := f.ReadAt(got, off)
		require.NoError(t, err)
		require.True(t, bytes.Equal(raw[off:off+1000], got))
		assert.Less(t, src.n.Load()-before, int64(2*decomp.FrameSize+2000))
	}
}

type failingWriter struct{ left int }

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestWriterFails(t *testing.T) {
	raw := noise(2*decomp.FrameSize + 5)
	whole := len(pack(t, raw, decomp.Zstd))
	for _, room := range []int{0, decomp.FrameSize + 100, 2*decomp.FrameSize + 100, whole - 1, whole} {
		w, err := decomp.NewWriter(&failingWriter{room}, decomp.Zstd)
		require.NoError(t, err)
		_, err = w.Write(raw)
		if err == nil {
			err = w.Close()
		} else {
			require.ErrorIs(t, w.Close(), io.ErrShortWrite)
		}
		assert.Equal(t, room < whole, err != nil, "%d bytes", room)
	}
}
