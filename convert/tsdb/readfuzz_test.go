package tsdb_test

import (
	"cmp"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	promrecord "github.com/prometheus/prometheus/tsdb/record"
	"github.com/prometheus/prometheus/tsdb/tombstones"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/nativehist"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/read"
	"github.com/pcparchive/pcparchive/convert/tsdb/sidecar"
	"github.com/pcparchive/pcparchive/convert/tsdb/verify"
)

// anything takes all that there is. Histograms are decodable and exemplars behind
// a sample of their time.
type anything struct {
	gatherer
	histograms, exemplars int
}

func (a *anything) Histogram(s *prom.Series, t int64, data []byte) error {
	a.histograms++
	_, _, err := nativehist.Decode(data)
	return cmp.Or(err, a.Sample(s, t, 0))
}

func (a *anything) Exemplar(s *prom.Series, t int64, _ prom.Exemplar) error {
	a.exemplars++
	if points := a.got[promLabels(s).String()]; len(points) == 0 || points[len(points)-1].t != t {
		return errors.New("an exemplar without its sample")
	}
	return nil
}

// readAnything reads a folder that may hold anything. All that it may not do is
// to fail, but for naming what is damaged, and to yield what is out of order.
func readAnything(t *testing.T, dir string) *anything {
	g := &anything{gatherer: gatherer{t: t, got: content{}}}
	r, err := read.Open(t.Context(), []string{dir}, read.Options{Memory: 1 << 16})
	if err != nil {
		return g
	}
	require.NoError(t, r.Samples(t.Context(), sinktest.Sink(g)))
	for series, points := range g.got {
		for i := range points {
			require.True(t, i == 0 || points[i-1].t < points[i].t, series)
		}
	}
	_, err = r.LabelValues(t.Context(), "a")
	require.NoError(t, err)
	require.NoError(t, r.Close())
	dirs, _ := verify.Find([]string{dir})
	for range verify.Run(t.Context(), dirs, verify.Options{Limit: -1}) {
		continue
	}
	return g
}

// FuzzReadBlock has the files of a block.
func FuzzReadBlock(f *testing.F) {
	source := craft(f, f.TempDir(), crafted{series: []craftedSeries{plainSeries("b", "1"), plainSeries("b", "2")}})
	var files [3][]byte
	for i, name := range []string{"index", "chunks/000001", "meta.json"} {
		var err error
		files[i], err = os.ReadFile(filepath.Join(source, name))
		require.NoError(f, err)
	}
	f.Add(files[0], files[1], files[2], []byte(nil), []byte(nil))
	f.Add(files[0], files[1][:20], files[2], []byte("x"), []byte("{}"))
	f.Add(files[0][:100], files[1], files[2], []byte(nil), []byte(`{"format":"pcparchive block metadata","version":1}`))
	data := inMemory(f)
	dir := filepath.Join(data, "01JD0000000000000000000000")
	require.NoError(f, os.MkdirAll(filepath.Join(dir, "chunks"), 0o777))
	block := folder{dir, map[string][]byte{}}
	f.Fuzz(func(t *testing.T, index, chunks, meta, deleted, metadata []byte) {
		block.put(t, "index", index)
		block.put(t, "chunks/000001", chunks)
		block.put(t, "meta.json", meta)
		block.put(t, tombstones.TombstonesFilename, deleted)
		block.put(t, sidecar.FileName, metadata)
		readAnything(t, data)
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
	// To write a whole block takes far longer than to read it: one serves all runs.
	dir := craft(f, inMemory(f), crafted{series: []craftedSeries{plainSeries()}})
	f.Fuzz(func(t *testing.T, enc byte, data []byte) {
		chunk := binary.AppendUvarint(nil, uint64(len(data)))
		body := append([]byte{enc}, data...)
		chunk = append(chunk, body...)
		chunk = binary.BigEndian.AppendUint32(chunk, crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "chunks", "000001"), append(segment[:head:head], chunk...), 0o666))
		readAnything(t, dir)
	})
}

// logRecords are records of every kind about the series 1, with starts if dated.
func logRecords(dated bool) [][]byte {
	enc := promrecord.Encoder{EnableSTStorage: dated}
	lset := labels.FromStrings("__name__", "a", "b", "c")
	var ints, custom []promrecord.RefHistogramSample
	var floats, customFloats []promrecord.RefFloatHistogramSample
	for i := range int64(3) {
		h, c := tsdbutil.GenerateTestHistogram(i), tsdbutil.GenerateTestCustomBucketsHistogram(i)
		ints = append(ints, promrecord.RefHistogramSample{Ref: 1, T: noon + i, ST: noon, H: h})
		custom = append(custom, promrecord.RefHistogramSample{Ref: 1, T: noon + i, H: c})
		floats = append(floats, promrecord.RefFloatHistogramSample{Ref: 1, T: noon - i, FH: h.ToFloat(nil)})
		customFloats = append(customFloats, promrecord.RefFloatHistogramSample{Ref: 1, T: noon + i, FH: c.ToFloat(nil)})
	}
	hist, _ := enc.HistogramSamples(ints, nil)
	floatHist, _ := enc.FloatHistogramSamples(floats, nil)
	return [][]byte{
		enc.Series([]promrecord.RefSeries{{Ref: 1, Labels: lset}, {Ref: 2, Labels: labels.FromStrings("d", "")}}, nil),
		enc.Samples([]promrecord.RefSample{{Ref: 1, T: math.MaxInt64}, {Ref: 1, T: noon, ST: 5, V: 1}, {Ref: 2, T: noon}, {Ref: 1, T: noon - 5}, {Ref: 1, T: noon + 9, V: 1}}, nil),
		enc.Metadata([]promrecord.RefMetadata{{Ref: 1, Type: 1, Unit: "u", Help: "h"}}, nil),
		enc.Tombstones([]tombstones.Stone{{Ref: 1, Intervals: tombstones.Intervals{{Mint: 1, Maxt: noon}}}}, nil),
		enc.Exemplars([]promrecord.RefExemplar{{Ref: 1, T: noon, Labels: labels.FromStrings("x", "y")}, {Ref: 1, T: 7, V: 3}, {Ref: 3, T: noon}}, nil),
		hist, floatHist, enc.CustomBucketsHistogramSamples(custom, nil), enc.CustomBucketsFloatHistogramSamples(customFloats, nil),
		enc.MmapMarkers([]promrecord.RefMmapMarker{{Ref: 1, MmapRef: 1}}, nil),
	}
}

// inLog returns a log of fragments whose checksums are right.
func inLog(fragments ...logFragment) []byte {
	var log []byte
	for _, f := range fragments {
		log = append(log, f.kind)
		log = binary.BigEndian.AppendUint16(log, uint16(len(f.data)))
		log = binary.BigEndian.AppendUint32(log, crc32.Checksum(f.data, crc32.MakeTable(crc32.Castagnoli)))
		log = append(log, f.data...)
	}
	return log
}

type logFragment struct {
	kind byte
	data []byte
}

// The kinds of whole records in a log.
const (
	plainRecord  = 1
	snappyRecord = plainRecord | 8
	zstdRecord   = plainRecord | 16
)

// FuzzReadLog has a record of a write-ahead log whose checksum is right, between
// others: in a segment or a checkpoint, which may be torn.
func FuzzReadLog(f *testing.F) {
	known := logRecords(false)
	z, err := zstd.NewWriter(nil)
	require.NoError(f, err)
	for _, rec := range append(logRecords(true), known...) {
		f.Add(byte(plainRecord), rec, uint16(0), false)
		f.Add(byte(plainRecord), rec, uint16(len(rec)/2), true)
		f.Add(byte(snappyRecord), snappy.Encode(nil, rec), uint16(0), false)
		f.Add(byte(zstdRecord), z.EncodeAll(rec, nil), uint16(0), true)
	}
	f.Add(byte(snappyRecord), []byte{4, 12, 1, 2, 3, 4}, uint16(0), false)
	f.Add(byte(zstdRecord), []byte{0x28, 0xb5, 0x2f, 0xfd}, uint16(0), false)
	f.Add(byte(2), known[0], uint16(0), false) // its first fragment
	f.Add(byte(4), known[0], uint16(0), false) // its last
	root := inMemory(f)
	f.Fuzz(func(t *testing.T, kind byte, rec []byte, cut uint16, checkpoint bool) {
		if len(rec) > 20000 {
			return // more than a page has
		}
		log := inLog(logFragment{plainRecord, known[0]}, logFragment{plainRecord, known[1]}, logFragment{kind, rec}, logFragment{plainRecord, known[4]})
		data := filepath.Join(root, "data")
		require.NoError(t, os.RemoveAll(data))
		dir := filepath.Join(data, "wal")
		if checkpoint {
			dir = filepath.Join(dir, "checkpoint.00000007")
		}
		require.NoError(t, os.MkdirAll(dir, 0o777))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "00000000"), log[:max(0, len(log)-int(cut))], 0o666))
		if checkpoint {
			require.NoError(t, os.WriteFile(filepath.Join(data, "wal", "00000008"), log, 0o666))
		}
		readAnything(t, data)
	})
}

// TestReadsRecordsOfEveryKind has what the fuzzing begins with, and so shows that
// it gets anywhere.
func TestReadsRecordsOfEveryKind(t *testing.T) {
	for _, dated := range []bool{false, true} {
		var fragments []logFragment
		for _, rec := range logRecords(dated) {
			fragments = append(fragments, logFragment{plainRecord, rec})
		}
		dir := t.TempDir()
		require.NoError(t, os.Mkdir(filepath.Join(dir, "wal"), 0o777))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "wal", "00000000"), inLog(fragments...), 0o666))
		got := readAnything(t, dir)
		assert.Equal(t, 2, got.histograms, "those behind the deleted time")
		assert.Equal(t, 2, got.exemplars)
	}
}

// TestReadsAroundDamage flips each byte of a segment: the chunk concerned is lost
// and named, and nothing else changes.
func TestReadsAroundDamage(t *testing.T) {
	dir := t.TempDir()
	folder := craft(t, dir, crafted{series: []craftedSeries{plainSeries("b", "1"), plainSeries("b", "2"), plainSeries("b", "3")}})
	whole := gather(t, read.Options{}, dir)
	path := filepath.Join(folder, "chunks", "000001")
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	for i := range good {
		bad := append([]byte(nil), good...)
		bad[i] ^= 0xff
		require.NoError(t, os.WriteFile(path, bad, 0o666))
		got := gather(t, read.Options{}, dir)
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
	got := gather(t, read.Options{}, dir)
	require.Len(t, got.damage, 3)
	require.Contains(t, got.damage[0], "segment 000001 is missing")
}
