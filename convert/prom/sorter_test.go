package prom

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// taken is what a Samples was given.
type taken struct {
	series *Series
	t      int64
	bits   uint64
	data   string
}

// taker notes what it is given.
type taker struct {
	got    []taken
	closed int
	fail   error
}

func (k *taker) Sample(s *Series, t int64, v float64) error {
	k.got = append(k.got, taken{series: s, t: t, bits: math.Float64bits(v)})
	return k.fail
}

func (k *taker) Histogram(s *Series, t int64, data []byte) error {
	k.got = append(k.got, taken{series: s, t: t, data: string(data)})
	return k.fail
}

func (k *taker) Close() error { k.closed++; return nil }

func promSeries(n int) []*Series {
	all := make([]*Series, n)
	for i := range all {
		all[i] = &Series{Name: fmt.Sprintf("s%d", i), ID: i}
	}
	return all
}

// TestSorter demands the order of a stable sort, in memory and with a file.
func TestSorter(t *testing.T) {
	series := promSeries(50)
	spans := []int64{1, 100, 1 << 20, 1 << 40, math.MaxInt64}
	for seed := range uint64(35) {
		rng := rand.New(rand.NewPCG(seed, 1))
		span := spans[seed%5]
		memory := int64(1 + rng.IntN(200_000)) // at the least 1024 records
		sorted := seed%7 == 0
		dir := t.TempDir()
		got := &taker{}
		s := NewSorter(testSink(got), SorterOptions{Memory: memory, Dir: dir})
		var want []taken
		for i := range rng.IntN(20_000) {
			in := taken{series: series[rng.IntN(len(series))], t: rng.Int64N(span) - span/2, bits: rng.Uint64()}
			if sorted {
				in.t = int64(i / 3)
			}
			if rng.IntN(10) == 0 {
				in.bits, in.data = 0, string(make([]byte, 1+rng.IntN(40)*rng.IntN(40)))
				require.NoError(t, testPutHistogram(s, in.series, in.t, []byte(in.data)))
			} else {
				require.NoError(t, testPut(s, in.series, in.t, math.Float64frombits(in.bits)))
			}
			want = append(want, in)
		}
		require.Empty(t, got.got, "what is not over may still get an earlier sample")
		require.NoError(t, testFinish(s))
		slices.SortStableFunc(want, func(a, b taken) int {
			switch {
			case a.t < b.t:
				return -1
			case a.t > b.t:
				return 1
			}
			return 0
		})
		require.Equal(t, len(want), len(got.got), "seed %d", seed)
		for i := range want {
			require.Equal(t, want[i], got.got[i], "seed %d, sample %d", seed, i)
		}
		assert.Equal(t, 1, got.closed)
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		assert.Empty(t, left)
	}
}

// TestSorterBigHistogram has one that is greater than a buffer.
func TestSorterBigHistogram(t *testing.T) {
	got := &taker{}
	s := NewSorter(testSink(got), SorterOptions{Memory: 1, Dir: t.TempDir()})
	series := promSeries(1)[0]
	big := make([]byte, 2*sortBuffer)
	for i := range big {
		big[i] = byte(i * 7)
	}
	require.NoError(t, testPutHistogram(s, series, 2, big))
	require.NoError(t, testPut(s, series, 1, 1))
	require.NoError(t, testPutHistogram(s, series, 0, big[1:]))
	require.NoError(t, testFinish(s))
	require.Len(t, got.got, 3)
	assert.Equal(t, string(big[1:]), got.got[0].data)
	assert.Equal(t, string(big), got.got[2].data)
}

// TestSorterFullAtHistogram has memory for numbers run out at a histogram.
func TestSorterFullAtHistogram(t *testing.T) {
	got := &taker{}
	s := NewSorter(testSink(got), SorterOptions{Memory: 1 << 20, Dir: t.TempDir()})
	series := promSeries(1)[0]
	var want []string
	for i := range 2 * s.limit {
		if i%s.limit != 0 || i == 0 {
			require.NoError(t, testPut(s, series, int64(i), 1))
			continue
		}
		for range 2 {
			data := fmt.Sprintf("histogram %d", len(want))
			require.NoError(t, testPutHistogram(s, series, int64(i), []byte(data)))
			want = append(want, data)
		}
	}
	require.NoError(t, testFinish(s))
	var data []string
	for _, k := range got.got {
		if k.data != "" {
			data = append(data, k.data)
		}
	}
	assert.Equal(t, want, data)
}

// plainTaker takes no histograms.
type plainTaker struct{ n int }

func (p *plainTaker) Sample(*Series, int64, float64) error { p.n++; return nil }

func TestSorterRefusals(t *testing.T) {
	series := promSeries(1)[0]
	plain, report := &plainTaker{}, &Report{}
	s := NewSorter(testSink(plain, report), SorterOptions{Report: report})
	require.NoError(t, testPutHistogram(s, series, 1, []byte("x")))
	require.NoError(t, testFinish(s))
	assert.Equal(t, []LossCount{{LossNativeHist, "s0", 1}}, report.Losses())
	s = NewSorter(testSink(plain), SorterOptions{})
	assert.ErrorContains(t, testPut(s, &Series{Name: "neg", ID: -1}, 1, 1), "out of range")
	require.ErrorContains(t, testPut(s, series, 1, 1), "out of range")
	require.ErrorContains(t, testFinish(s), "out of range")
	assert.ErrorContains(t, testPut(s, series, 1, 1), "out of range")

	failing := &taker{fail: errors.New("full")}
	s = NewSorter(testSink(failing), SorterOptions{})
	require.NoError(t, testPut(s, series, 1, 1))
	require.ErrorIs(t, testFinish(s), failing.fail)
	require.NoError(t, s.Close())
	assert.Equal(t, 1, failing.closed)

	kept := &taker{}
	s = NewSorter(testSink(kept), SorterOptions{Memory: 1, Dir: t.TempDir()})
	for range 3000 {
		require.NoError(t, testPut(s, series, 1, 1))
	}
	require.NoError(t, s.Close(), "gives up")
	assert.ErrorIs(t, testPut(s, series, 1, 1), errSorterClosed)
	assert.Equal(t, 1, kept.closed)
	assert.Empty(t, kept.got)

	s = NewSorter(testSink(kept), SorterOptions{Memory: 1, Dir: "no/such/folder"})
	var err error
	for i := 0; i < 100_000 && err == nil; i++ {
		err = testPut(s, series, int64(i), 1)
	}
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func BenchmarkSorter(b *testing.B) {
	const n, width = 5_000_000, 5000
	series := promSeries(width)
	for _, c := range []struct {
		name string
		at   func(i int) (id int, t int64)
	}{
		{"sorted", func(i int) (int, int64) { return i % width, int64(i/width) * 15_000 }},
		{"bySeries", func(i int) (int, int64) { return i / 1000, int64(i%1000) * 15_000 }},
		{"random", func(i int) (int, int64) { return i * 7919 % width, int64(uint32(i)*2654435761) % (24 * 3600_000) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				s := NewSorter(testSink(&plainTaker{}), SorterOptions{Dir: b.TempDir()})
				for i := range n {
					id, t := c.at(i)
					if err := testPut(s, series[id], t, float64(i)); err != nil {
						b.Fatal(err)
					}
				}
				if err := testFinish(s); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds()/1e6, "Msamples/s")
		})
	}
}

// TestSorterKeepsFirst repeats samples, next to each other and not, in memory and
// by way of the file.
func TestSorterKeepsFirst(t *testing.T) {
	for _, memory := range []int64{0, 1} {
		report, got := &Report{}, &taker{}
		s := NewSorter(testSink(got), SorterOptions{Memory: memory, Dir: t.TempDir(), Report: report, KeepFirst: true})
		a, b := &Series{Name: "a", ID: 0}, &Series{Name: "b", ID: 1}
		const n = 3000
		for _, v := range []float64{1, 2} { // the second pass repeats the first
			for i := range int64(n) {
				require.NoError(t, testPut(s, a, i, v))
			}
		}
		require.NoError(t, testPut(s, b, 5, 7))
		require.NoError(t, testPut(s, b, 5, 7), "an equal value is a repetition, too")
		require.NoError(t, testFinish(s))
		require.Len(t, got.got, n+1)
		for _, at := range got.got {
			want := map[string]float64{"a": 1, "b": 7}[at.series.Name]
			require.Equal(t, want, math.Float64frombits(at.bits), "%s at %d", at.series.Name, at.t)
		}
		assert.Equal(t, []LossCount{{LossDuplicate, "a", n}, {LossDuplicate, "b", 1}}, report.Losses())
	}
}

// testSink hands each item to the methods of what takes samples one by one.
func testSink(dst interface {
	Sample(s *Series, t int64, v float64) error
}, report ...*Report) SampleSink {
	return closing{SinkFunc(func(s *Series, batch []Sample) error {
		for _, x := range batch {
			h, takes := dst.(interface {
				Histogram(s *Series, t int64, data []byte) error
			})
			var err error
			switch {
			case x.Histogram == nil:
				err = dst.Sample(s, x.T, x.V)
			case takes:
				err = h.Histogram(s, x.T, x.Histogram)
			default:
				report[0].Add(LossNativeHist, s.Name)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}), dst}
}

// closing closes what a sink is made of.
type closing struct {
	SinkFunc
	dst any
}

func (c closing) Close() error {
	if dst, ok := c.dst.(interface{ Close() error }); ok {
		return dst.Close()
	}
	return nil
}

func testPut(dst SampleSink, s *Series, t int64, v float64) error {
	return dst.Append(s, []Sample{{T: t, V: v}})
}

func testPutHistogram(dst SampleSink, s *Series, t int64, data []byte) error {
	return dst.Append(s, []Sample{{T: t, Histogram: data}})
}

func testFinish(dst SampleSink) error {
	if err := dst.Flush(context.Background()); err != nil {
		return err
	}
	return dst.Close()
}
