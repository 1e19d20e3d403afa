package meta

import (
	"slices"

	"github.com/pcparchive/pcparchive/pcp"
)

// inDomTimeline holds the versions of one instance domain as stored. Expanding
// every delta would take memory by the square of the domain, so only few versions
// are kept complete; see expansions.
type inDomTimeline struct {
	timeline[version]
	expanded expansions
}

// maxRepeats bounds the search for repetitions of a domain.
const maxRepeats = 64

// version is either a complete domain or a delta.
type version struct {
	stamp pcp.Timestamp
	full  *InDom
	delta *InDomDelta
}

func (v version) time() pcp.Timestamp { return v.stamp }

// add adds a version.
func (tl *inDomTimeline) add(v version) {
	if !tl.timeline.add(v) {
		return // all that follows waits for settle
	}
	last := len(tl.records) - 1
	if v.full != nil && last > 0 {
		v.full.shareNames(tl.records[last-1].full)
	}
	if j := repeated(tl.records[:last], v); j >= 0 {
		tl.records = slices.Delete(tl.records, j, j+1)
		tl.expanded = expansions{}
	}
}

// repeated returns the position, -1 if there is none, of what a version
// replaces: a complete domain replaces one of the same stamp that equals it, as
// in the reference. Old loggers repeated them by the dozen. Looking far for one
// would cost the square of their number.
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

// settle puts late versions in their place.
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
		tl.records, tl.expanded = kept, expansions{}
	})
}

func (tl *inDomTimeline) len() int {
	if tl == nil {
		return 0
	}
	tl.settle()
	return len(tl.records)
}

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
