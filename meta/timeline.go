package meta

import (
	"slices"
	"sync"

	"github.com/pcparchive/pcparchive/pcp"
)

// after returns the first of n ascending stamps that is later than t.
func after(n int, stamp func(int) pcp.Timestamp, t pcp.Timestamp) int {
	lo, hi := 0, n
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if stamp(mid).After(t) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// inDomTimeline holds the versions of one instance domain as stored. Expanding
// every delta would cost the square of the domain, so only the version asked
// for last is kept expanded.
type inDomTimeline struct {
	versions []version // ascending; of equal stamps the last stored comes last

	mu   sync.Mutex
	last int // position of cur in versions
	cur  *InDom
}

// maxRepeats bounds the search for repetitions of a domain.
const maxRepeats = 64

// version is either a complete domain or a delta.
type version struct {
	stamp pcp.Timestamp
	full  *InDom
	delta *InDomDelta
}

// add inserts a version. A complete domain replaces one of the same stamp that
// equals it, as in the reference: old loggers repeated them by the dozen.
// Looking far for one would cost the square of their number.
func (tl *inDomTimeline) add(v version) {
	i := after(len(tl.versions), tl.stamp, v.stamp)
	for j := i - 1; v.full != nil && j >= max(0, i-maxRepeats) && tl.stamp(j) == v.stamp; j-- {
		if full := tl.versions[j].full; full != nil && slices.Equal(full.Instances, v.full.Instances) {
			tl.versions = slices.Delete(tl.versions, j, j+1)
			i--
			break
		}
	}
	tl.versions = slices.Insert(tl.versions, i, v)
	tl.cur = nil
}

func (tl *inDomTimeline) len() int {
	if tl == nil {
		return 0
	}
	return len(tl.versions)
}

func (tl *inDomTimeline) stamp(i int) pcp.Timestamp { return tl.versions[i].stamp }

func (tl *inDomTimeline) at(t pcp.Timestamp) (in *InDom, until pcp.Timestamp) {
	i := after(len(tl.versions), tl.stamp, t)
	until = pcp.MaxTime
	if i < len(tl.versions) {
		until = tl.stamp(i)
	}
	if i == 0 {
		return nil, until
	}
	return tl.version(i - 1), until
}

// version returns version i complete. A delta without a predecessor stands for
// the instances it adds.
func (tl *inDomTimeline) version(i int) *InDom {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	if tl.cur != nil && tl.last == i {
		return tl.cur
	}
	from := i
	for from > 0 && tl.versions[from].full == nil && (tl.cur == nil || from != tl.last) {
		from--
	}
	var in *InDom
	switch v := tl.versions[from]; {
	case tl.cur != nil && from == tl.last:
		in = tl.cur
	case v.full != nil:
		in = v.full
	default:
		in = (&InDom{}).Apply(v.delta)
	}
	for _, v := range tl.versions[from+1 : i+1] {
		in = in.Apply(v.delta)
	}
	tl.last, tl.cur = i, in
	return in
}
