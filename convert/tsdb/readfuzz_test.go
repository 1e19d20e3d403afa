package tsdb_test

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	promrecord "github.com/prometheus/prometheus/tsdb/record"
	"github.com/prometheus/prometheus/tsdb/tombstones"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/tsdb"
)

// readAnything reads a folder that may hold anything. All that it may not do is
// to fail, but for naming what is damaged, and to yield what is out of order.
func readAnything(t *testing.T, dir string) {
	r, err := tsdb.OpenReader(t.Context(), []string{dir}, tsdb.ReadOptions{Memory: 1 << 16})
	if err != nil {
		return
	}
	g := &gatherer{t: t, got: content{}}
	require.NoError(t, r.Samples(t.Context(), g))
	for series, points := range g.got {
		for i := range points {
			require.True(t, i == 0 || points[i-1].t < points[i].t, series)
		}
	}
	_, err = r.LabelValues(t.Context(), "a")
	require.NoError(t, err)
	require.NoError(t, r.Close())
	dirs, _ := tsdb.FindBlocks([]string{dir})
	for range tsdb.Verify(t.Context(), dirs, tsdb.VerifyOptions{Limit: -1}) {
		continue
	}
}

// FuzzReadBlock has the files of a block.
func FuzzReadBlock(f *testing.F) {
	folder := craft(f, f.TempDir(), crafted{series: []craftedSeries{plainSeries("b", "1"), plainSeries("b", "2")}})
	var files [3][]byte
	for i, name := range []string{"index", "chunks/000001", "meta.json"} {
		var err error
		files[i], err = os.ReadFile(filepath.Join(folder, name))
		require.NoError(f, err)
	}
	f.Add(files[0], files[1], files[2], []byte(nil), []byte(nil))
	f.Add(files[0], files[1][:20], files[2], []byte("x"), []byte("{}"))
	f.Add(files[0][:100], files[1], files[2], []byte(nil), []byte(`{"format":"pcparchive block metadata","version":1}`))
	f.Fuzz(func(t *testing.T, index, chunks, meta, deleted, sidecar []byte) {
		dir := filepath.Join(t.TempDir(), "01JD0000000000000000000000")
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "chunks"), 0o777))
		for name, data := range map[string][]byte{
			"index": index, "chunks/000001": chunks, "meta.json": meta, tombstones.TombstonesFilename: deleted, tsdb.SidecarName: sidecar,
		} {
			if data != nil {
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o666))
			}
		}
		readAnything(t, dir)
	})
}

// FuzzReadChunk has a chunk whose checksum is right.
func FuzzReadChunk(f *testing.F) {
	good := craft(f, f.TempDir(), crafted{series: []craftedSeries{plainSeries()}})
	segment, err := os.ReadFile(filepath.Join(good, "chunks", "000001"))
	require.NoError(f, err)
	const head = 8 // of the segment
	data := segment[head+2 : len(segment)-4]
	for enc := range byte(9) {
		f.Add(enc, data)
	}
	f.Add(byte(chunkenc.EncXOR), []byte{0, 9})
	f.Fuzz(func(t *testing.T, enc byte, data []byte) {
		dir := craft(t, t.TempDir(), crafted{series: []craftedSeries{plainSeries()}})
		chunk := binary.AppendUvarint(nil, uint64(len(data)))
		body := append([]byte{enc}, data...)
		chunk = append(chunk, body...)
		chunk = binary.BigEndian.AppendUint32(chunk, crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "chunks", "000001"), append(segment[:head:head], chunk...), 0o666))
		readAnything(t, dir)
	})
}

// FuzzReadLog has a record of a write-ahead log whose checksum is right, behind
// one that declares a series.
func FuzzReadLog(f *testing.F) {
	var enc promrecord.Encoder
	series := enc.Series([]promrecord.RefSeries{{Ref: 1, Labels: labels.FromStrings("__name__", "a", "b", "c")}}, nil)
	f.Add(byte(1), series)
	f.Add(byte(1), enc.Samples([]promrecord.RefSample{{Ref: 1, T: noon, V: 1}, {Ref: 1, T: noon + 9, V: 1}, {Ref: 2, T: noon}, {Ref: 1, T: noon - 5}}, nil))
	f.Add(byte(1), (&promrecord.Encoder{EnableSTStorage: true}).Samples([]promrecord.RefSample{{Ref: 1, T: noon, ST: 5}, {Ref: 1, T: math.MaxInt64}}, nil))
	f.Add(byte(1), enc.Metadata([]promrecord.RefMetadata{{Ref: 1, Type: 1, Unit: "u", Help: "h"}}, nil))
	f.Add(byte(1), enc.Tombstones([]tombstones.Stone{{Ref: 1, Intervals: tombstones.Intervals{{Mint: 1, Maxt: noon}}}}, nil))
	f.Add(byte(1), enc.Exemplars([]promrecord.RefExemplar{{Ref: 1, T: noon, Labels: labels.FromStrings("x", "y")}}, nil))
	f.Add(byte(9), []byte{4, 12, 1, 2, 3, 4})
	f.Add(byte(17), []byte{0x28, 0xb5, 0x2f, 0xfd})
	f.Add(byte(2), series)
	f.Add(byte(4), series)
	f.Fuzz(func(t *testing.T, kind byte, rec []byte) {
		if len(rec) > 30000 || len(rec) > 0 && rec[0] >= byte(promrecord.HistogramSamples) && rec[0] != byte(promrecord.SamplesV2) {
			return // Prometheus' own decoders of histograms trust lengths
		}
		dir := filepath.Join(t.TempDir(), "wal")
		require.NoError(t, os.MkdirAll(dir, 0o777))
		var log []byte
		for _, fragment := range []struct {
			kind byte
			data []byte
		}{{1, series}, {kind, rec}, {1, series}} {
			log = append(log, fragment.kind)
			log = binary.BigEndian.AppendUint16(log, uint16(len(fragment.data)))
			log = binary.BigEndian.AppendUint32(log, crc32.Checksum(fragment.data, crc32.MakeTable(crc32.Castagnoli)))
			log = append(log, fragment.data...)
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, "00000000"), log, 0o666))
		readAnything(t, filepath.Dir(dir))
	})
}

// TestReadsAroundDamage flips each byte of a segment: the chunk concerned is lost
// and named, and nothing else changes.
func TestReadsAroundDamage(t *testing.T) {
	dir := t.TempDir()
	folder := craft(t, dir, crafted{series: []craftedSeries{plainSeries("b", "1"), plainSeries("b", "2"), plainSeries("b", "3")}})
	whole := gather(t, tsdb.ReadOptions{}, dir)
	path := filepath.Join(folder, "chunks", "000001")
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	for i := range good {
		bad := append([]byte(nil), good...)
		bad[i] ^= 0xff
		require.NoError(t, os.WriteFile(path, bad, 0o666))
		got := gather(t, tsdb.ReadOptions{}, dir)
		for series, points := range got.content {
			require.Equal(t, whole.content[series], points)
		}
		lost := len(whole.content) - len(got.content)
		require.Len(t, got.damage, lost, i)
		if i >= 8 {
			require.Equal(t, 1, lost, i)
			require.Regexp(t, `: series \{__name__="a", b="[123]"\}: chunk from 2026-03-01T12:00:00\.000Z to 2026-03-01T12:00:01\.000Z: segment 000001: offset `, got.damage[0])
		}
	}
	require.NoError(t, os.Remove(path))
	got := gather(t, tsdb.ReadOptions{}, dir)
	require.Len(t, got.damage, 3)
	require.Contains(t, got.damage[0], "segment 000001 is missing")
}
