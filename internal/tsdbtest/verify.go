package tsdbtest

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/prometheus/model/labels"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/index"
	"github.com/prometheus/prometheus/tsdb/tombstones"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/internal/blocktest"
)

// VerifyBlock reads a block and compares all facts that the block states twice. Prometheus
// has no such check.
func VerifyBlock(t testing.TB, b write.Block) {
	t.Helper()
	require.Equal(t, []string{"chunks", "index", "meta.json", "pcparchive.json", "tombstones"}, blocktest.Listing(t, b.Dir))
	verifyMeta(t, b)
	deleted, _, err := tombstones.ReadTombstones(b.Dir)
	require.NoError(t, err)
	require.Zero(t, deleted.Total())

	cr, err := chunks.NewDirReader(filepath.Join(b.Dir, "chunks"), nil)
	require.NoError(t, err)
	defer cr.Close()
	ir, err := index.NewFileReader(filepath.Join(b.Dir, "index"), index.DecodePostingsRaw)
	require.NoError(t, err)
	defer ir.Close()

	used := verifySeries(t, b, ir, cr)
	verifySymbols(t, ir, used)
}

// verifyMeta compares meta.json with Prometheus' idea of it and with b.
func verifyMeta(t testing.TB, b write.Block) {
	t.Helper()
	path := filepath.Join(b.Dir, "meta.json")
	var m promtsdb.BlockMeta
	DecodeFile(t, path, &m)
	require.Len(t, m.Compaction.Hints, 1)
	require.Regexp(t, "^[0-9a-f]{64}$", b.Content)
	require.Equal(t, "pcparchive-sha256:"+b.Content, m.Compaction.Hints[0])
	require.Equal(t, promtsdb.BlockMeta{
		ULID: b.ULID, MinTime: b.MinTime, MaxTime: b.MaxTime, Version: 1,
		Stats: promtsdb.BlockStats{
			NumSamples: b.Samples, NumFloatSamples: b.Samples, NumSeries: b.Series, NumChunks: b.Chunks,
		},
		Compaction: promtsdb.BlockMetaCompaction{Level: 1, Sources: []ulid.ULID{b.ULID}, Hints: m.Compaction.Hints},
	}, m)
	ours, err := os.ReadFile(path)
	require.NoError(t, err)
	theirs, err := json.MarshalIndent(m, "", "\t")
	require.NoError(t, err)
	require.Equal(t, string(theirs), string(ours))

	var size int64
	require.NoError(t, filepath.WalkDir(b.Dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		size += info.Size()
		return err
	}))
	require.Equal(t, size, b.Bytes)
}

// verifySeries walks all series and returns their names and values of labels.
func verifySeries(t testing.TB, b write.Block, ir *index.Reader, cr *chunks.Reader) map[string]bool {
	t.Helper()
	used := map[string]bool{}
	got := write.Block{Content: b.Content, ULID: b.ULID, Dir: b.Dir, Bytes: b.Bytes, MinTime: 1<<63 - 1, MaxTime: -1 << 63}
	var builder labels.ScratchBuilder
	var last labels.Labels
	var ref chunks.ChunkRef
	name, value := index.AllPostingsKey()
	p, err := ir.Postings(t.Context(), name, value)
	require.NoError(t, err)
	for p.Next() {
		var metas []chunks.Meta
		require.NoError(t, ir.Series(p.At(), &builder, &metas))
		ls := builder.Labels()
		require.Negative(t, labels.Compare(last, ls), "%s comes after %s", ls, last)
		require.NotEmpty(t, metas)
		ls.Range(func(l labels.Label) { used[l.Name], used[l.Value] = true, true })
		maxt := int64(-1 << 63)
		for i, m := range metas {
			require.Less(t, ref, m.Ref, "chunks are in the index' order")
			require.True(t, i == 0 || maxt < m.MinTime, "chunks overlap")
			got.Samples += uint64(verifyChunk(t, cr, m))
			got.MinTime, got.MaxTime = min(got.MinTime, m.MinTime), max(got.MaxTime, m.MaxTime+1)
			got.Chunks++
			maxt, ref = m.MaxTime, m.Ref
		}
		got.Series++
		last = ls
	}
	require.NoError(t, p.Err())
	require.Equal(t, b, got)
	return used
}

// verifyChunk reads a chunk, checksum included, and returns the number of samples it
// holds.
func verifyChunk(t testing.TB, cr *chunks.Reader, m chunks.Meta) int {
	t.Helper()
	c, iterable, err := cr.ChunkOrIterable(m)
	require.NoError(t, err)
	require.Nil(t, iterable)
	require.Equal(t, chunkenc.EncXOR, c.Encoding())
	require.LessOrEqual(t, len(c.Bytes()), chunkenc.MaxBytesPerXORChunk)
	n := 0
	var last int64
	for it := c.Iterator(nil); it.Next() != chunkenc.ValNone; n++ {
		now := it.AtT()
		if n == 0 {
			require.Equal(t, m.MinTime, now)
		} else if now <= last { // in place of require.Less, which is slow
			require.Failf(t, "order", "%d comes after %d", now, last)
		}
		last = now
	}
	require.Equal(t, m.MaxTime, last)
	require.Equal(t, c.NumSamples(), n)
	require.LessOrEqual(t, n, 120)
	return n
}

// verifySymbols compares the symbol table with the symbols that the series use.
func verifySymbols(t testing.TB, ir *index.Reader, used map[string]bool) {
	t.Helper()
	last := ""
	symbols := ir.Symbols()
	for symbols.Next() {
		s := symbols.At()
		require.Less(t, last, s)
		require.True(t, used[s], "symbol %q has no use", s)
		delete(used, s)
		last = s
	}
	require.NoError(t, symbols.Err())
	require.Empty(t, used)
}
