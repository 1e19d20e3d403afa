package decomp_test

import (
	"bytes"
	"io"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/decomp"
)

// watched counts reads while it is closed.
type watched struct {
	io.ReaderAt
	closed atomic.Bool
	late   atomic.Int32
}

func (w *watched) ReadAt(p []byte, off int64) (int, error) {
	if w.closed.Load() {
		w.late.Add(1)
	}
	return w.ReaderAt.ReadAt(p, off)
}

// TestAheadStops closes readers at all places. Nobody reads the file afterwards,
// and a reader goes on where it was.
func TestAheadStops(t *testing.T) {
	data := sample(sampleSize)
	for _, name := range []string{"xz blocks", "zstd seek table", "xz streams"} {
		t.Run(name, func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
			file := forms[name].pack(t, data)
			for n := 1; n < sampleSize; n += 37117 {
				src := &watched{ReaderAt: bytes.NewReader(file)}
				f, err := decomp.Open(src, decomp.ID{Size: int64(len(file))}, decomp.Limits{}, decomp.NewCache(0))
				require.NoError(t, err)
				r := f.NewReader(0)
				got := make([]byte, n)
				_, err = io.ReadFull(r, got)
				require.NoError(t, err)
				require.True(t, bytes.Equal(data[:n], got))
				require.NoError(t, r.Close())
				src.closed.Store(true)
				runtime.Gosched()
				assert.Zero(t, src.late.Load())
			}
		})
	}
}

// TestAheadDamage damages one block after the other. What precedes the block is
// read, and the error is that of a reader that does not decode ahead.
func TestAheadDamage(t *testing.T) {
	data := sample(sampleSize)
	file := forms["xz blocks"].pack(t, data)
	for i := 200; i < len(file)-200; i += len(file) / 12 {
		bad := bytes.Clone(file)
		bad[i] ^= 0x55
		r := open(t, bad, decomp.Limits{}, decomp.NewCache(0)).NewReader(0)
		got, err := io.ReadAll(r)
		requireError(t, err, decomp.XZ)
		intact := max(len(got)-1, 0) / 30000 * 30000 // a damaged block may return wrong bytes before its error
		require.True(t, bytes.Equal(data[:intact], got[:intact]))
		off, ok := r.Next()
		if ok {
			assert.LessOrEqual(t, int64(len(got)), off)
			rest, err := io.ReadAll(open(t, bad, decomp.Limits{}, decomp.NewCache(0)).NewReader(off))
			require.NoError(t, err)
			assert.True(t, bytes.Equal(data[off:], rest))
		}
		require.NoError(t, r.Close())
	}
}
