package decomp_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/decomp"
)

func TestReading(t *testing.T) {
	forEachForm(t, sampleSize, func(t *testing.T, p packed, data, file []byte) {
		for name, cache := range map[string]int64{"no cache": 0, "small cache": sampleSize * 3 / 4, "large cache": 8 << 20} {
			t.Run(name, func(t *testing.T) {
				f := open(t, file, decomp.Limits{}, decomp.NewCache(cache))
				assert.Equal(t, p.format, f.Format())
				assert.Equal(t, p.windows, f.Seekable())
				if size, ok := f.Size(); assert.Equal(t, p.size, ok) && ok {
					assert.EqualValues(t, len(data), size)
				}
				for how, r := range map[string]io.Reader{
					"whole": f.NewReader(0), "halves": iotest.HalfReader(f.NewReader(0)), "nothing, then some": &hesitant{Reader: f.NewReader(0)},
				} {
					got, err := io.ReadAll(r)
					require.NoError(t, err, how)
					require.True(t, bytes.Equal(data, got), how)
				}
			})
		}
	})
}

func TestOffsets(t *testing.T) {
	forEachForm(t, sampleSize, func(t *testing.T, _ packed, data, file []byte) {
		for name, cache := range map[string]int64{"no cache": 0, "small cache": sampleSize * 3 / 4, "large cache": 8 << 20} {
			t.Run(name, func(t *testing.T) {
				c := decomp.NewCache(cache)
				f := open(t, file, decomp.Limits{}, c)
				offsets := []int64{0, 1, 29999, 30000, 30001, int64(len(data)) - 1, int64(len(data)), int64(len(data)) + 9}
				offsets = append(offsets, rand.Int64N(int64(len(data))))
				for _, off := range offsets {
					want := data[min(off, int64(len(data))):]
					r := f.NewReader(off)
					got, err := io.ReadAll(r)
					require.NoError(t, err)
					require.True(t, bytes.Equal(want, got), "from %d", off)
					require.NoError(t, r.Close())

					part := make([]byte, 1000)
					n, err := f.ReadAt(part, off)
					require.Equal(t, want[:min(len(want), 1000)], part[:n])
					if n < len(part) {
						require.ErrorIs(t, err, io.EOF)
					} else {
						require.NoError(t, err)
					}
				}
				assert.LessOrEqual(t, c.Used(), cache)
			})
		}
	})
}

// TestCacheAnswers reads a window again without reading the file.
func TestCacheAnswers(t *testing.T) {
	forEachForm(t, sampleSize, func(t *testing.T, p packed, data, file []byte) {
		if p.format == decomp.Plain {
			t.Skip("nothing is kept of a plain file")
		}
		c := decomp.NewCache(8 << 20)
		src := &counting{ReaderAt: bytes.NewReader(file)}
		id := decomp.ID{Name: "x", Size: int64(len(file))}
		f, err := decomp.Open(src, id, decomp.Limits{}, c)
		require.NoError(t, err)
		part := make([]byte, 10)
		_, err = f.ReadAt(part, 150001)
		require.NoError(t, err)

		src.n = 0
		f, err = decomp.Open(src, id, decomp.Limits{}, c)
		require.NoError(t, err)
		_, err = f.ReadAt(part, 150003)
		require.NoError(t, err)
		assert.Equal(t, data[150003:150013], part)
		assert.LessOrEqual(t, src.n, 1, "the first bytes to tell the format, or fewer")

		id.Size++
		f, err = decomp.Open(bytes.NewReader(append(file, 0)), id, decomp.Limits{}, c)
		if err == nil {
			_, ok := f.Size()
			assert.False(t, ok && p.format != decomp.XZ && p.format != decomp.Zstd, "another state of the file is not the same")
		}
	})
}

type counting struct {
	io.ReaderAt
	n int
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	c.n++
	return c.ReaderAt.ReadAt(p, off)
}

func TestDetect(t *testing.T) {
	for head, want := range map[string]decomp.Format{
		"": decomp.Plain, "\x00": decomp.Plain,
		"\x00\x00\x00\x84\x50\x05\x26\x02\x00\x00\x12\x34\x5f": decomp.Plain, // archive labels
		"\x00\x00\x03\x28\x50\x05\x26\x03\x00\x00\x12\x34\x5f": decomp.Plain,
		string(make([]byte, 13)):                               decomp.Plain,
		"\x5d\x00\x00\x80\x00\xff\xff\xff\xff\xff\xff\xff\xff": decomp.LZMA,
		"\x5d\x00\x00\x80\x00\x10\x00\x00\x00\x00\x00\x00\x00": decomp.LZMA,
		"\x5d\x00\x00\x80\x00\x10\x00\x00\x00\x00\x00\x00\x01": decomp.Plain,
		"\xff\x00\x00\x80\x00\xff\xff\xff\xff\xff\xff\xff\xff": decomp.Plain,
		"\x50\x2a\x4d\x18": decomp.Zstd, "BZh9": decomp.Bzip2, "\x1f\x9d\x90": decomp.Compress,
	} {
		assert.Equal(t, want, decomp.Detect([]byte(head)), "%q", head)
	}
	assert.Equal(t, "xz", decomp.XZ.String())
}

func FuzzFile(f *testing.F) {
	for name, p := range forms {
		if _, err := os.Stat("/usr/bin/" + map[decomp.Format]string{
			decomp.XZ: "xz", decomp.LZMA: "xz", decomp.Bzip2: "bzip2", decomp.Gzip: "gzip", decomp.Zstd: "zstd",
		}[p.format]); err == nil && p.format != decomp.Compress && p.format != decomp.Plain && name != "zstd many frames" {
			f.Add(p.pack(f, sample(3000)), int64(1000))
		}
	}
	for _, vector := range vectors {
		f.Add(archtest.Bytes(f, vector.file), int64(3))
	}
	f.Fuzz(func(t *testing.T, file []byte, off int64) {
		d, err := decomp.Open(bytes.NewReader(file), decomp.ID{Size: int64(len(file))}, decomp.Limits{Window: 1 << 20}, decomp.NewCache(1<<20))
		require.NoError(t, err)
		for _, at := range []int64{0, off} {
			r := d.NewReader(max(at, 0))
			_, err = io.Copy(io.Discard, io.LimitReader(r, 1<<20))
			var de *decomp.Error
			require.True(t, err == nil || errors.As(err, &de))
			require.NoError(t, r.Close())
		}
	})
}
