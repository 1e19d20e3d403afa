package read

import (
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/block"
	"github.com/pcparchive/pcparchive/pcp"
)

// counterState is the state of a counter at the end of a chunk.
type counterState struct {
	any    bool    // whether the counter has had a value
	raw    float64 // last value of the original series
	value  float64 // last value of the aggregate
	offset float64 // added to values, so that the counter continues across resets between chunks
}

// begin continues with raw, the first value of the original series in the next chunk.
func (c *counterState) begin(raw float64) {
	switch {
	case !c.any:
	case raw < c.raw:
		c.offset += c.value
	default:
		c.offset += c.value - c.raw
	}
	c.any, c.raw, c.value = true, raw, raw
}

// aggregated iterates over the windows of a downsampled chunk. It returns the average of
// each window, or the value of a counter.
type aggregated struct {
	it    chunkenc.Iterator // iterator over the counter, the histograms or the sums
	count chunkenc.Iterator // iterator over the counts; nil unless it iterates over sums
	state *counterState     // nil unless it iterates over the counter
	left  int               // number of samples of the counter still to read
	begun bool              // whether a sample of the counter was read

	t   int64
	v   float64
	err error
}

var _ chunkenc.Iterator = (*aggregated)(nil)

// aggregatesOf returns an iterator over a chunk of aggregates. For a counter, state is the
// lane's state; for other series it is nil. histograms reports whether the windows hold
// native histograms.
func aggregatesOf(data []byte, state *counterState) (a *aggregated, histograms bool, err error) {
	all, err := block.SplitAggregates(data)
	if err != nil {
		return nil, false, err
	}
	counter, sum, count := all.Counter, all.Sum, all.Count
	averages := sum != nil && count != nil && isNumbers(sum) && isNumbers(count)
	switch {
	case counter != nil && !isNumbers(counter):
		return &aggregated{it: counter.Iterator(nil)}, true, nil
	case counter != nil && (state != nil || !averages):
		if state == nil {
			state = &counterState{}
		}
		return &aggregated{it: counter.Iterator(nil), state: state, left: counter.NumSamples()}, false, nil
	case averages:
		return &aggregated{it: sum.Iterator(nil), count: count.Iterator(nil)}, false, nil
	}
	return nil, false, fmt.Errorf("%w: it has neither a counter nor a sum with a count", block.ErrAggregates)
}

func isNumbers(c chunkenc.Chunk) bool {
	return c.Encoding() == chunkenc.EncXOR || c.Encoding() == chunkenc.EncXOR2
}

// Next moves to the next window.
func (a *aggregated) Next() chunkenc.ValueType {
	switch {
	case a.state != nil:
		return a.nextCounter()
	case a.count != nil:
		return a.nextAverage()
	}
	return a.it.Next()
}

// nextCounter moves to the next window of a counter. It leaves out the first sample, and
// the last one if it repeats a time.
func (a *aggregated) nextCounter() chunkenc.ValueType {
	for kind := a.it.Next(); kind != chunkenc.ValNone; kind = a.it.Next() {
		t, v := a.it.At()
		a.left--
		switch {
		case !a.begun:
			a.begun = true
			a.state.begin(v)
			if a.left > 0 {
				continue
			}
		case a.left == 0 && t <= a.t:
			a.state.raw = v
			return chunkenc.ValNone
		}
		a.state.value, a.state.raw = v, v
		a.t, a.v = t, a.state.offset+v
		return chunkenc.ValFloat
	}
	return chunkenc.ValNone
}

// nextAverage moves to the next window and divides its sum by its count.
func (a *aggregated) nextAverage() chunkenc.ValueType {
	for {
		sums, counts := a.it.Next(), a.count.Next()
		if sums != counts {
			a.err = fmt.Errorf("%w: the numbers of sums and counts differ", block.ErrAggregates)
			return chunkenc.ValNone
		}
		if sums == chunkenc.ValNone {
			return chunkenc.ValNone
		}
		t, sum := a.it.At()
		other, count := a.count.At()
		if t != other {
			a.err = fmt.Errorf("%w: a sum and its count have different times", block.ErrAggregates)
			return chunkenc.ValNone
		}
		if count > 0 {
			a.t, a.v = t, sum/count
			return chunkenc.ValFloat
		}
	}
}

// Seek moves to the first window that is not before t.
func (a *aggregated) Seek(t int64) chunkenc.ValueType {
	for {
		if kind := a.Next(); kind == chunkenc.ValNone || a.AtT() >= t {
			return kind
		}
	}
}

// At returns a window's time and value.
func (a *aggregated) At() (int64, float64) { return a.t, a.v }

// AtHistogram returns a window's histogram.
func (a *aggregated) AtHistogram(h *histogram.Histogram) (int64, *histogram.Histogram) {
	return a.it.AtHistogram(h)
}

// AtFloatHistogram returns a window's histogram.
func (a *aggregated) AtFloatHistogram(h *histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	return a.it.AtFloatHistogram(h)
}

// AtT returns a window's time.
func (a *aggregated) AtT() int64 {
	if a.state == nil && a.count == nil {
		return a.it.AtT()
	}
	return a.t
}

// AtST returns 0, because the start time is not known.
func (*aggregated) AtST() int64 { return 0 }

// Err returns the error that ended the iteration early.
func (a *aggregated) Err() error {
	if a.err != nil {
		return a.err
	}
	if a.count != nil && a.count.Err() != nil {
		return a.count.Err()
	}
	return a.it.Err()
}

// isCounter reports whether a series is a counter. Metadata decide if they name a counter
// or a gauge; otherwise the usual endings of names decide.
func isCounter(s *prom.Series) bool {
	if s.Sem == pcp.SemCounter || s.Family != nil && s.Family.Type == prom.TypeGauge {
		return s.Sem == pcp.SemCounter
	}
	for _, end := range []string{"_total", "_bucket", "_count", "_sum"} {
		if strings.HasSuffix(s.Name, end) {
			return true
		}
	}
	return false
}
