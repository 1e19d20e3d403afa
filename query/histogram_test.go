package query

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/nativehist"
	"github.com/pcparchive/pcparchive/convert/prom"
)

// histogramsOf writes an archive with native histograms; give is asked for those
// of each second. Beside each there is a counter of its observations.
func histogramsOf(t *testing.T, seconds int, give func(sec int) (h *histogram.Histogram, mark bool)) *archive.Reader {
	t.Helper()
	w := newWriterAt(t, filepath.Join(t.TempDir(), "rec"))
	m, err := mapper.New(mapper.Options{Host: "h"})
	require.NoError(t, err)
	src, err := m.Source(mapper.Target{Name: "web", Job: "web", Instance: "web:1"})
	require.NoError(t, err)
	sink := convert.NewToArchive(w.a)
	for sec := range seconds {
		h, mark := give(sec)
		if mark {
			w.mark(float64(sec) - 0.5)
		}
		if h == nil {
			continue
		}
		src.Begin(stamp(float64(sec)))
		s, err := src.HistogramSeries("h", nil, prom.Family{Name: "h", Type: prom.TypeHistogram})
		require.NoError(t, err)
		data, err := nativehist.Encode(h, nil)
		require.NoError(t, err)
		src.SetHistogram(s, data)
		c, err := src.Series("n_total", nil, prom.Family{Name: "n_total", Type: prom.TypeCounter})
		require.NoError(t, err)
		src.Set(c, float64(h.Count))
		require.NoError(t, sink.Put(src.Step()))
	}
	return w.open()
}

// The observations that a native histogram counts change across marks and resets
// as a counter of them does.
func TestHistogramsOverMarks(t *testing.T) {
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var buckets [4]uint64
		r := histogramsOf(t, 200, func(sec int) (*histogram.Histogram, bool) {
			mark := sec > 0 && rng.IntN(15) == 0
			if reset := mark && rng.IntN(2) == 0 || rng.IntN(25) == 0; reset && buckets[0] > 50 {
				buckets = [4]uint64{uint64(rng.IntN(30))}
			}
			h := &histogram.Histogram{Schema: 2, ZeroThreshold: 0.1, PositiveSpans: []histogram.Span{{Offset: 1, Length: 3}}}
			for i := range buckets {
				buckets[i] += uint64(rng.IntN(5))
				h.Count += buckets[i]
				h.Sum += float64(i) * float64(buckets[i])
			}
			h.ZeroCount = buckets[0]
			h.PositiveBuckets = []int64{int64(buckets[1]), int64(buckets[2] - buckets[1]), int64(buckets[3] - buckets[2])}
			return h, mark
		})
		e := newEngine(t, r, Options{})
		for _, f := range []string{"rate", "irate", "increase"} {
			for _, window := range []string{"5s", "20s", "1m", "10m"} {
				counter, hist := fmt.Sprintf("%s(n_total[%s])", f, window), fmt.Sprintf("histogram_count(%s(h[%s]))", f, window)
				want, got := over(t, e, 0, 210, 1, counter), over(t, e, 0, 210, 1, hist)
				require.Len(t, want, 1)
				assert.Equal(t, want, got, hist)
				assert.NotContains(t, strings.Join(over(t, e, 0, 210, 1, fmt.Sprintf("%s(h[%s])", f, window)), ""), "-", "no bucket goes down")
				for _, sec := range []float64{0, 33, 100.5, 177, 205} {
					assert.Equal(t, now(t, e, sec, counter), now(t, e, sec, hist), hist)
				}
			}
		}
	}
}

// Of histograms that cannot be subtracted from one another, or that are no
// counters, marks are not bridged, and what Prometheus says of them stands.
func TestHistogramsThatCannotBeBridged(t *testing.T) {
	gauge := &histogram.Histogram{Count: 9, ZeroCount: 9, Sum: 9, CounterResetHint: histogram.GaugeType}
	custom := &histogram.Histogram{
		Count: 5, Sum: 5, Schema: histogram.CustomBucketsSchema, CustomValues: []float64{1},
		PositiveSpans: []histogram.Span{{Length: 1}}, PositiveBuckets: []int64{5},
	}
	plain := &histogram.Histogram{Count: 2, ZeroCount: 2, Sum: 2}
	for _, pair := range [][2]*histogram.Histogram{{gauge, gauge}, {custom, plain}, {plain, custom}} {
		r := histogramsOf(t, 20, func(sec int) (*histogram.Histogram, bool) {
			return pair[sec/10].Copy(), sec == 10
		})
		e := newEngine(t, r, Options{})
		q, err := e.Instant(t.Context(), "rate(h[1m])", at(19))
		require.NoError(t, err)
		res := q.Exec(t.Context())
		require.NoError(t, res.Err)
		assert.NotEmpty(t, res.Warnings)
		q.Close()
	}
}

// A histogram that is damaged is left out and named.
func TestDamagedHistogram(t *testing.T) {
	r := histogramsOf(t, 10, func(sec int) (*histogram.Histogram, bool) {
		h := &histogram.Histogram{Count: 1, ZeroCount: 1, Sum: 1}
		if sec == 5 {
			h.PositiveBuckets = []int64{1} // without a span
		}
		return h, false
	})
	q, err := newEngine(t, r, Options{}).Instant(t.Context(), "count_over_time(h[1m])", at(9))
	require.NoError(t, err)
	defer q.Close()
	res := q.Exec(t.Context())
	assert.Equal(t, []string{`{instance="web:1", job="web"} 9`}, lines(t, res))
	warnings := res.Warnings.AsErrors()
	require.Len(t, warnings, 1)
	assert.ErrorAs(t, warnings[0], new(*LossWarning))
	assert.EqualError(t, warnings[0], "skipped: value does not fit its type: once: h")
}

// A native histogram takes more of what a query may hold than a number.
func TestHistogramsAreLimited(t *testing.T) {
	r := histogramsOf(t, 100, func(sec int) (*histogram.Histogram, bool) {
		return &histogram.Histogram{Count: uint64(sec), ZeroCount: uint64(sec), Sum: 0.1, ZeroThreshold: 0.1}, false
	})
	for expr, ok := range map[string]bool{"n_total": true, "h": false} {
		q, err := newEngine(t, r, Options{MaxSamples: 120}).Range(t.Context(), expr, at(0), at(99), 99e9)
		require.NoError(t, err)
		err = q.Exec(t.Context()).Err
		if ok {
			assert.NoError(t, err)
		} else {
			assert.ErrorAs(t, err, new(*LimitError))
		}
		q.Close()
	}
}
