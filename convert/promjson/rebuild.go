package promjson

import (
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
)

// A reply has the bounds of the buckets with observations. It does not have the schema,
// the width of an empty zero bucket, and custom bounds around empty buckets. Exponential
// bounds determine the schema, because no two schemas share a bucket. Other histograms of
// the series provide the parts that one histogram does not show. Each rebuilt histogram
// is compared with the reply.

// rebuild returns the histograms of a series, with nil for each one whose buckets no
// histogram of Prometheus can have. The histograms have no hint about resets.
func rebuild(series []*replyHistogram) []*histogram.FloatHistogram {
	all, ok := exponentials(series)
	if ok {
		return all
	}
	// A series with any other bounds has custom bounds in all its histograms.
	bounds := customBounds(series...)
	for i, r := range series {
		for _, b := range [][]float64{bounds, customBounds(r)} {
			if h := r.custom(b); h != nil && r.same(h) {
				all[i] = h
				break
			}
		}
	}
	return all
}

// shape has the properties that the histograms of a series share.
type shape struct {
	schema    int32
	threshold float64 // upper bound of the zero bucket
}

// exponentials rebuilds the histograms with exponential bounds. ok reports whether all
// histograms have such bounds.
func exponentials(series []*replyHistogram) (all []*histogram.FloatHistogram, ok bool) {
	all = make([]*histogram.FloatHistogram, len(series))
	// A histogram without a bucket that determines the schema gets the finest schema. It
	// can then be combined with any other histogram.
	last := shape{schema: histogram.ExponentialSchemaMax}
	for _, r := range slices.Backward(series) { // later histograms complete earlier ones
		last = r.shape(last)
	}
	ok = true
	for i, r := range series {
		s := r.shape(last)
		h := r.exponential(s)
		if h == nil || !r.same(h) {
			s.schema = last.schema // a bucket that the zero bucket cuts shows a wrong schema
			h = r.exponential(s)
		}
		if h == nil || !r.same(h) {
			ok = false
			continue
		}
		all[i], last = h, s
	}
	return all, ok
}

// shape returns the shape of r. other provides the parts that r does not show.
func (r *replyHistogram) shape(other shape) shape {
	s := other
	for _, b := range r.buckets {
		lower, upper := b.Lower, b.Upper
		if isZero(b) {
			s.threshold = upper
			continue
		}
		if upper <= 0 {
			lower, upper = -upper, -lower
		}
		// The logarithms of neighbouring bounds differ by 2^-schema.
		step := -math.Log2(math.Log2(upper) - math.Log2(lower))
		const least, most = float64(histogram.ExponentialSchemaMin), float64(histogram.ExponentialSchemaMax)
		if n := math.Round(step); n >= least && n <= most && math.Abs(step-n) < 1e-3 {
			s.schema = int32(n)
		}
	}
	return s
}

// exponential builds a histogram with a schema. It returns nil if the buckets are too far
// apart for a histogram.
func (r *replyHistogram) exponential(s shape) *histogram.FloatHistogram {
	h := &histogram.FloatHistogram{Schema: s.schema, ZeroThreshold: s.threshold, Count: r.count, Sum: r.sum}
	var positive, negative spanner
	ok := true
	for _, b := range r.buckets {
		switch {
		case isZero(b):
			h.ZeroCount = b.Count
		case b.Upper > 0:
			ok = ok && positive.add(indexOf(b.Upper, s.schema), b.Count)
		}
	}
	for _, b := range slices.Backward(r.buckets) { // away from zero
		if b.Upper <= 0 && !isZero(b) {
			ok = ok && negative.add(indexOf(-b.Lower, s.schema), b.Count)
		}
	}
	if !ok {
		return nil
	}
	h.PositiveSpans, h.PositiveBuckets = positive.spans, positive.counts
	h.NegativeSpans, h.NegativeBuckets = negative.spans, negative.counts
	return h
}

// isZero reports whether a bucket is the zero bucket.
func isZero(b histogram.Bucket[float64]) bool {
	return b.Lower == -b.Upper && b.Upper >= 0 && !math.IsInf(b.Upper, 1)
}

// indexOf returns the index of the bucket with an upper bound, as exactly as floating
// point allows.
func indexOf(upper float64, schema int32) int {
	const beyond = 1024 // the smallest exponent that is too large for a float64
	exponent := math.Log2(upper)
	switch {
	case upper == math.MaxFloat64:
		exponent = beyond
	case math.IsInf(upper, 1):
		return int(math.Ldexp(beyond, int(schema))) + 1
	}
	return int(math.Round(math.Ldexp(exponent, int(schema))))
}

// custom builds a histogram with custom bounds. It returns nil if no histogram can have
// the buckets of r.
func (r *replyHistogram) custom(bounds []float64) *histogram.FloatHistogram {
	h := &histogram.FloatHistogram{Schema: histogram.CustomBucketsSchema, CustomValues: bounds, Count: r.count, Sum: r.sum}
	var s spanner
	for _, b := range r.buckets {
		i, _ := slices.BinarySearch(bounds, b.Upper)
		if !s.add(i, b.Count) {
			return nil
		}
	}
	h.PositiveSpans, h.PositiveBuckets = s.spans, s.counts
	return h
}

// customBounds returns the finite bounds of all buckets.
func customBounds(series ...*replyHistogram) []float64 {
	var all []float64
	for _, r := range series {
		for _, b := range r.buckets {
			for _, v := range []float64{b.Lower, b.Upper} {
				if !math.IsInf(v, 0) {
					all = append(all, v)
				}
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// spanner makes spans of buckets by ascending index.
type spanner struct {
	spans  []histogram.Span
	counts []float64
	next   int // the index after the last one
}

// add adds a bucket. It returns false if the index is out of order.
func (s *spanner) add(index int, count float64) bool {
	gap := index - s.next
	switch {
	case len(s.spans) > 0 && gap < 0, gap < math.MinInt32, gap > math.MaxInt32:
		return false
	case len(s.spans) > 0 && gap == 0:
		s.spans[len(s.spans)-1].Length++
	default:
		s.spans = append(s.spans, histogram.Span{Offset: int32(gap), Length: 1})
	}
	s.counts = append(s.counts, count)
	s.next = index + 1
	return true
}
