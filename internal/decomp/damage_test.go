package decomp_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/decomp"
)

// TestTruncated cuts files. The bytes before the cut must be read, followed by
// an error.
func TestTruncated(t *testing.T) {
	forEachForm(t, sampleSize, func(t *testing.T, p packed, data, file []byte) {
		if p.format == decomp.Plain {
			t.Skip("a plain file just ends")
		}
		best := 0
		for _, n := range []int{14, 40, len(file) / 4, len(file) / 2, len(file) - 700, len(file) - 20, len(file) - 1} {
			for _, off := range []int64{0, 1} {
				f := open(t, file[:n], decomp.Limits{}, decomp.NewCache(4<<20))
				got, err := io.ReadAll(f.NewReader(off))
				require.True(t, bytes.HasPrefix(data[off:], got), "%d of %d bytes", n, len(file))
				best = max(best, len(got))
				if len(got) == len(data)-int(off) || p.format == decomp.Compress {
					continue // the cut part holds no contents, or the format cannot detect a cut
				}
				requireError(t, err, p.format)
			}
		}
		assert.Greater(t, best, len(data)/4)
	})
}

func requireError(t *testing.T, err error, format decomp.Format) {
	t.Helper()
	var de *decomp.Error
	require.ErrorAs(t, err, &de)
	assert.Equal(t, format, de.Format)
	require.ErrorIs(t, err, decomp.ErrCorrupt)
	require.NotErrorIs(t, err, io.EOF)
}

// TestFlipped changes bytes in all parts of a file.
func TestFlipped(t *testing.T) {
	forEachForm(t, 12000, func(t *testing.T, p packed, data, file []byte) {
		for i := 0; i < len(file); i += 1 + len(file)/120 {
			bad := slices.Clone(file)
			bad[i] ^= 0x55
			for _, off := range []int64{0, 6000} {
				f, err := decomp.Open(bytes.NewReader(bad), decomp.ID{Size: int64(len(bad))}, decomp.Limits{Window: 1 << 22}, decomp.NewCache(1<<20))
				require.NoError(t, err)
				got, err := io.ReadAll(io.LimitReader(f.NewReader(off), 1<<20))
				var de *decomp.Error
				if err != nil {
					require.ErrorAs(t, err, &de)
				} else if f.Format() == decomp.XZ && !strings.Contains(t.Name(), "no_check") {
					assert.True(t, bytes.Equal(data[off:], got), "byte %d: checksums told nothing", i)
				}
			}
		}
	})
}

func TestWindowLimit(t *testing.T) {
	data := sample(5 << 18) // exceeds the limit
	for name, pack := range map[string]func(t testing.TB, data []byte) []byte{
		"xz":   tool("xz", "-c", "--lzma2=preset=0,dict=64MiB"),
		"lzma": tool("xz", "-c", "--format=lzma", "--lzma1=preset=0,dict=64MiB"),
		"zstd": tool("zstd", "-qc", "--long=27"),
	} {
		t.Run(name, func(t *testing.T) {
			file := pack(t, data)
			for _, off := range []int64{0, 5} {
				_, err := io.ReadAll(open(t, file, decomp.Limits{Window: 1 << 20}, decomp.NewCache(1<<20)).NewReader(off))
				require.ErrorIs(t, err, decomp.ErrLimit)
				assert.ErrorContains(t, err, name+" data near byte ")
			}
			got, err := io.ReadAll(open(t, file, decomp.Limits{}, decomp.NewCache(0)).NewReader(0))
			require.NoError(t, err)
			assert.Equal(t, data, got)
		})
	}
}

var errDisk = errors.New("disk on fire")

// brokenAt fails to read at and after an offset.
type brokenAt struct {
	*bytes.Reader
	at int64
}

func (b brokenAt) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > b.at {
		return 0, errDisk
	}
	return b.Reader.ReadAt(p, off)
}

// TestReadErrors checks that read errors are distinguished from damage.
func TestReadErrors(t *testing.T) {
	forEachForm(t, sampleSize, func(t *testing.T, _ packed, _, file []byte) {
		for _, n := range []int64{5, 100, int64(len(file)) / 2} {
			f, err := decomp.Open(brokenAt{bytes.NewReader(file), n}, decomp.ID{Size: int64(len(file))}, decomp.Limits{}, decomp.NewCache(0))
			if err == nil {
				_, err = io.ReadAll(f.NewReader(0))
			}
			require.ErrorIs(t, err, errDisk)
			require.NotErrorIs(t, err, decomp.ErrCorrupt)
		}
	})
}
