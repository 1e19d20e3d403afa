package decomp_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/decomp"
)

// mixture returns bytes of all kinds: those that cannot be compressed, which xz stores as
// they are, repetitions of short and long passages, and text.
func mixture(size int) []byte {
	random := rand.New(rand.NewPCG(3, 7))
	var b []byte
	for len(b) < size {
		switch n := 1 + random.IntN(3000); random.IntN(5) {
		case 0:
			for range 40 * n {
				b = append(b, byte(random.Uint32()))
			}
		case 1:
			b = append(b, bytes.Repeat([]byte{byte(n)}, n)...)
		case 2:
			b = append(b, bytes.Repeat([]byte("passage"), n/7)...)
		case 3:
			if back := 1 + random.IntN(len(b)+1); back < len(b) {
				b = append(b, b[len(b)-back:min(len(b), len(b)-back+n)]...)
			}
		default:
			b = append(b, sample(n)...)
		}
	}
	return b[:size]
}

// TestXZBlocks reads what xz writes with all kinds of properties, dictionaries, checks and
// filters, with reads of all lengths.
func TestXZBlocks(t *testing.T) {
	data := mixture(700000)
	for _, args := range [][]string{
		{"-0"}, {"-9e"}, {"--check=none"}, {"--check=crc32"}, {"--check=sha256"},
		{"--lzma2=dict=4KiB,lc=0,lp=4,pb=4"}, {"--lzma2=dict=6KiB,lc=4,lp=0,pb=0"}, {"--lzma2=dict=64KiB,lc=1,lp=2,pb=3", "--block-size=100000"},
		{"--block-list=1000,1,3333,200000,0"}, {"-T2", "--block-size=70000"}, // these blocks state their sizes
		{"--x86", "--lzma2=preset=1"}, {"--delta=dist=4", "--lzma2=preset=0"}, // not our decoder
	} {
		file := tool("xz", append(args, "-c")...)(t, data)
		f := open(t, file, decomp.Limits{}, decomp.NewCache(0))
		for how, r := range map[string]io.Reader{
			"long": f.NewReader(0), "short": &pieces{Reader: f.NewReader(0), random: rand.New(rand.NewPCG(1, 1))},
			"halves": iotest.HalfReader(f.NewReader(0)),
		} {
			got, err := io.ReadAll(r)
			require.NoError(t, err, "%v %s", args, how)
			require.True(t, bytes.Equal(data, got), "%v %s", args, how)
		}
	}
}

// pieces reads pieces of random lengths.
type pieces struct {
	io.Reader
	random *rand.Rand
}

func (r *pieces) Read(p []byte) (int, error) {
	return r.Reader.Read(p[:min(len(p), 1+r.random.IntN(500))])
}

// TestXZBlockDamage changes bytes of blocks. A check finds each change, and the other blocks
// can be read.
func TestXZBlockDamage(t *testing.T) {
	data := mixture(150000)
	for _, check := range []string{"crc32", "crc64", "sha256"} {
		file := tool("xz", "--check="+check, "--block-size=50000", "-c")(t, data)
		index := bytes.LastIndex(file, []byte{0, 3}) // an index of three blocks
		require.Positive(t, index)
		for i := 12; i < index; i += 1 + len(file)/300 {
			bad := bytes.Clone(file)
			bad[i] ^= 1 << (i % 8)
			_, err := io.ReadAll(open(t, bad, decomp.Limits{}, decomp.NewCache(0)).NewReader(0))
			requireError(t, err, decomp.XZ)
			got, f := 0, open(t, bad, decomp.Limits{}, decomp.NewCache(1<<20))
			for off := int64(0); off < int64(len(data)); off += 50000 {
				part := make([]byte, 1000)
				n, err := f.ReadAt(part, off)
				if err == nil && bytes.Equal(part[:n], data[off:][:n]) {
					got++
				}
			}
			assert.GreaterOrEqual(t, got, 2, "one block is damaged at most")
		}
	}
}
