package meta

import (
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/pcparchive/pcparchive/pcp"
)

// timeline holds records by ascending time, those of one time in the order in
// which they were added. Records that come late are put in their place when they
// are asked for, all at once: to make room for each would cost the square of
// their number.
type timeline[R stamped] struct {
	records []R
	mu      sync.Mutex
	late    atomic.Bool // records are not in order
}

type stamped interface{ time() pcp.Timestamp }

func (l *Labels) time() pcp.Timestamp { return l.Stamp }

// add adds a record. It returns false if that came late.
func (tl *timeline[R]) add(r R) (inOrder bool) {
	if n := len(tl.records); n > 0 && r.time().Before(tl.records[n-1].time()) {
		tl.late.Store(true)
	}
	tl.records = append(tl.records, r)
	return !tl.late.Load()
}

// settle puts late records in their place. settled is called if there were any.
func (tl *timeline[R]) settle(settled func()) {
	if !tl.late.Load() {
		return
	}
	tl.mu.Lock()
	defer tl.mu.Unlock()
	if tl.late.Load() { // nobody else was faster
		slices.SortStableFunc(tl.records, func(a, b R) int { return a.time().Compare(b.time()) })
		settled()
		tl.late.Store(false)
	}
}

func (tl *timeline[R]) stamp(i int) pcp.Timestamp { return tl.records[i].time() }

// after returns the position of the first record that is later than t.
func (tl *timeline[R]) after(t pcp.Timestamp) int {
	return sort.Search(len(tl.records), func(i int) bool { return tl.stamp(i).After(t) })
}

// labelTimeline holds the label records of one level and identifier.
type labelTimeline struct{ timeline[*Labels] }

func (tl *labelTimeline) ordered() []*Labels {
	tl.settle(func() {})
	return tl.records
}

// at returns the record in force at t, nil if none is, and until when it is. Of
// records with one stamp the first stored holds.
func (tl *labelTimeline) at(t pcp.Timestamp) (l *Labels, until pcp.Timestamp) {
	chain := tl.ordered()
	i := tl.after(t)
	until = pcp.MaxTime
	if i < len(chain) {
		until = chain[i].Stamp
	}
	if i == 0 {
		return nil, until
	}
	first, _ := slices.BinarySearchFunc(chain, chain[i-1].Stamp, func(e *Labels, t pcp.Timestamp) int { return e.Stamp.Compare(t) })
	return chain[first], until
}

// inDomTimeline holds the versions of one instance domain as stored. Expanding
// every delta would cost the square of the domain, so only the version asked
// for last is kept expanded.
type inDomTimeline struct {
	timeline[version]
	last int // position of cur
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

func (v version) time() pcp.Timestamp { return v.stamp }

// add adds a version.
func (tl *inDomTimeline) add(v version) {
	if !tl.timeline.add(v) {
		return // all that follows waits for settle
	}
	n := len(tl.records)
	if j := repeated(tl.records[:n-1], v); j >= 0 {
		tl.records = slices.Delete(tl.records, j, j+1)
		if j <= tl.last {
			tl.cur = nil
		}
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
		tl.records, tl.cur = kept, nil
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

// version returns version i complete. A delta without a predecessor stands for
// the instances it adds.
func (tl *inDomTimeline) version(i int) *InDom {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	if tl.cur != nil && tl.last == i {
		return tl.cur
	}
	from := i
	for from > 0 && tl.records[from].full == nil && (tl.cur == nil || from != tl.last) {
		from--
	}
	var in *InDom
	switch v := tl.records[from]; {
	case tl.cur != nil && from == tl.last:
		in = tl.cur
	case v.full != nil:
		in = v.full
	default:
		in = (&InDom{}).Apply(v.delta)
	}
	for _, v := range tl.records[from+1 : i+1] {
		in = in.Apply(v.delta)
	}
	tl.last, tl.cur = i, in
	return in
}
