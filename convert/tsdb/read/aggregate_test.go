package read_test

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/read"
	"github.com/pcparchive/pcparchive/convert/tsdb/verify"
	"github.com/pcparchive/pcparchive/internal/blocktest"
)

// aggrChunk is a chunk of aggregates.
type aggrChunk struct {
	chunkenc.Chunk
	data []byte
}

func (a aggrChunk) Bytes() []byte                          { return a.data }
func (aggrChunk) Encoding() chunkenc.Encoding              { return 0xff }
func (aggrChunk) NumSamples() int                          { return 1 }
func (aggrChunk) Appender() (a chunkenc.Appender, _ error) { return a, nil }

// joined makes a chunk of aggregates of chunks, nil for none.
func joined(all ...chunkenc.Chunk) aggrChunk {
	var b []byte
	for _, c := range all {
		if c == nil {
			b = append(b, 0)
			continue
		}
		b = binary.AppendUvarint(b, uint64(len(c.Bytes())))
		b = append(append(b, byte(c.Encoding())), c.Bytes()...)
	}
	return aggrChunk{data: b}
}

func numbers(t testing.TB, points ...blocktest.Point) chunkenc.Chunk {
	t.Helper()
	c := chunkenc.NewXORChunk()
	app, err := c.Appender()
	require.NoError(t, err)
	for _, p := range points {
		app.Append(0, p.T, math.Float64frombits(p.Bits))
	}
	return c
}

const fiveMinutes = int64(5 * time.Minute / time.Millisecond)

// downsampled makes the chunk that Thanos makes of raw samples, and what is to be
// read of it: averages, and the counter as it would be without resets.
func downsampled(t testing.TB, raw []blocktest.Point) (c blocktest.CraftedChunk, averages []blocktest.Point) {
	t.Helper()
	var cells [5][]blocktest.Point
	value := func(i int) float64 { return math.Float64frombits(raw[i].Bits) }
	counter := value(0)
	cells[4] = append(cells[4], raw[0])
	for i := 0; i < len(raw); {
		end := min(raw[i].T-raw[i].T%fiveMinutes+fiveMinutes-1, raw[len(raw)-1].T)
		count, sum, least, most := 0.0, 0.0, math.Inf(1), math.Inf(-1)
		for ; i < len(raw) && raw[i].T <= end; i++ {
			v := value(i)
			count, sum, least, most = count+1, sum+v, min(least, v), max(most, v)
			switch {
			case i > 0 && v < value(i-1):
				counter += v
			case i > 0:
				counter += v - value(i-1)
			}
		}
		for j, v := range []float64{count, sum, least, most, counter} {
			cells[j] = append(cells[j], blocktest.At(end, v))
		}
		averages = append(averages, blocktest.At(end, sum/count))
		c.Times = append(c.Times, end)
	}
	last := c.Times[len(c.Times)-1]
	cells[4] = append(cells[4], blocktest.At(last, value(len(raw)-1)))
	var parts []chunkenc.Chunk
	for _, cell := range cells {
		parts = append(parts, numbers(t, cell...))
	}
	c.Chunk = joined(parts...)
	return c, averages
}

// thanosMeta is what Thanos says of a block.
func thanosMeta(resolution int64) map[string]any {
	return map[string]any{"thanos": map[string]any{
		"version": 1, "labels": map[string]string{"cluster": "a"}, "source": "compactor",
		"downsample": map[string]any{"resolution": resolution},
	}}
}

// TestReadsDownsampledBlocks takes averages of gauges and the counter of counters,
// which goes on over resets inside chunks and between them.
func TestReadsDownsampledBlocks(t *testing.T) {
	var gauge, counter, growth []blocktest.Point
	total, before := 0.0, 0.0
	for i := range 2000 {
		now := blocktest.Noon + int64(i)*15_000 + 37
		v := float64(i % 700 * 3) // falls at 700 and 1400
		if v < before {
			total += v
		} else {
			total += v - before
		}
		before = v
		gauge = append(gauge, blocktest.At(now, 20+float64(i%17)/4))
		counter = append(counter, blocktest.At(now, v))
		growth = append(growth, blocktest.At(now, total))
	}
	want := blocktest.Content{}
	g := blocktest.CraftedSeries{Labels: []string{"__name__", "temperature"}}
	c := blocktest.CraftedSeries{Labels: []string{"__name__", "requests_total"}}
	for _, cut := range [][2]int{{0, 703}, {703, 1400}, {1400, 2000}} { // resets inside and between
		chunk, averages := downsampled(t, gauge[cut[0]:cut[1]])
		g.Chunks = append(g.Chunks, chunk)
		want[`{__name__="temperature", cluster="a"}`] = append(want[`{__name__="temperature", cluster="a"}`], averages...)
		chunk, _ = downsampled(t, counter[cut[0]:cut[1]])
		c.Chunks = append(c.Chunks, chunk)
		for _, end := range chunk.Times {
			last := cut[0]
			for i := cut[0]; i < cut[1] && growth[i].T <= end; i++ {
				last = i
			}
			want[`{__name__="requests_total", cluster="a"}`] = append(want[`{__name__="requests_total", cluster="a"}`], blocktest.Point{T: end, Bits: growth[last].Bits})
		}
	}
	dir := t.TempDir()
	blocktest.Craft(t, dir, blocktest.Crafted{Series: []blocktest.CraftedSeries{c, g}, Meta: thanosMeta(fiveMinutes)})
	got := blocktest.Gather(t, read.Options{}, dir)
	assert.Equal(t, want, got.Content)
	assert.Empty(t, got.Damage)
	require.Len(t, got.Report.Losses(), 1)
	assert.Equal(t, prom.LossDownsampled, got.Report.Losses()[0].Loss)
	assert.True(t, got.Report.Losses()[0].Loss.ByNature())

	assert.Empty(t, blocktest.Verified(t, verify.Thanos, dir))
	for _, target := range []verify.Target{verify.Prometheus, verify.Mimir} {
		var found []string
		for _, f := range blocktest.Codes(blocktest.Verified(t, target, dir)) {
			if f != "block-external" && f != "block-stats" && f != "block-day" {
				found = append(found, f)
			}
		}
		assert.Equal(t, []string{"block-downsampled"}, found, "once for the block")
	}
}

// TestReadsDownsampledParts takes the counter, and what there is if an
// aggregate is missing.
func TestReadsDownsampledParts(t *testing.T) {
	h := chunkenc.NewFloatHistogramChunk()
	app, err := h.Appender()
	require.NoError(t, err)
	_, _, _, err = app.AppendFloatHistogram(nil, 0, blocktest.Noon, &histogram.FloatHistogram{Schema: 1, Count: 3, Sum: 2, PositiveSpans: []histogram.Span{{Length: 1}}, PositiveBuckets: []float64{3}}, false)
	require.NoError(t, err)
	one := func(name string, c chunkenc.Chunk) blocktest.CraftedSeries {
		return blocktest.CraftedSeries{Labels: []string{"__name__", name}, Chunks: []blocktest.CraftedChunk{{Times: []int64{blocktest.Noon}, Chunk: c}}}
	}
	twelve := numbers(t, blocktest.At(blocktest.Noon, 12))
	dir := t.TempDir()
	blocktest.Craft(t, dir, blocktest.Crafted{Meta: thanosMeta(fiveMinutes), Series: []blocktest.CraftedSeries{
		one("average_total", joined(numbers(t, blocktest.At(blocktest.Noon, 4)), twelve, nil, nil, nil)), // no counter
		one("counter", joined(nil, nil, nil, nil, numbers(t, blocktest.At(blocktest.Noon-1, 1), blocktest.At(blocktest.Noon, 5), blocktest.At(blocktest.Noon, 5)))),
		one("histogram", joined(numbers(t, blocktest.At(blocktest.Noon, 1)), h, nil, nil, h)),
		one("single_total", joined(nil, nil, nil, nil, twelve)),
	}})
	got := blocktest.Gather(t, read.Options{}, dir)
	assert.Equal(t, blocktest.Content{
		`{__name__="average_total", cluster="a"}`: {blocktest.At(blocktest.Noon, 3)},
		`{__name__="counter", cluster="a"}`:       {blocktest.At(blocktest.Noon, 5)},
		`{__name__="single_total", cluster="a"}`:  {blocktest.At(blocktest.Noon, 12)},
	}, got.Content)
	assert.Empty(t, got.Damage)
	native := int64(0)
	for _, l := range got.Report.Losses() {
		if l.Loss == prom.LossNativeHist {
			native += l.Count
		}
	}
	assert.Equal(t, int64(1), native, "the gatherer takes none, and it was offered")
}

// TestDownsampledOfAnotherForm names a block once, which costs no other one.
func TestDownsampledOfAnotherForm(t *testing.T) {
	bad := func(data ...byte) blocktest.CraftedChunk {
		return blocktest.CraftedChunk{Times: []int64{blocktest.Noon}, Chunk: aggrChunk{data: data}}
	}
	dir := t.TempDir()
	s := blocktest.CraftedSeries{Labels: []string{"__name__", "a"}}
	for i, c := range []blocktest.CraftedChunk{
		bad(0, 0, 0, 0, 0), bad(0), bad(9, 1, 0), bad(0, 0, 0, 0, 1, 77, 0), bad(0, 0, 0, 0, 0, 1), bad(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1, 1),
		{Chunk: joined(numbers(t, blocktest.At(blocktest.Noon, 1)), numbers(t), nil, nil, nil)},
		{Chunk: joined(numbers(t, blocktest.At(blocktest.Noon, 1)), numbers(t, blocktest.At(blocktest.Noon+1, 1)), nil, nil, nil)},
	} {
		c.Times = []int64{blocktest.Noon + int64(i)}
		s.Chunks = append(s.Chunks, c)
	}
	blocktest.Craft(t, dir, blocktest.Crafted{Series: []blocktest.CraftedSeries{s}, Meta: thanosMeta(fiveMinutes)})
	blocktest.Craft(t, dir, blocktest.Crafted{Name: "01JD0C4RZ4GJYX2MCGNV9N7B2V", Series: []blocktest.CraftedSeries{blocktest.PlainSeries("whole", "yes")}})
	got := blocktest.Gather(t, read.Options{}, dir)
	assert.Equal(t, blocktest.Content{`{__name__="a", whole="yes"}`: {blocktest.At(blocktest.Noon, 1), blocktest.At(blocktest.Noon+1000, 1)}}, got.Content)
	require.NotEmpty(t, got.Damage)
	assert.Contains(t, got.Damage[0], "downsampled by Thanos: a chunk of aggregates cannot be read")
	assert.LessOrEqual(t, len(got.Damage), 3, "not one for each chunk")
}

// TestReadsTheFinest takes averages only of times of which there is no block with
// all samples, or none with finer averages.
func TestReadsTheFinest(t *testing.T) {
	average := func(end int64, v float64) blocktest.CraftedChunk {
		return blocktest.CraftedChunk{Times: []int64{end}, Chunk: joined(numbers(t, blocktest.At(end, 2)), numbers(t, blocktest.At(end, 2*v)), nil, nil, nil)}
	}
	block := func(name string, resolution int64, chunks ...blocktest.CraftedChunk) blocktest.Crafted {
		return blocktest.Crafted{Name: name, Meta: thanosMeta(resolution), Series: []blocktest.CraftedSeries{{Labels: []string{"__name__", "a"}, Chunks: chunks}}}
	}
	dir := t.TempDir()
	blocktest.Craft(t, dir, block("01JD0C4RZ4GJYX2MCGNV9N7B2A", 0, blocktest.CraftedChunk{Times: []int64{blocktest.Noon, blocktest.Noon + 60_000, blocktest.Noon + blocktest.Hour}}))
	blocktest.Craft(t, dir, block("01JD0C4RZ4GJYX2MCGNV9N7B2B", fiveMinutes, average(blocktest.Noon+fiveMinutes, 5), average(blocktest.Noon+2*blocktest.Hour, 6)))
	blocktest.Craft(t, dir, block("01JD0C4RZ4GJYX2MCGNV9N7B2C", blocktest.Hour, average(blocktest.Noon+blocktest.Hour/2, 7), average(blocktest.Noon+3*blocktest.Hour, 8)))
	blocktest.Craft(t, dir, block("01JD0C4RZ4GJYX2MCGNV9N7B2D", blocktest.Hour, average(blocktest.Noon+fiveMinutes, 9)))
	got := blocktest.Gather(t, read.Options{}, dir)
	assert.Equal(t, blocktest.Content{`{__name__="a", cluster="a"}`: {blocktest.At(blocktest.Noon, 1), blocktest.At(blocktest.Noon+60_000, 1), blocktest.At(blocktest.Noon+blocktest.Hour, 1), blocktest.At(blocktest.Noon+2*blocktest.Hour, 6), blocktest.At(blocktest.Noon+3*blocktest.Hour, 8)}}, got.Content)
	assert.Empty(t, got.Damage)
	require.Len(t, got.Report.Losses(), 2, "nothing was taken of the last one")
}

// TestForeignIsNotDamaged reads what other systems, or later ones, put into a
// block: it is no damage, and what is not known is said once.
func TestForeignIsNotDamaged(t *testing.T) {
	dir := t.TempDir()
	mimir := blocktest.Craft(t, dir, blocktest.Crafted{Series: []blocktest.CraftedSeries{blocktest.PlainSeries("shard", "1")}, Meta: map[string]any{
		"out_of_order": true, "newKey": map[string]any{"a": []int{1}},
		"thanos": map[string]any{"labels": map[string]string{"__org_id__": "9", "__compactor_shard_id__": "1_of_4"}, "files": []any{map[string]any{"rel_path": "index", "size_bytes": 1}}},
	}})
	for _, name := range []string{"no-compact-mark.json", "deletion-mark.json", "visit-mark.json", "sparse-index-header", "index.cache.json"} {
		require.NoError(t, os.WriteFile(filepath.Join(mimir, name), []byte("{}"), 0o666))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "markers"), 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bucket-index.json.gz"), []byte{1}, 0o666))
	got := blocktest.Gather(t, read.Options{}, dir)
	assert.Len(t, got.Content, 1)
	assert.Empty(t, got.Damage)
	assert.Empty(t, got.Report.Losses())
	for _, f := range blocktest.Verified(t, verify.Mimir, dir) {
		assert.NotContains(t, f, "error:")
	}

	later := t.TempDir()
	chunk := func(at int64) blocktest.CraftedChunk {
		return blocktest.CraftedChunk{Times: []int64{at}, Chunk: laterChunk{numbers(t, blocktest.Point{T: at, Bits: 1})}}
	}
	s := blocktest.PlainSeries()
	s.Chunks = append(s.Chunks, chunk(blocktest.Noon+2000), chunk(blocktest.Noon+3000), chunk(blocktest.Noon+4000))
	blocktest.Craft(t, later, blocktest.Crafted{Series: []blocktest.CraftedSeries{s}})
	got = blocktest.Gather(t, read.Options{}, later)
	assert.Len(t, got.Content[`{__name__="a"}`], 2)
	require.Len(t, got.Damage, 1)
	assert.Contains(t, got.Damage[0], "chunks of encoding 99, which this program does not know; these were left out")
	assert.Equal(t, []string{"block-encoding"}, blocktest.Codes(blocktest.Verified(t, verify.Prometheus, later)))
	assert.Equal(t, []string{"block-encoding"}, slices.DeleteFunc(blocktest.Codes(blocktest.Verified(t, verify.Mimir, later)), func(c string) bool { return c == "block-external" }))
}

// laterChunk has an encoding that nobody knows.
type laterChunk struct{ chunkenc.Chunk }

func (laterChunk) Encoding() chunkenc.Encoding { return 99 }
