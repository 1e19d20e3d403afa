package check

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/pcparchive/pcparchive/pcp"
)

// fall is the first decrease of a counter.
type fall struct {
	file     string
	off      int64 // offset of the record
	at       pcp.Timestamp
	metric   *metricState
	inst     pcp.InstID
	from, to uint64 // the value before and after, as bits
	count    int    // number of decreases of this counter
}

// counter compares the value of a counter with the previous value, unless a mark lies
// between them.
func (c *checker) counter(m *metricState, s *seriesState, now uint64) {
	before, known := s.bits, s.epoch == c.data.epoch
	s.bits, s.epoch = now, c.data.epoch
	if !known || !isLess(now, before, m.desc.Type) {
		return
	}
	if s.fall == nil {
		s.fall = &fall{
			file: c.data.m.Path, off: c.data.off, at: c.data.stamp, metric: m, inst: s.inst, from: before, to: now,
		}
		c.data.falls = append(c.data.falls, s.fall)
	}
	s.fall.count++
}

// isLess reports whether a is less than b. Both are bits of a value of numeric type t.
func isLess(a, b uint64, t pcp.Type) bool {
	switch t {
	case pcp.Type32:
		return int32(a) < int32(b)
	case pcp.TypeU32:
		return uint32(a) < uint32(b)
	case pcp.Type64:
		return int64(a) < int64(b)
	case pcp.TypeFloat:
		return math.Float32frombits(uint32(a)) < math.Float32frombits(uint32(b))
	case pcp.TypeDouble:
		return math.Float64frombits(a) < math.Float64frombits(b)
	}
	return a < b
}

// numberText formats the bits of a value of numeric type t.
func numberText(bits uint64, t pcp.Type) string {
	switch t {
	case pcp.Type32:
		return fmt.Sprint(int32(bits))
	case pcp.TypeU32:
		return fmt.Sprint(uint32(bits))
	case pcp.Type64:
		return fmt.Sprint(int64(bits))
	case pcp.TypeFloat:
		return fmt.Sprint(math.Float32frombits(uint32(bits)))
	case pcp.TypeDouble:
		return fmt.Sprint(math.Float64frombits(bits))
	}
	return fmt.Sprint(bits)
}

// wrapped reports whether a fall looks like an overflow of 32 bits: a step from the last
// quarter of their range to the first. Agents may store such a counter in 64 bits.
func (f *fall) wrapped() bool {
	const quarter = 1 << 30
	from, to := f.from, f.to
	switch f.metric.desc.Type {
	case pcp.Type32:
		from, to = uint64(uint32(from)), uint64(uint32(to))
		// A signed counter may step from the largest number to the smallest.
		return from>>30 == 1 && to>>30 == 2 || from>>30 == 3 && to>>30 == 0
	case pcp.TypeU32:
		from, to = uint64(uint32(from)), uint64(uint32(to))
	case pcp.Type64, pcp.TypeU64:
	default:
		return false
	}
	return from < 4*quarter && from >= 3*quarter && to < quarter
}

// endCounters reports the counters that fell.
func (c *checker) endCounters() {
	falls := c.data.falls
	slices.SortFunc(falls, func(a, b *fall) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.metric.id, b.metric.id), cmp.Compare(a.inst, b.inst))
	})
	for _, f := range falls {
		code := CounterReset
		if f.wrapped() {
			code = CounterWrap
		}
		if !c.wants(code) {
			continue
		}
		d := f.metric.desc
		what := metricTitle(d, d.PMID)
		if f.inst != pcp.InstNull {
			what += fmt.Sprintf("[%s]", c.instanceName(d.InDom, f))
		}
		times := ""
		if f.count > 1 {
			times = fmt.Sprintf(", the first of %d times", f.count)
		}
		c.add(code, f.file, f.off, "counter %s fell from %s to %s at %s%s", what, numberText(f.from, d.Type), numberText(f.to, d.Type), f.at, times)
	}
}

// instanceName returns the name of a fall's instance at its time, or else its number.
func (c *checker) instanceName(id pcp.InDomID, f *fall) string {
	if in, _ := c.store.InDomAt(id, f.at); in != nil {
		if e, ok := in.Lookup(f.inst); ok {
			return fmt.Sprintf("%.60s", e.Name)
		}
	}
	return fmt.Sprint(int32(f.inst))
}
