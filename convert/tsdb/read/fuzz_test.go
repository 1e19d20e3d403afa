package read_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"
	"time"

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
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/internal/archtest"
)

// inMemory returns a folder for all runs of a fuzz target.
func inMemory(f *testing.F) string {
	f.Helper()
	// A Reader and the writer of an index have buffers of megabytes, so that the default
	// collector runs several times in an execution.
	percent := debug.SetGCPercent(400)
	f.Cleanup(func() { debug.SetGCPercent(percent) })
	return archtest.InMemory(f)
}

// folder is the files of a folder that a fuzz target changes between executions.
type folder struct {
	dir  string
	last map[string][]byte // what each file holds; nil for an absent one
}

// put makes a file hold data, or removes it if data is nil. It leaves alone a file that
// holds data already: an execution seldom changes more than one.
func (d *folder) put(t testing.TB, name string, data []byte) {
	t.Helper()
	last, known := d.last[name]
	if known && (last == nil) == (data == nil) && bytes.Equal(last, data) {
		return
	}
	path := filepath.Join(d.dir, name)
	if data == nil {
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
			require.NoError(t, err)
		}
	} else {
		require.NoError(t, os.WriteFile(path, data, 0o666))
	}
	d.last[name] = bytes.Clone(data) // the fuzzer reuses the memory
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMilli()

// taker takes all that a Reader yields and checks it: times ascend, those of a
// series strictly, histograms can be decoded, and an exemplar comes behind the
// sample of its time.
type taker struct {
	now                            int64
	last                           map[*prom.Series]int64
	samples, histograms, exemplars int
}

func (k *taker) Append(s *prom.Series, batch []prom.Sample) error {
	for _, x := range batch {
		if k.samples > 0 && x.T < k.now {
			return fmt.Errorf("%d comes after %d", x.T, k.now)
		}
		last, known := k.last[s]
		if x.Exemplar != nil {
			if k.exemplars++; !known || last != x.T {
				return errors.New("an exemplar without its sample")
			}
			continue
		}
		if known && last >= x.T {
			return fmt.Errorf("%s: %d comes after %d", s.Name, x.T, last)
		}
		if x.Histogram != nil {
			k.histograms++
			if _, _, err := nativehist.Decode(x.Histogram); err != nil {
				return err
			}
		}
		k.samples++
		k.now, k.last[s] = x.T, x.T
	}
	return nil
}

func (*taker) Flush(context.Context) error { return nil }
func (*taker) Close() error                { return nil }

// readAnything reads a folder that may hold anything. A Reader may name damage; it
// may not fail, and it may not yield what a taker refuses.
func readAnything(t testing.TB, dir string) *taker {
	k := &taker{last: map[*prom.Series]int64{}}
	r, err := read.Open(t.Context(), []string{dir}, read.Options{Memory: 1 << 16})
	if err != nil {
		return k
	}
	require.NoError(t, r.Samples(t.Context(), k))
	_, err = r.LabelValues(t.Context(), "a")
	require.NoError(t, err)
	require.NoError(t, r.Close())
	dirs, _ := verify.Find([]string{dir})
	for range verify.Run(t.Context(), dirs, verify.Options{Limit: -1}) {
		continue
	}
	return k
}

// writeBlock writes a block of two samples for each of some series and returns its folder.
func writeBlock(t testing.TB, dir string, instances ...string) string {
	t.Helper()
	b, err := write.NewBlocks(dir, write.Options{})
	require.NoError(t, err)
	for i, instance := range instances {
		s := &prom.Series{ID: i, Name: "a", Labels: []prom.Label{{Name: "b", Value: instance}}, Family: &prom.Family{Name: "a"}}
		require.NoError(t, b.Append(s, []prom.Sample{{T: noon, V: 1}, {T: noon + 1000, V: 1}}))
	}
	require.NoError(t, sinktest.Finish(b))
	return b.Written()[0].Dir
}

// FuzzReadBlock has the files of a block.
func FuzzReadBlock(f *testing.F) {
	source := writeBlock(f, f.TempDir(), "1", "2")
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
	good := writeBlock(f, f.TempDir(), "1")
	segment, err := os.ReadFile(filepath.Join(good, "chunks", "000001"))
	require.NoError(f, err)
	const head = 8 // of the segment
	data := segment[head+2 : len(segment)-4]
	for enc := range byte(9) {
		f.Add(enc, data)
	}
	f.Add(byte(chunkenc.EncXOR), []byte{0, 9})
	// To write a whole block takes far longer than to read it: one serves all runs.
	dir := writeBlock(f, inMemory(f), "1")
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
	plain, checkpointed := filepath.Join(root, "plain"), filepath.Join(root, "checkpointed")
	require.NoError(f, os.MkdirAll(filepath.Join(plain, "wal"), 0o777))
	require.NoError(f, os.MkdirAll(filepath.Join(checkpointed, "wal", "checkpoint.00000007"), 0o777))
	files := folder{root, map[string][]byte{}}
	f.Fuzz(func(t *testing.T, kind byte, rec []byte, cut uint16, checkpoint bool) {
		if len(rec) > 20000 {
			return // more than a page has
		}
		log := inLog(logFragment{plainRecord, known[0]}, logFragment{plainRecord, known[1]}, logFragment{kind, rec}, logFragment{plainRecord, known[4]})
		torn := log[:max(0, len(log)-int(cut))]
		if !checkpoint {
			files.put(t, "plain/wal/00000000", torn)
			readAnything(t, plain)
			return
		}
		files.put(t, "checkpointed/wal/checkpoint.00000007/00000000", torn)
		files.put(t, "checkpointed/wal/00000008", log)
		readAnything(t, checkpointed)
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
