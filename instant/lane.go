package instant

import (
	"container/list"
	"slices"
	"unsafe"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// question is a call of Cache.At.
type question struct {
	s        Subject
	archives []store.Archive
	t        pcp.Timestamp
	ids      []pcp.PMID // nil: all
}

// end returns the instant, or about the end of the archives if that is earlier.
func (q *question) end() pcp.Timestamp {
	if end, err := q.s.set.Ending(); err == nil && end.Before(q.t) {
		return end
	}
	return q.t
}

// lane has what is kept of a Subject.
type lane struct {
	key     subjectKey
	reading chan struct{} // holds a token while archives are read

	// The cache's lock guards these fields.
	place    *list.Element // nil if the cache has forgotten the lane
	archives []store.Archive
	entries  []*entry // most recently used first
	size     int64
}

// entry are values of one instant. Only to changes.
type entry struct {
	*content
	values   *Values
	metadata map[history.MetricID]*described // for the holder of the token
	all      bool                            // values has all metrics
	asked    idsOf                           // the metrics of values
	to       pcp.Timestamp                   // until this time nothing else was recorded
	latest   bool                            // made for Latest
}

type idsOf map[pcp.PMID]bool

// maxEntries is the number of instants that a lane keeps.
const maxEntries = 8

// at returns the entry for an instant, or nil. It counts as used.
func (l *lane) at(t pcp.Timestamp) *entry {
	i := slices.IndexFunc(l.entries, func(e *entry) bool { return !t.Before(e.stamp) && !t.After(e.to) })
	if i < 0 {
		return nil
	}
	e := l.entries[i]
	copy(l.entries[1:i+1], l.entries[:i])
	l.entries[0] = e
	return e
}

// covers reports whether the entry has some metrics.
func (e *entry) covers(ids []pcp.PMID) bool {
	if e.all {
		return true
	}
	return ids != nil && !slices.ContainsFunc(ids, func(id pcp.PMID) bool { return !e.asked[id] })
}

// answer returns the values of some metrics, nil if the entry lacks one of them.
func (e *entry) answer(ids []pcp.PMID) *Values {
	switch {
	case !e.covers(ids):
		return nil
	case ids == nil:
		return e.values
	}
	return e.values.some(ids)
}

// follow makes archives those of the lane. It returns false if the lane already has those
// of a later state.
func (l *lane) follow(archives []store.Archive) bool {
	if sameState(l.archives, archives) {
		return true
	}
	if _, later := extends(archives, l.archives); later && l.archives != nil {
		return false
	}
	added, ok := extends(l.archives, archives)
	l.entries = slices.DeleteFunc(l.entries, func(e *entry) bool { return !ok || !e.stamp.Before(added) })
	for _, e := range l.entries {
		e.to = e.stamp // more may have been recorded since
	}
	l.archives = archives
	return true
}

// keep adds an entry in the place of another one, which may be nil.
func (l *lane) keep(replaced, e *entry) {
	l.entries = slices.DeleteFunc(l.entries, func(o *entry) bool { return o == replaced })
	l.entries = slices.Insert(l.entries, 0, e)
	if len(l.entries) > maxEntries {
		clear(l.entries[maxEntries:])
		l.entries = l.entries[:maxEntries]
	}
}

// measure returns about the number of bytes that the lane holds.
func (l *lane) measure() (size int64) {
	const (
		perMetric = int64(unsafe.Sizeof(Metric{})+unsafe.Sizeof(recorded{})+unsafe.Sizeof(history.Metric{})) + 64
		perValue  = int64(unsafe.Sizeof(recordedValue{})+unsafe.Sizeof(history.Point{})+unsafe.Sizeof(pcp.Timestamp{})) + 8
		perSeries = int64(unsafe.Sizeof(history.Series{})) + 64
	)
	seen := map[*described]bool{}
	for _, e := range l.entries {
		size += int64(len(e.asked)) * perMetric
		for _, m := range e.metrics {
			size += int64(len(m.values)) * perValue
			for i := range m.values {
				size += int64(len(m.values[i].value.Data))
			}
		}
		for _, d := range e.metadata {
			if !seen[d] {
				seen[d] = true
				size += int64(len(d.series)) * perSeries
			}
		}
	}
	return size
}
