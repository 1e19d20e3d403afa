package query

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPlainChunks reads series of which all, some or no chunks are compressed, in the same
// random steps.
func TestPlainChunks(t *testing.T) {
	const samples = 3 * chunkSamples / 2 * 3
	made := func(plain int64) *packedSeries {
		b := newBudget(samples, 0)
		b.plain.Store(plain)
		s := &packedSeries{ctx: t.Context(), budget: b}
		for i := range int64(samples) {
			require.NoError(t, s.add(heldSample{timedValue: timedValue{10 * i, float64(i * i)}}, false))
		}
		ok, err := s.finish(10 * samples)
		require.NoError(t, err)
		require.True(t, ok)
		return s
	}
	all, some, none := made(samples+chunkSamples), made(2*chunkSamples), made(0)
	require.Nil(t, all.chunks[len(all.chunks)-1].data)
	require.Nil(t, some.chunks[1].data)
	require.NotNil(t, some.chunks[2].data)
	require.NotNil(t, none.chunks[0].data)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		its := []chunkenc.Iterator{none.Iterator(nil), some.Iterator(nil), all.Iterator(nil)}
		for at, kind := int64(0), chunkenc.ValFloat; kind != chunkenc.ValNone; {
			seek := rnd.IntN(3) > 0
			at += rnd.Int64N(5000)
			var want timedValue
			for i, it := range its {
				var got chunkenc.ValueType
				if seek {
					got = it.Seek(at)
				} else {
					got = it.Next()
				}
				var v timedValue
				if got != chunkenc.ValNone {
					v.t, v.v = it.At()
				}
				if i == 0 {
					kind, want = got, v
				}
				require.Equal(t, kind, got)
				require.Equal(t, want, v)
				require.NoError(t, it.Err())
			}
			at = max(at, want.t)
		}
	}
}

// TestWriteIndentedJSON wants the text of WriteResultJSON as package json indents it.
func TestWriteIndentedJSON(t *testing.T) {
	ls := labels.FromStrings("__name__", "a", "b", "\"<\u2028")
	h := &histogram.FloatHistogram{Count: 3, Sum: 4, ZeroCount: 1, PositiveSpans: []histogram.Span{{Length: 1}}, PositiveBuckets: []float64{2}}
	points := []promql.FPoint{{T: 1, F: 2}, {T: 1500, F: math.Inf(1)}}
	for _, v := range []parser.Value{
		promql.Vector{}, promql.Matrix{}, promql.Scalar{T: 1000, V: 2.5}, promql.String{T: 1, V: "x\n"},
		promql.Vector{{Metric: ls, T: 1, F: 2}, {T: 2, H: h}},
		promql.Matrix{{Metric: ls, Floats: points}, {Floats: points[:1], Histograms: []promql.HPoint{{T: 5, H: h}}}},
	} {
		var plain, want, got bytes.Buffer
		require.NoError(t, WriteResultJSON(&plain, v))
		require.NoError(t, json.Indent(&want, plain.Bytes(), "    ", "  "))
		require.NoError(t, WriteIndentedJSON(&got, v, 2))
		assert.Equal(t, want.String(), got.String())
	}
}
