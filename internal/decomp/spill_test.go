package decomp_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/decomp"
)

// tally creates temporary files and counts those that are open.
type tally struct {
	dir           string
	room          int64 // bytes that a file takes; 0 means any number
	made, open    atomic.Int32
	failCreations bool
}

func (c *tally) create() (decomp.SpillFile, error) {
	if c.failCreations {
		return nil, os.ErrPermission
	}
	f, err := os.CreateTemp(c.dir, "spill")
	if err != nil {
		return nil, err
	}
	c.made.Add(1)
	c.open.Add(1)
	return &talliedFile{f, c}, nil
}

type talliedFile struct {
	*os.File
	of *tally
}

func (f *talliedFile) WriteAt(b []byte, off int64) (int, error) {
	if f.of.room > 0 && off+int64(len(b)) > f.of.room {
		return 0, io.ErrShortWrite
	}
	return f.File.WriteAt(b, off)
}

func (f *talliedFile) Close() error {
	f.of.open.Add(-1)
	return f.File.Close()
}

func spilling(t testing.TB, limit int64) (*decomp.Cache, *tally) {
	files := &tally{dir: t.TempDir()}
	c := decomp.NewCache(100 << 10) // no window of the samples fits
	c.SetSpill(decomp.Spill{Limit: limit, Create: files.create})
	return c, files
}

// longSample is longer than the part of a window that stays in memory.
const longSample = 5 << 18

// tight is less room than the long sample takes.
const tight = longSample - 100<<10

// wholeForms runs a test with formats that have a single window, all of them if none
// is named.
func wholeForms(t *testing.T, run func(t *testing.T, data, file []byte), names ...string) {
	if names == nil {
		names = []string{"xz", "lzma", "gzip", "zstd", "zstd no size"}
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			data, file := packedSample(t, name, longSample)
			run(t, data, file)
		})
	}
}

// TestSpillDecodesOnce reads a window several times. Only the first reading
// reads the compressed file.
func TestSpillDecodesOnce(t *testing.T) {
	wholeForms(t, func(t *testing.T, data, file []byte) {
		c, files := spilling(t, 1<<30)
		src := &counting{ReaderAt: bytes.NewReader(file)}
		id := decomp.ID{Name: "x", Size: int64(len(file))}
		first, err := decomp.Open(src, id, decomp.Limits{}, c)
		require.NoError(t, err)
		r := first.NewReader(0)
		part := make([]byte, longSample/2)
		_, err = io.ReadFull(r, part) // a reader that stops halfway leaves the rest to the next
		require.NoError(t, err)
		require.NoError(t, r.Close())
		assert.False(t, first.Seekable())

		f, err := decomp.Open(src, id, decomp.Limits{}, c)
		require.NoError(t, err)
		got, err := io.ReadAll(f.NewReader(0))
		require.NoError(t, err)
		require.True(t, bytes.Equal(data, got))

		src.n = 0
		assert.True(t, f.Seekable())
		assert.True(t, f.RandomAccess())
		size, ok := f.Size()
		assert.True(t, ok)
		assert.EqualValues(t, longSample, size)
		for _, off := range []int64{0, 1, 1<<20 - 1, 1 << 20, longSample - 1, longSample, longSample + 7} {
			got, err := io.ReadAll(f.NewReader(off))
			require.NoError(t, err)
			require.True(t, bytes.Equal(data[min(off, longSample):], got), "from %d", off)
		}
		assert.Zero(t, src.n, "the compressed file is not read again")
		assert.EqualValues(t, 1, files.made.Load())
	})
}

// TestSpillFallsBack reads with too little room: the limit, the disk, or no file
// at all. The contents are the same.
func TestSpillFallsBack(t *testing.T) {
	wholeForms(t, func(t *testing.T, data, file []byte) {
		for name, prepare := range map[string]func() *decomp.Cache{
			"limit": func() *decomp.Cache { c, _ := spilling(t, tight); return c },
			"disk":  func() *decomp.Cache { c, files := spilling(t, 1<<30); files.room = tight; return c },
			"none":  func() *decomp.Cache { c, files := spilling(t, 1<<30); files.failCreations = true; return c },
		} {
			c := prepare()
			f := open(t, file, decomp.Limits{}, c)
			a, b := f.NewReader(0), f.NewReader(0)
			head := make([]byte, 1<<20)
			_, err := io.ReadFull(b, head)
			require.NoError(t, err)
			got, err := io.ReadAll(a) // takes the decoder
			require.NoError(t, err)
			require.True(t, bytes.Equal(data, got), name)
			rest, err := io.ReadAll(b)
			require.NoError(t, err)
			require.True(t, bytes.Equal(data[len(head):], rest), name)
			require.NoError(t, errors.Join(a.Close(), b.Close()))
			got, err = io.ReadAll(f.NewReader(longSample - 9))
			require.NoError(t, err)
			require.Equal(t, data[longSample-9:], got)
		}
	})
}

// TestSpillDamage reads a damaged window twice: the same bytes and the same
// error as without files.
func TestSpillDamage(t *testing.T) {
	wholeForms(t, func(t *testing.T, data, file []byte) {
		bad := bytes.Clone(file)
		for i := len(bad) * 3 / 4; i < len(bad)*3/4+40; i++ {
			bad[i] ^= 0x5a
		}
		// Some decoders return less to longer reads, so all read alike.
		read := func(f *decomp.File, off int64) ([]byte, error) {
			r := f.NewReader(off)
			defer r.Close()
			var got bytes.Buffer
			_, err := io.CopyBuffer(struct{ io.Writer }{&got}, struct{ io.Reader }{r}, make([]byte, 4<<10))
			return got.Bytes(), err
		}
		want, wantErr := read(open(t, bad, decomp.Limits{}, decomp.NewCache(0)), 0)
		require.Error(t, wantErr)
		require.True(t, bytes.HasPrefix(data, want[:len(want)/2]))
		c, _ := spilling(t, 1<<30)
		for range 2 {
			f := open(t, bad, decomp.Limits{}, c)
			got, err := read(f, 0)
			require.True(t, bytes.Equal(want, got))
			require.Equal(t, wantErr, err)
			assert.False(t, f.Seekable())
			got, err = read(f, 1000)
			require.True(t, bytes.Equal(want[1000:], got))
			require.Equal(t, wantErr, err)
			_, err = read(f, longSample-1)
			require.ErrorIs(t, err, decomp.ErrCorrupt)
			_, ok := f.Hold(nil)
			assert.False(t, ok)
		}
	})
}

// TestSpillBound opens more windows than the cache may keep.
func TestSpillBound(t *testing.T) {
	data, file := packedSample(t, "zstd", longSample)
	c, files := spilling(t, 2*longSample+longSample/2)
	for i := range 5 {
		id := decomp.ID{Name: filepath.Join("f", string(rune('a'+i))), Size: int64(len(file))}
		f, err := decomp.Open(bytes.NewReader(file), id, decomp.Limits{}, c)
		require.NoError(t, err)
		r := f.NewReader(0)
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		require.True(t, bytes.Equal(data, got))
		require.NoError(t, r.Close())
		assert.True(t, f.Seekable())
		assert.LessOrEqual(t, files.open.Load(), int32(2))
	}
	assert.EqualValues(t, 5, files.made.Load())
}

// TestSpillTogether reads a window in several goroutines, from its beginning and
// from random offsets, while others hold it.
func TestSpillTogether(t *testing.T) {
	wholeForms(t, func(t *testing.T, data, file []byte) {
		for _, limit := range []int64{1 << 30, tight} {
			c, _ := spilling(t, limit)
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					id := decomp.ID{Name: "x", Size: int64(len(file))}
					f, err := decomp.Open(bytes.NewReader(file), id, decomp.Limits{}, c)
					if !assert.NoError(t, err) {
						return
					}
					for _, off := range []int64{0, rand.Int64N(longSample)} {
						r := f.NewReader(off)
						got, err := io.ReadAll(r)
						assert.NoError(t, err)
						assert.True(t, bytes.Equal(data[off:], got))
						assert.NoError(t, r.Close())
					}
				})
			}
			wg.Wait()
		}
	}, "xz", "zstd no size")
}

// TestSpillGone checks that the file goes with the cache.
func TestSpillGone(t *testing.T) {
	files := func() *tally {
		c, files := spilling(t, 1<<30)
		_, file := packedSample(t, "zstd", longSample)
		f := open(t, file, decomp.Limits{}, c)
		r := f.NewReader(0)
		_, err := io.Copy(io.Discard, struct{ io.Reader }{r})
		require.NoError(t, err)
		require.NoError(t, r.Close())
		require.EqualValues(t, 1, files.open.Load())
		return files
	}()
	for range 1000 {
		runtime.GC()
		if files.open.Load() == 0 {
			return
		}
		runtime.Gosched()
	}
	t.Fatal("the file remains")
}
