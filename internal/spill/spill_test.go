package spill_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/spill"
)

func put(t *testing.T, f *spill.File, data []byte) {
	t.Helper()
	b, err := f.Reserve(len(data))
	require.NoError(t, err)
	f.Keep(append(b, data...))
}

// TestFile reads every range of data that is partly on disk.
func TestFile(t *testing.T) {
	for _, buffer := range []int{8, 10, 64, 1 << 20} {
		t.Run(fmt.Sprint(buffer), func(t *testing.T) {
			f := spill.New(t.TempDir(), buffer)
			for range 2 { // again after a Reset
				var want []byte
				for i := range 12 {
					data := bytes.Repeat([]byte{byte('a' + i)}, 1+i*i%13) // some exceed the smallest buffer
					require.Equal(t, int64(len(want)), f.Size())
					put(t, &f, data)
					want = append(want, data...)
				}
				for from := range len(want) {
					for to := from; to <= len(want); to++ {
						got := make([]byte, to-from)
						n, err := f.ReadAt(got, int64(from))
						require.NoError(t, err)
						require.Equal(t, string(want[from:to]), string(got[:n]))
					}
				}
				n, err := f.ReadAt(make([]byte, 10), int64(len(want)-3))
				require.ErrorIs(t, err, io.EOF)
				assert.Equal(t, 3, n)
				require.NoError(t, f.Reset())
			}
			require.NoError(t, f.Close())
			require.NoError(t, f.Close())
		})
	}
}

// TestNoFile is that small data makes no file: the folder need not exist.
func TestNoFile(t *testing.T) {
	f := spill.New(filepath.Join(t.TempDir(), "absent"), 16)
	put(t, &f, []byte("small"))
	_, err := f.Reserve(11)
	require.NoError(t, err)
	_, err = f.Reserve(12)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, f.Close())
}
