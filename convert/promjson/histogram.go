package promjson

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
)

// replyHistogram is a native histogram as a reply has it: the buckets with
// observations, and their counts.
type replyHistogram struct {
	t          int64
	count, sum float64
	buckets    []histogram.Bucket[float64] // by ascending bounds
}

var errHistogram = errors.New(`want [time, {"count": …, "sum": …, "buckets": [[bounds, "left", "right", "count"], …]}]`)

// bucketElements is the number of elements in a bucket.
const bucketElements = 4

// parseHistogram reads a time and a histogram.
func parseHistogram(raw []byte) (*replyHistogram, error) {
	var pair []json.RawMessage
	if err := json.Unmarshal(raw, &pair); err != nil || len(pair) != 2 {
		return nil, fmt.Errorf("%w, got %.40q", errHistogram, raw)
	}
	t, err := parseTime(pair[0])
	if err != nil {
		return nil, err
	}
	r, err := parseBody(pair[1])
	if err != nil {
		return nil, fmt.Errorf("at %s: %w", time.UnixMilli(t).UTC().Format(time.RFC3339Nano), err)
	}
	r.t = t
	return r, nil
}

// parseBody reads a histogram.
func parseBody(text []byte) (*replyHistogram, error) {
	var fields struct {
		Count, Sum *string
		Buckets    [][]json.RawMessage
	}
	if err := json.Unmarshal(text, &fields); err != nil || fields.Count == nil || fields.Sum == nil {
		return nil, fmt.Errorf("%w, got %.40q", errHistogram, text)
	}
	for _, b := range fields.Buckets {
		if len(b) != bucketElements {
			return nil, fmt.Errorf(`a native histogram of another form: a bucket has %d elements, want %d: [bounds, "left", "right", "count"]`, len(b), bucketElements)
		}
	}
	r := &replyHistogram{buckets: make([]histogram.Bucket[float64], len(fields.Buckets))}
	var failed error
	number := func(digits string) float64 {
		v, err := strconv.ParseFloat(digits, 64)
		failed = cmp.Or(failed, err)
		return v
	}
	r.count, r.sum = number(*fields.Count), number(*fields.Sum)
	for i, b := range fields.Buckets {
		var rule int
		var limits [3]string
		failed = cmp.Or(failed, json.Unmarshal(b[0], &rule))
		for j := range limits {
			failed = cmp.Or(failed, json.Unmarshal(b[1+j], &limits[j]))
		}
		if failed == nil && (rule < 0 || rule > 3) {
			failed = fmt.Errorf("bounds %d: want 0 to 3", rule)
		}
		if failed != nil {
			break
		}
		r.buckets[i] = histogram.Bucket[float64]{
			Lower: number(limits[0]), Upper: number(limits[1]), Count: number(limits[2]),
			LowerInclusive: rule == 1 || rule == 3, UpperInclusive: rule == 0 || rule == 3,
		}
	}
	if failed != nil {
		return nil, fmt.Errorf("histogram %.60q: %w", text, failed)
	}
	return r, nil
}

// same reports whether a reply with h would be r.
func (r *replyHistogram) same(h *histogram.FloatHistogram) bool {
	i := 0
	for it := h.AllBucketIterator(); it.Next(); {
		b := it.At()
		b.Index = 0
		if b.Count == 0 {
			continue // replies leave empty buckets out
		}
		if i == len(r.buckets) || r.buckets[i] != b {
			return false
		}
		i++
	}
	return i == len(r.buckets) && h.Validate() == nil
}
