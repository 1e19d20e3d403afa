package decomp_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/decomp"
)

// sampleSize is the length of most samples. It takes several windows in every
// format that has windows, and exceeds the small caches of the tests. Each
// format is packed once.
const sampleSize = 300000

// sample returns compressible text without repeated passages.
func sample(size int) []byte {
	var b []byte
	for i := 0; len(b) < size; i++ {
		b = fmt.Appendf(b, "%d: line %x of the sample\n", i, i*i*7919)
	}
	return b[:size]
}

// packed is a compressed file with its format and properties.
type packed struct {
	format  decomp.Format
	windows bool // has more than one window
	size    bool // the size is known without decoding
	pack    func(t testing.TB, data []byte) []byte
}

func tool(program string, args ...string) func(t testing.TB, data []byte) []byte {
	return func(t testing.TB, data []byte) []byte { return archtest.Pack(t, data, program, args...) }
}

// parts compresses parts of data separately and joins the files.
func parts(n int, between string, pack func(t testing.TB, data []byte) []byte) func(t testing.TB, data []byte) []byte {
	return func(t testing.TB, data []byte) (all []byte) {
		for chunk := range slices.Chunk(data, (len(data)+n-1)/n) {
			all = append(append(all, pack(t, chunk)...), between...)
		}
		return all
	}
}

// sized compresses a file with zstd, which stores the size in the frame.
func sized(args ...string) func(t testing.TB, data []byte) []byte {
	return func(t testing.TB, data []byte) []byte {
		name := filepath.Join(t.TempDir(), "data")
		require.NoError(t, os.WriteFile(name, data, 0o600))
		return archtest.Pack(t, nil, "zstd", append(args, "-qc", name)...)
	}
}

// seekTable compresses with zstd in frames without sizes and adds a seek table.
func seekTable(checksums bool) func(t testing.TB, data []byte) []byte {
	return func(t testing.TB, data []byte) []byte {
		var file, list []byte
		n, flags := uint32(0), byte(0)
		for chunk := range slices.Chunk(data, 140<<10) {
			frame := archtest.Pack(t, chunk, "zstd", "-qc")
			file = append(file, frame...)
			list = binary.LittleEndian.AppendUint32(list, uint32(len(frame)))
			list = binary.LittleEndian.AppendUint32(list, uint32(len(chunk)))
			if checksums {
				list, flags = append(list, 1, 2, 3, 4), 0x80
			}
			n++
		}
		list = append(binary.LittleEndian.AppendUint32(list, n), flags, 0xb1, 0xea, 0x92, 0x8f)
		file = binary.LittleEndian.AppendUint32(file, 0x184d2a5e)
		file = binary.LittleEndian.AppendUint32(file, uint32(len(list)))
		return append(file, list...)
	}
}

var forms = map[string]packed{
	"plain":               {decomp.Plain, true, true, func(_ testing.TB, data []byte) []byte { return data }},
	"xz":                  {decomp.XZ, false, true, tool("xz", "-c")},
	"xz blocks":           {decomp.XZ, true, true, tool("xz", "-c", "--block-size=30000")},
	"xz blocks CRC-32":    {decomp.XZ, true, true, tool("xz", "-c", "-C", "crc32", "-T2", "--block-size=41153")},
	"xz blocks SHA-256":   {decomp.XZ, true, true, tool("xz", "-c", "-C", "sha256", "--block-size=130000")},
	"xz blocks no check":  {decomp.XZ, true, true, tool("xz", "-c", "-C", "none", "--block-size=130000")},
	"xz filter":           {decomp.XZ, true, true, tool("xz", "-c", "--block-size=100000", "--x86", "--delta=dist=4", "--lzma2=preset=1")},
	"xz streams":          {decomp.XZ, true, true, parts(3, "", tool("xz", "-c", "--block-size=60000"))},
	"xz streams, padding": {decomp.XZ, true, true, parts(4, "\x00\x00\x00\x00\x00\x00\x00\x00", tool("xz", "-c"))},
	"lzma":                {decomp.LZMA, false, false, tool("xz", "-c", "--format=lzma")},
	"lzma preset 1":       {decomp.LZMA, false, false, tool("xz", "-c", "--format=lzma", "-1e")},
	"lzma, size known": {decomp.LZMA, false, false, func(t testing.TB, data []byte) []byte {
		file := tool("xz", "-c", "--format=lzma", "--lzma1=preset=6,lc=1,lp=2,pb=1,dict=64KiB")(t, data)
		binary.LittleEndian.PutUint64(file[5:], uint64(len(data)))
		return file
	}},
	"bzip2":               {decomp.Bzip2, false, false, tool("bzip2", "-c1")},
	"bzip2 streams":       {decomp.Bzip2, false, false, parts(3, "", tool("bzip2", "-c1"))},
	"gzip":                {decomp.Gzip, false, false, tool("gzip", "-c")},
	"gzip members":        {decomp.Gzip, false, false, parts(3, "", tool("gzip", "-c9"))},
	"zstd":                {decomp.Zstd, false, true, sized()},
	"zstd long":           {decomp.Zstd, false, true, sized("-3", "--long=27")},
	"zstd no size":        {decomp.Zstd, false, false, tool("zstd", "-qc")},
	"zstd frames":         {decomp.Zstd, true, true, parts(5, "", sized())},
	"zstd many frames":    {decomp.Zstd, true, true, parts(30, "", sized("--no-check"))},
	"zstd frames between": {decomp.Zstd, true, true, parts(5, "\x53\x2a\x4d\x18\x03\x00\x00\x00abc", sized())},
	"zstd last no size": {decomp.Zstd, true, false, func(t testing.TB, data []byte) []byte {
		half := len(data) / 2
		return append(sized()(t, data[:half]), tool("zstd", "-qc")(t, data[half:])...)
	}},
	"zstd seek table":            {decomp.Zstd, true, true, seekTable(false)},
	"zstd seek table, checksums": {decomp.Zstd, true, true, seekTable(true)},
	"compress":                   {decomp.Compress, false, false, tool("compress", "-c")},
	"compress 10 bits":           {decomp.Compress, false, false, tool("compress", "-c", "-b", "10")},
}

// hesitant reads nothing, then one byte, then a few.
type hesitant struct {
	io.Reader
	n int
}

func (h *hesitant) Read(p []byte) (int, error) {
	h.n++
	return h.Reader.Read(p[:min(len(p), h.n%3*(1+h.n%7*1000))])
}

func open(t testing.TB, file []byte, l decomp.Limits, c *decomp.Cache) *decomp.File {
	f, err := decomp.Open(bytes.NewReader(file), decomp.ID{Name: t.Name(), Size: int64(len(file))}, l, c)
	require.NoError(t, err)
	return f
}

// files caches compressed samples by format and size. Tests must not change
// them.
var files = map[string][]byte{}

// forEachForm runs a test for a sample in every format.
func forEachForm(t *testing.T, size int, run func(t *testing.T, p packed, data, file []byte)) {
	data := sample(size)
	for name, p := range forms {
		t.Run(name, func(t *testing.T) {
			key := fmt.Sprint(name, size)
			if files[key] == nil {
				files[key] = slices.Clip(p.pack(t, data))
			}
			run(t, p, data, files[key])
		})
	}
}

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
