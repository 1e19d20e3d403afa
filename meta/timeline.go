package meta

import (
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/pcparchive/pcparchive/pcp"
)

// timeline holds records by ascending time, and records of one time in the
// order in which they were added. add appends late records at the end; the next
// query sorts them all at once, because inserting each at its place would be
// quadratic.
type timeline[R stamped] struct {
	records []R
	mu      sync.Mutex
	late    atomic.Bool // some record is out of order
}

type stamped interface{ time() pcp.Timestamp }

func (l *Labels) time() pcp.Timestamp { return l.Stamp }

// add appends a record and returns false if any record is out of order.
func (tl *timeline[R]) add(r R) (inOrder bool) {
	if n := len(tl.records); n > 0 && r.time().Before(tl.records[n-1].time()) {
		tl.late.Store(true)
	}
	tl.records = append(tl.records, r)
	return !tl.late.Load()
}

// settle sorts late records and calls settled if there were any.
func (tl *timeline[R]) settle(settled func()) {
	if !tl.late.Load() {
		return
	}
	tl.mu.Lock()
	defer tl.mu.Unlock()
	if tl.late.Load() { // no other goroutine has sorted meanwhile
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

// add appends a record, whose sets must ascend by instance.
func (tl *labelTimeline) add(l *Labels) {
	if n := len(tl.records); n > 0 {
		l.shareSets(tl.records[n-1])
	}
	tl.timeline.add(l)
}

// ordered returns the records by ascending time.
func (tl *labelTimeline) ordered() []*Labels {
	tl.settle(func() {})
	return tl.records
}

// at returns the record in force at t, nil if none is, and the time of the next
// record. Of several records with one stamp the first counts.
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
