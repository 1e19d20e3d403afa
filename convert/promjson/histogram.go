package promjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/prometheus/prometheus/model/histogram"
)

// reading is a native histogram as a reply tells it: which buckets have
// observations, and how many.
type reading struct {
	t          int64
	count, sum float64
	buckets    []histogram.Bucket[float64] // by ascending bounds
}

var errHistogram = errors.New(`want [time, {"count": …, "sum": …, "buckets": [[bounds, "left", "right", "count"], …]}]`)

// parseHistogram reads a time and a histogram.
func parseHistogram(raw []byte) (*reading, error) {
	var pair []json.RawMessage
	if err := json.Unmarshal(raw, &pair); err != nil || len(pair) != 2 {
		return nil, fmt.Errorf("%w, got %.40q", errHistogram, raw)
	}
	t, err := parseTime(pair[0])
	if err != nil {
		return nil, err
	}
	var fields struct {
		Count, Sum *string
		Buckets    [][4]json.RawMessage
	}
	if err := json.Unmarshal(pair[1], &fields); err != nil || fields.Count == nil || fields.Sum == nil {
		return nil, fmt.Errorf("%w, got %.40q", errHistogram, pair[1])
	}
	r := &reading{t: t, buckets: make([]histogram.Bucket[float64], len(fields.Buckets))}
	var failed error
	number := func(text string) float64 {
		v, err := strconv.ParseFloat(text, 64)
		failed = errors.Join(failed, err)
		return v
	}
	r.count, r.sum = number(*fields.Count), number(*fields.Sum)
	for i, b := range fields.Buckets {
		var rule int
		var text [3]string
		failed = errors.Join(failed, json.Unmarshal(b[0], &rule))
		for j := range text {
			failed = errors.Join(failed, json.Unmarshal(b[1+j], &text[j]))
		}
		if failed == nil && (rule < 0 || rule > 3) {
			failed = fmt.Errorf("bounds %d: want 0 to 3", rule)
		}
		if failed != nil {
			break
		}
		r.buckets[i] = histogram.Bucket[float64]{
			Lower: number(text[0]), Upper: number(text[1]), Count: number(text[2]),
			LowerInclusive: rule == 1 || rule == 3, UpperInclusive: rule == 0 || rule == 3,
		}
	}
	if failed != nil {
		return nil, fmt.Errorf("histogram %.60q: %w", pair[1], failed)
	}
	return r, nil
}

// same reports whether h, as a reply tells it, is r.
func (r *reading) same(h *histogram.FloatHistogram) bool {
	i := 0
	for it := h.AllBucketIterator(); it.Next(); {
		b := it.At()
		b.Index = 0
		if b.Count == 0 {
			continue // a reply leaves it out
		}
		if i == len(r.buckets) || r.buckets[i] != b {
			return false
		}
		i++
	}
	return i == len(r.buckets) && h.Validate() == nil
}
