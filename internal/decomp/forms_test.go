package decomp_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

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

// samples and files cache samples by size, and compressed samples by format and size.
// Tests must not change them.
var (
	samples = map[int][]byte{}
	files   = map[string][]byte{}
)

// packedSample returns a sample, plain and in a format.
func packedSample(t testing.TB, form string, size int) (data, file []byte) {
	t.Helper()
	if samples[size] == nil {
		samples[size] = slices.Clip(sample(size))
	}
	key := fmt.Sprint(form, size)
	if files[key] == nil {
		files[key] = slices.Clip(forms[form].pack(t, samples[size]))
	}
	return samples[size], files[key]
}

// forEachForm runs a test for a sample in every format.
func forEachForm(t *testing.T, size int, run func(t *testing.T, p packed, data, file []byte)) {
	for name, p := range forms {
		t.Run(name, func(t *testing.T) {
			data, file := packedSample(t, name, size)
			run(t, p, data, file)
		})
	}
}
