package tsdb_test

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

func numbers(t testing.TB, points ...point) chunkenc.Chunk {
	t.Helper()
	c := chunkenc.NewXORChunk()
	app, err := c.Appender()
	require.NoError(t, err)
	for _, p := range points {
		app.Append(0, p.t, math.Float64frombits(p.bits))
	}
	return c
}

const fiveMinutes = int64(5 * time.Minute / time.Millisecond)

// downsampled makes the chunk that Thanos makes of raw samples, and what is to be
// read of it: averages, and the counter as it would be without resets.
func downsampled(t testing.TB, raw []point) (c craftedChunk, averages []point) {
	t.Helper()
	var cells [5][]point
	value := func(i int) float64 { return math.Float64frombits(raw[i].bits) }
	counter := value(0)
	cells[4] = append(cells[4], raw[0])
	for i := 0; i < len(raw); {
		end := min(raw[i].t-raw[i].t%fiveMinutes+fiveMinutes-1, raw[len(raw)-1].t)
		count, sum, least, most := 0.0, 0.0, math.Inf(1), math.Inf(-1)
		for ; i < len(raw) && raw[i].t <= end; i++ {
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
			cells[j] = append(cells[j], at(end, v))
		}
		averages = append(averages, at(end, sum/count))
		c.times = append(c.times, end)
	}
	last := c.times[len(c.times)-1]
	cells[4] = append(cells[4], at(last, value(len(raw)-1)))
	var parts []chunkenc.Chunk
	for _, cell := range cells {
		parts = append(parts, numbers(t, cell...))
	}
	c.chunk = joined(parts...)
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
	var gauge, counter, growth []point
	total, before := 0.0, 0.0
	for i := range 2000 {
		now := noon + int64(i)*15_000 + 37
		v := float64(i % 700 * 3) // falls at 700 and 1400
		if v < before {
			total += v
		} else {
			total += v - before
		}
		before = v
		gauge = append(gauge, at(now, 20+float64(i%17)/4))
		counter = append(counter, at(now, v))
		growth = append(growth, at(now, total))
	}
	want := content{}
	g := craftedSeries{labels: []string{"__name__", "temperature"}}
	c := craftedSeries{labels: []string{"__name__", "requests_total"}}
	for _, cut := range [][2]int{{0, 703}, {703, 1400}, {1400, 2000}} { // resets inside and between
		chunk, averages := downsampled(t, gauge[cut[0]:cut[1]])
		g.chunks = append(g.chunks, chunk)
		want[`{__name__="temperature"}`] = append(want[`{__name__="temperature"}`], averages...)
		chunk, _ = downsampled(t, counter[cut[0]:cut[1]])
		c.chunks = append(c.chunks, chunk)
		for _, end := range chunk.times {
			last := cut[0]
			for i := cut[0]; i < cut[1] && growth[i].t <= end; i++ {
				last = i
			}
			want[`{__name__="requests_total"}`] = append(want[`{__name__="requests_total"}`], point{end, growth[last].bits})
		}
	}
	dir := t.TempDir()
	craft(t, dir, crafted{series: []craftedSeries{c, g}, meta: thanosMeta(fiveMinutes)})
	got := gather(t, read.Options{}, dir)
	assert.Equal(t, want, got.content)
	assert.Empty(t, got.damage)
	require.Len(t, got.report.Losses(), 1)
	assert.Equal(t, prom.LossDownsampled, got.report.Losses()[0].Loss)
	assert.True(t, got.report.Losses()[0].Loss.ByNature())

	assert.Empty(t, verified(t, verify.Thanos, dir))
	for _, target := range []verify.Target{verify.Prometheus, verify.Mimir} {
		var found []string
		for _, f := range codes(verified(t, target, dir)) {
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
	_, _, _, err = app.AppendFloatHistogram(nil, 0, noon, &histogram.FloatHistogram{Schema: 1, Count: 3, Sum: 2, PositiveSpans: []histogram.Span{{Length: 1}}, PositiveBuckets: []float64{3}}, false)
	require.NoError(t, err)
	one := func(name string, c chunkenc.Chunk) craftedSeries {
		return craftedSeries{labels: []string{"__name__", name}, chunks: []craftedChunk{{times: []int64{noon}, chunk: c}}}
	}
	twelve := numbers(t, at(noon, 12))
	dir := t.TempDir()
	craft(t, dir, crafted{meta: thanosMeta(fiveMinutes), series: []craftedSeries{
		one("average_total", joined(numbers(t, at(noon, 4)), twelve, nil, nil, nil)), // no counter
		one("counter", joined(nil, nil, nil, nil, numbers(t, at(noon-1, 1), at(noon, 5), at(noon, 5)))),
		one("histogram", joined(numbers(t, at(noon, 1)), h, nil, nil, h)),
		one("single_total", joined(nil, nil, nil, nil, twelve)),
	}})
	got := gather(t, read.Options{}, dir)
	assert.Equal(t, content{
		`{__name__="average_total"}`: {at(noon, 3)},
		`{__name__="counter"}`:       {at(noon, 5)},
		`{__name__="single_total"}`:  {at(noon, 12)},
	}, got.content)
	assert.Empty(t, got.damage)
	native := int64(0)
	for _, l := range got.report.Losses() {
		if l.Loss == prom.LossNativeHist {
			native += l.Count
		}
	}
	assert.Equal(t, int64(1), native, "the gatherer takes none, and it was offered")
}

// TestDownsampledOfAnotherForm names a block once, which costs no other one.
func TestDownsampledOfAnotherForm(t *testing.T) {
	bad := func(data ...byte) craftedChunk {
		return craftedChunk{times: []int64{noon}, chunk: aggrChunk{data: data}}
	}
	dir := t.TempDir()
	s := craftedSeries{labels: []string{"__name__", "a"}}
	for i, c := range []craftedChunk{
		bad(0, 0, 0, 0, 0), bad(0), bad(9, 1, 0), bad(0, 0, 0, 0, 1, 77, 0), bad(0, 0, 0, 0, 0, 1), bad(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1, 1),
		{chunk: joined(numbers(t, at(noon, 1)), numbers(t), nil, nil, nil)},
		{chunk: joined(numbers(t, at(noon, 1)), numbers(t, at(noon+1, 1)), nil, nil, nil)},
	} {
		c.times = []int64{noon + int64(i)}
		s.chunks = append(s.chunks, c)
	}
	craft(t, dir, crafted{series: []craftedSeries{s}, meta: thanosMeta(fiveMinutes)})
	craft(t, dir, crafted{name: "01JD0C4RZ4GJYX2MCGNV9N7B2V", series: []craftedSeries{plainSeries("whole", "yes")}})
	got := gather(t, read.Options{}, dir)
	assert.Equal(t, content{`{__name__="a", whole="yes"}`: {at(noon, 1), at(noon+1000, 1)}}, got.content)
	require.NotEmpty(t, got.damage)
	assert.Contains(t, got.damage[0], "downsampled by Thanos: a chunk of aggregates cannot be read")
	assert.LessOrEqual(t, len(got.damage), 3, "not one for each chunk")
}

// TestReadsTheFinest takes averages only of times of which there is no block with
// all samples, or none with finer averages.
func TestReadsTheFinest(t *testing.T) {
	average := func(end int64, v float64) craftedChunk {
		return craftedChunk{times: []int64{end}, chunk: joined(numbers(t, at(end, 2)), numbers(t, at(end, 2*v)), nil, nil, nil)}
	}
	block := func(name string, resolution int64, chunks ...craftedChunk) crafted {
		return crafted{name: name, meta: thanosMeta(resolution), series: []craftedSeries{{labels: []string{"__name__", "a"}, chunks: chunks}}}
	}
	dir := t.TempDir()
	craft(t, dir, block("01JD0C4RZ4GJYX2MCGNV9N7B2A", 0, craftedChunk{times: []int64{noon, noon + 60_000, noon + hour}}))
	craft(t, dir, block("01JD0C4RZ4GJYX2MCGNV9N7B2B", fiveMinutes, average(noon+fiveMinutes, 5), average(noon+2*hour, 6)))
	craft(t, dir, block("01JD0C4RZ4GJYX2MCGNV9N7B2C", hour, average(noon+hour/2, 7), average(noon+3*hour, 8)))
	craft(t, dir, block("01JD0C4RZ4GJYX2MCGNV9N7B2D", hour, average(noon+fiveMinutes, 9)))
	got := gather(t, read.Options{}, dir)
	assert.Equal(t, content{`{__name__="a"}`: {at(noon, 1), at(noon+60_000, 1), at(noon+hour, 1), at(noon+2*hour, 6), at(noon+3*hour, 8)}}, got.content)
	assert.Empty(t, got.damage)
	require.Len(t, got.report.Losses(), 2, "nothing was taken of the last one")
}

// TestForeignIsNotDamaged reads what other systems, or later ones, put into a
// block: it is no damage, and what is not known is said once.
func TestForeignIsNotDamaged(t *testing.T) {
	dir := t.TempDir()
	mimir := craft(t, dir, crafted{series: []craftedSeries{plainSeries("shard", "1")}, meta: map[string]any{
		"out_of_order": true, "newKey": map[string]any{"a": []int{1}},
		"thanos": map[string]any{"labels": map[string]string{"__org_id__": "9", "__compactor_shard_id__": "1_of_4"}, "files": []any{map[string]any{"rel_path": "index", "size_bytes": 1}}},
	}})
	for _, name := range []string{"no-compact-mark.json", "deletion-mark.json", "visit-mark.json", "sparse-index-header", "index.cache.json"} {
		require.NoError(t, os.WriteFile(filepath.Join(mimir, name), []byte("{}"), 0o666))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "markers"), 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bucket-index.json.gz"), []byte{1}, 0o666))
	got := gather(t, read.Options{}, dir)
	assert.Len(t, got.content, 1)
	assert.Empty(t, got.damage)
	assert.Empty(t, got.report.Losses())
	for _, f := range verified(t, verify.Mimir, dir) {
		assert.NotContains(t, f, "error:")
	}

	later := t.TempDir()
	chunk := func(at int64) craftedChunk {
		return craftedChunk{times: []int64{at}, chunk: laterChunk{numbers(t, point{at, 1})}}
	}
	s := plainSeries()
	s.chunks = append(s.chunks, chunk(noon+2000), chunk(noon+3000), chunk(noon+4000))
	craft(t, later, crafted{series: []craftedSeries{s}})
	got = gather(t, read.Options{}, later)
	assert.Len(t, got.content[`{__name__="a"}`], 2)
	require.Len(t, got.damage, 1)
	assert.Contains(t, got.damage[0], "chunks of encoding 99, which this program does not know; these were left out")
	assert.Equal(t, []string{"block-encoding"}, codes(verified(t, verify.Prometheus, later)))
	assert.Equal(t, []string{"block-encoding"}, slices.DeleteFunc(codes(verified(t, verify.Mimir, later)), func(c string) bool { return c == "block-external" }))
}

// laterChunk has an encoding that nobody knows.
type laterChunk struct{ chunkenc.Chunk }

func (laterChunk) Encoding() chunkenc.Encoding { return 99 }
