package meta

import (
	"slices"

	"github.com/pcparchive/pcparchive/pcp"
)

// inDomTimeline holds the versions of one instance domain as stored. Expanding
// every delta would take memory quadratic in the size of the domain, so
// expanded keeps only few versions complete.
type inDomTimeline struct {
	timeline[version]
	expanded expansions
	past     *pastNames // nil until a value's instance has no name
}

// maxRepeats is the number of preceding versions that repeated searches.
const maxRepeats = 64

// version is an entry of an inDomTimeline: either full or delta is set.
type version struct {
	stamp pcp.Timestamp
	full  *InDom
	delta *InDomDelta
}

func (v version) time() pcp.Timestamp { return v.stamp }

// add appends a version.
func (tl *inDomTimeline) add(v version) {
	if !tl.timeline.add(v) {
		return // settle treats all versions after a late one
	}
	last := len(tl.records) - 1
	if v.full != nil && last > 0 {
		v.full.shareNames(tl.records[last-1].full)
	}
	if j := repeated(tl.records[:last], v); j >= 0 {
		tl.records = slices.Delete(tl.records, j, j+1)
		tl.expanded, tl.past = expansions{}, nil
	}
}

// repeated returns the position of the version that v replaces, -1 if there is
// none. As in PCP, a complete domain replaces an equal one with the same stamp.
// Old loggers repeated domains by the dozen. The search is bounded because an
// unbounded one would be quadratic.
func repeated(before []version, v version) int {
	if v.full == nil {
		return -1
	}
	for j := len(before) - 1; j >= max(0, len(before)-maxRepeats) && before[j].stamp == v.stamp; j-- {
		if full := before[j].full; full != nil && slices.Equal(full.Instances, v.full.Instances) {
			return j
		}
	}
	return -1
}

// settle moves late versions to their place.
func (tl *inDomTimeline) settle() {
	tl.timeline.settle(func() {
		kept := tl.records[:0]
		for _, v := range tl.records {
			if j := repeated(kept, v); j >= 0 {
				kept = slices.Delete(kept, j, j+1)
			}
			kept = append(kept, v)
		}
		clear(tl.records[len(kept):])
		tl.records, tl.expanded, tl.past = kept, expansions{}, nil
	})
}

func (tl *inDomTimeline) len() int {
	if tl == nil {
		return 0
	}
	tl.settle()
	return len(tl.records)
}

// at returns the instance domain in force at t, nil if none is, and the time of
// the next version.
func (tl *inDomTimeline) at(t pcp.Timestamp) (in *InDom, until pcp.Timestamp) {
	tl.settle()
	i := tl.after(t)
	until = pcp.MaxTime
	if i < len(tl.records) {
		until = tl.stamp(i)
	}
	if i == 0 {
		return nil, until
	}
	return tl.version(i - 1), until
}

// version returns version i complete.
func (tl *inDomTimeline) version(i int) *InDom {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	return tl.expanded.version(tl.records, i)
}
