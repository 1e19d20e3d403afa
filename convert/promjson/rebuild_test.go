package promjson

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/pcparchive/pcparchive/internal/sinktest"

	jsoniter "github.com/json-iterator/go"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/util/jsonutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/nativehist"
	"github.com/pcparchive/pcparchive/convert/prom"
)

// kept has the native histograms that a Reader yields.
type kept struct {
	lines
	t    []int64
	hist []*histogram.FloatHistogram
}

func (k *kept) Histogram(_ *prom.Series, t int64, data []byte) error {
	h, fh, err := nativehist.Decode(data)
	if err != nil || h != nil {
		return fmt.Errorf("%v %w", h, err)
	}
	k.t, k.hist = append(k.t, t), append(k.hist, fh)
	return nil
}

// reply writes histograms as Prometheus does, one each second.
func reply(all ...*histogram.FloatHistogram) string {
	s := jsoniter.NewStream(jsoniter.ConfigCompatibleWithStandardLibrary, nil, 512)
	s.WriteRaw(`[{"metric":{"__name__":"h"},"histograms":[`)
	for i, h := range all {
		if i > 0 {
			s.WriteMore()
		}
		s.WriteRaw(fmt.Sprintf("[%d,", i))
		jsonutil.MarshalHistogram(h, s)
		s.WriteRaw("]")
	}
	s.WriteRaw(`]}]`)
	return string(s.Buffer())
}

// told reads a reply.
func told(t *testing.T, text string) (*kept, []prom.LossCount) {
	t.Helper()
	k, report := &kept{}, &prom.Report{}
	require.NoError(t, NewReader(inputs(text), ReadOptions{Report: report}).Samples(context.Background(), sinktest.Sink(k)), text)
	return k, report.Losses()
}

// random returns the buckets of one side, near the given index.
func random(rng *rand.Rand, near int32) (spans []histogram.Span, counts []float64) {
	for n := range rng.IntN(4) {
		s := histogram.Span{Offset: near, Length: uint32(1 + rng.IntN(4))}
		if n > 0 {
			s.Offset = int32(1 + rng.IntN(5))
		}
		spans = append(spans, s)
		for range s.Length {
			counts = append(counts, float64(rng.IntN(100)))
		}
	}
	return spans, counts
}

// Histograms of every schema come back from what Prometheus tells of them.
func TestHistogramsComeBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 1000 {
		schema := int32(rng.IntN(13) - 4)
		largest := int32(math.Ldexp(1024, int(schema))) // that of MaxFloat64; the next one is that of Inf
		near := []int32{-3, 0, 7, -largest / 2, largest - 4, -largest + 5}[rng.IntN(6)]
		var all []*histogram.FloatHistogram
		for range 1 + rng.IntN(4) {
			h := &histogram.FloatHistogram{Schema: schema, ZeroThreshold: math.Ldexp(1, -1060), ZeroCount: 1 + float64(rng.IntN(3))}
			h.PositiveSpans, h.PositiveBuckets = random(rng, near)
			h.NegativeSpans, h.NegativeBuckets = random(rng, near/2)
			h.Count, h.Sum = float64(rng.IntN(1000))+0.5, rng.NormFloat64()
			if it := h.PositiveReverseBucketIterator(); it.Next() && it.At().Index > largest+1 {
				h.PositiveSpans, h.PositiveBuckets = nil, nil // no number is there
			}
			all = append(all, h.Compact(0))
		}
		one := &histogram.FloatHistogram{Schema: schema, ZeroThreshold: all[0].ZeroThreshold, PositiveSpans: []histogram.Span{{Offset: 1, Length: 1}}, PositiveBuckets: []float64{1}}
		at := rng.IntN(len(all) + 1) // tells the schema of those that have no bucket
		all = append(all[:at:at], append([]*histogram.FloatHistogram{one}, all[at:]...)...)
		text := reply(all...)
		k, losses := told(t, text)
		require.Empty(t, losses, "%d: %s", n, text)
		require.Len(t, k.hist, len(all))
		for i := range all {
			require.Equal(t, 1000*int64(i), k.t[i])
			require.True(t, all[i].Equals(k.hist[i]), "%v became %v", all[i].TestExpression(), k.hist[i].TestExpression())
		}
	}
}

// Custom bounds come back as far as any histogram of the series tells them.
func TestCustomBoundsComeBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		var bounds []float64
		for v := rng.NormFloat64(); len(bounds) < 1+rng.IntN(12); v += rng.ExpFloat64() {
			bounds = append(bounds, v)
		}
		full := &histogram.FloatHistogram{Schema: histogram.CustomBucketsSchema, CustomValues: bounds, PositiveSpans: []histogram.Span{{Length: uint32(len(bounds) + 1)}}}
		for range len(bounds) + 1 {
			full.PositiveBuckets = append(full.PositiveBuckets, float64(1+rng.IntN(9)))
		}
		full.Count, full.Sum = 99, rng.NormFloat64()
		part := full.Copy()
		for i := range part.PositiveBuckets {
			part.PositiveBuckets[i] *= float64(rng.IntN(2))
		}
		none := &histogram.FloatHistogram{Schema: histogram.CustomBucketsSchema, CustomValues: bounds}
		all := []*histogram.FloatHistogram{part.Compact(0), full, none}
		k, losses := told(t, reply(all...))
		require.Empty(t, losses)
		for i := range all {
			require.True(t, all[i].Equals(k.hist[i]), "%v became %v", all[i].TestExpression(), k.hist[i].TestExpression())
		}
		// Alone the other bounds are not known, but what is told is the same.
		k, losses = told(t, reply(part))
		require.Empty(t, losses)
		require.Equal(t, reply(part), reply(k.hist...))
	}
}

// What others of a series tell is used, and what is told is the same in any case.
func TestWhatOneHistogramDoesNotTell(t *testing.T) {
	bucket := []histogram.Span{{Offset: 3, Length: 1}}
	for name, all := range map[string][]*histogram.FloatHistogram{
		"nothing":               {{Schema: 8}},
		"only the zero bucket":  {{Schema: 8, ZeroThreshold: 0.3, ZeroCount: 4, Count: 4}},
		"a zero bucket at zero": {{Schema: 8, ZeroCount: 4, Count: 4}},
		"no zero bucket":        {{Schema: 3, PositiveSpans: bucket, PositiveBuckets: []float64{5}, Count: 5}},
		"of one of them": {
			{Schema: 3, ZeroThreshold: 0.3, Count: 0, Sum: 0},
			{Schema: 3, PositiveSpans: bucket, PositiveBuckets: []float64{5}, ZeroThreshold: 0.3, ZeroCount: 1, Count: 6},
			{Schema: 3, ZeroThreshold: 0.3, Count: 0, Sum: math.NaN()},
		},
		"a bucket that the zero bucket cuts": {
			{Schema: 1, PositiveSpans: []histogram.Span{{Offset: 1, Length: 2}}, PositiveBuckets: []float64{5, 6}, ZeroThreshold: 1.2, ZeroCount: 1, Count: 12},
			{Schema: 1, PositiveSpans: []histogram.Span{{Offset: 1, Length: 1}}, PositiveBuckets: []float64{5}, ZeroThreshold: 1.2, ZeroCount: 1, Count: 6},
		},
	} {
		text := reply(all...)
		k, losses := told(t, text)
		require.Empty(t, losses, name)
		require.Equal(t, text, reply(k.hist...), name)
		for i := range all {
			assert.True(t, all[i].Equals(k.hist[i]), "%s: %v became %v", name, all[i].TestExpression(), k.hist[i].TestExpression())
		}
	}
}

// Buckets that Prometheus has none of are counted.
func TestBucketsOfNoHistogram(t *testing.T) {
	for _, buckets := range []string{
		`[2,"1","2","3"]`,                   // open on both sides
		`[0,"2","1","3"]`,                   // backwards
		`[0,"1","2","3"],[0,"1.5","4","3"]`, // over each other
		`[0,"1","2","3"],[1,"-2","-1","3"]`, // not in order
		`[0,"1","2","-3"]`,                  // less than none
		`[0,"NaN","2","3"]`, `[0,"0","0","3"]`, `[3,"1","-1","3"]`,
		`[3,"-1","1","2"],[0,"1.5","1.7","3"]`, // custom bounds with a zero bucket
	} {
		k, losses := told(t, `[{"metric":{"__name__":"h"},"histogram":[1,{"count":"3","sum":"1","buckets":[`+buckets+`]}]}]`)
		assert.Empty(t, k.hist, buckets)
		assert.Equal(t, []prom.LossCount{{Loss: prom.LossNativeHist, Name: "h", Count: 1}}, losses, buckets)
	}
	for text, fault := range map[string]string{
		`[1]`: "want [time", `[1,{}]`: "want [time", `[1,{"count":"3"}]`: "want [time", `["x",{"count":"1","sum":"1"}]`: "want seconds",
		`[1,{"count":"x","sum":"1"}]`: "invalid syntax", `[1,{"count":"1","sum":"1","buckets":[[7,"1","2","3"]]}]`: "bounds 7",
		`[1,{"count":"1","sum":"1","buckets":[[0,1,"2","3"]]}]`: "cannot unmarshal", `[1,{"count":"1","sum":"1","buckets":[[0,"1"]]}]`: "a bucket has 2 elements",
	} {
		err := NewReader(inputs(`[{"metric":{"__name__":"h"},"histogram":`+text+`}]`), ReadOptions{}).Samples(context.Background(), sinktest.Sink(&kept{}))
		require.ErrorContains(t, err, fault, text)
		assert.True(t, strings.HasPrefix(err.Error(), "file0: "))
	}
}
