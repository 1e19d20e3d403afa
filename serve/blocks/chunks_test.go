package blocks

import (
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestHostileChunks has chunks with right checksums that package chunkenc cannot decode
// without a panic or without memory for billions of buckets. A selection takes a chunk
// whole, or only a part of it; package tsdb decodes the latter itself.
func TestHostileChunks(t *testing.T) {
	layout := "\xc0\x02s\xd18\xa9\xa8\xa8\x94\x95g?\xf0\x00\u0180\xa8\xa8\x94\x95g?\xf0\x0003'"
	for name, c := range map[string]struct {
		enc  chunkenc.Encoding
		data string
		want string
	}{
		"a layout beyond the end":           {chunkenc.EncFloatHistogram, layout, "the layout of the histograms"},
		"the same, of integers":             {chunkenc.EncHistogram, layout, "the layout of the histograms"},
		"the same, with start times":        {chunkenc.EncHistogramST, layout, "the layout of the histograms"},
		"the same, floats with start times": {chunkenc.EncFloatHistogramST, layout, "the layout of the histograms"},
		"no head":                           {chunkenc.EncXOR, "\x00", "head"},
		"an unknown encoding":               {9, "\x00\x01\x02", "encoding 9"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			bad := write(t, dir, 0, 60, "a")
			write(t, dir, 60, 60, "a")
			segment := filepath.Join(bad, "chunks", "000001")
			head, err := os.ReadFile(segment)
			require.NoError(t, err)
			body := append([]byte{byte(c.enc)}, c.data...)
			chunk := append(binary.AppendUvarint(head[:8:8], uint64(len(c.data))), body...)
			chunk = binary.BigEndian.AppendUint32(chunk, crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
			// The index may expect a longer chunk.
			require.NoError(t, os.WriteFile(segment, append(chunk, make([]byte, 256)...), 0o644))

			s := Open([]string{dir}, nil)
			defer func() { assert.NoError(t, s.Close()) }()
			for expr, want := range map[string]string{
				`count_over_time(up[2h])`:  `{job="a"} => 60 @[7140000]`,
				`count_over_time(up[70m])`: `{job="a"} => 60 @[7140000]`,
			} {
				got, warnings, err := ask(t, s, expr, 119*60_000)
				require.NoError(t, err)
				assert.Equal(t, want, got)
				require.Len(t, warnings, 1)
				assert.Contains(t, warnings[0], bad)
				assert.Contains(t, warnings[0], c.want)
			}
		})
	}
}
