package store

import (
	"bytes"
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// recording identifies the process that wrote an archive and its copies.
type recording struct {
	pid   int32
	start pcp.Timestamp
}

func recordingOf(r *archive.Reader) recording { return recording{r.Header().PID, r.Header().Start} }

// hasCopies reports whether several archives may be copies of one recording.
func (s *Set) hasCopies() bool {
	seen := make(map[recording]bool, len(s.items))
	for _, it := range s.items {
		seen[recordingOf(it.label)] = true
	}
	return len(seen) < len(s.items)
}

// copies holds the active cursors of each recording by the exporters that they were recorded
// from. A process that records several targets may begin their archives at the same time.
type copies map[recording]map[history.Target][]*cursor

// newCopies returns nil if no archive of a Set may be a copy.
func newCopies(s *Set) copies {
	if !s.hasCopies() {
		return nil
	}
	return copies{}
}

// add adds a cursor and tells all copies of its recording of each other.
func (all copies) add(c *cursor) {
	if all == nil || c.outline { // none overlaps an outline
		return
	}
	r := recordingOf(c.r)
	if all[r] == nil {
		all[r] = map[history.Target][]*cursor{}
	}
	by, targets := all[r], c.targets()
	if slices.Contains(targets, history.Target{}) {
		for _, others := range by { // whatever they were recorded from
			c.link(others)
		}
	} else {
		c.link(by[history.Target{}])
	}
	for _, t := range targets {
		c.link(by[t])
		by[t] = append(by[t], c)
	}
}

// link tells a cursor and others of each other.
func (c *cursor) link(others []*cursor) {
	for _, other := range others {
		if other != c && !slices.Contains(c.copies, other) {
			c.copies = append(c.copies, other)
			other.copies = append(other.copies, c)
		}
	}
}

// remove removes a cursor that has ended. The cursor keeps its own copies.
func (all copies) remove(c *cursor) {
	if all == nil || c.outline {
		return
	}
	is := func(other *cursor) bool { return other == c }
	by := all[recordingOf(c.r)]
	for _, t := range c.targets() {
		by[t] = slices.DeleteFunc(by[t], is)
	}
	for _, other := range c.copies {
		other.copies = slices.DeleteFunc(other.copies, is)
	}
}

// targets returns the exporters that the archive was recorded from, the zero Target if there
// is none.
func (c *cursor) targets() []history.Target {
	if all := history.TargetsOf(c.r.Meta()); len(all) > 0 {
		return all
	}
	return []history.Target{{}}
}

// dropCopies drops what a step to be yielded has in common with the steps of that time in all
// other copies of the recording. What they have more, or other values, remains: two recordings
// that look like copies may begin at the same time, and a copy may lack metrics.
func (m *merge) dropCopies(yielded *cursor) {
	if yielded.head.Mark {
		m.dropMarks(yielded)
		return
	}
	for i := len(yielded.copies) - 1; i >= 0; i-- { // advance may remove the copy
		m.dropCopy(yielded.copies[i], yielded.head)
	}
}

// dropCopy drops what the next steps of a copy have in common with a step to be yielded. A copy
// merged from pieces that overlapped has a record several times.
func (m *merge) dropCopy(c *cursor, yielded *history.Step) {
	for c.head.Stamp == yielded.Stamp && !c.head.Mark {
		rest := m.without(c.head.Metrics, yielded.Metrics)
		if len(rest) > 0 {
			if len(rest) < len(c.head.Metrics) {
				c.head = &history.Step{Stamp: c.head.Stamp, Target: c.head.Target, Metrics: rest}
			}
			return
		}
		if !m.advance(c) {
			return
		}
	}
}

// handOver gives the part of an archive that was read to its end to a copy that is still read:
// the copy has the same values, and ends them. The values that copies have in common are in the
// part of the one that was opened first.
func (m *merge) handOver(c *cursor) {
	if len(c.copies) == 0 {
		return
	}
	heir := slices.MinFunc(c.copies, func(a, b *cursor) int { return a.order - b.order })
	if heir.order < c.order {
		return
	}
	heir.part, c.part = c.part, heir.part
	m.parts[heir.part].series, m.parts[c.part].series = m.parts[c.part].series, m.parts[heir.part].series
}

// dropMarks makes one mark of those of all open archives at the time of a mark to be yielded. If
// some archive has none, each mark concerns its own archive.
func (m *merge) dropMarks(yielded *cursor) {
	same := func(c *cursor) bool { return c.head.Mark && c.head.Stamp == yielded.head.Stamp }
	if len(yielded.copies) == 0 || slices.ContainsFunc(m.active.all, func(c *cursor) bool { return !same(c) || c != yielded && !slices.Contains(yielded.copies, c) }) {
		return
	}
	yielded.head.Part = history.AllParts
	for i := len(yielded.copies) - 1; i >= 0; i-- { // advance may remove the copy
		c := yielded.copies[i]
		m.parts[c.part].unmarked = false
		m.advance(c) // the mark is yielded either way
	}
}

// without returns the metrics of a step whose values another step lacks.
func (m *merge) without(all, other []history.MetricValues) (rest []history.MetricValues) {
	if len(all) == len(other) && slices.EqualFunc(all, other, sameValues) {
		return nil // as copies mostly have
	}
	if m.places == nil {
		m.places = map[pcp.PMID]int{}
	}
	clear(m.places)
	for i := range other {
		m.places[other[i].Metric.Desc.PMID] = i
	}
	for i := range all {
		if at, ok := m.places[all[i].Metric.Desc.PMID]; !ok || !sameValues(all[i], other[at]) {
			rest = append(rest, all[i])
		}
	}
	return rest
}

// sameValues reports whether two steps have the same values of the same metric.
func sameValues(a, b history.MetricValues) bool {
	return a.Metric.Desc.PMID == b.Metric.Desc.PMID && a.Metric.Name == b.Metric.Name && a.Err == b.Err &&
		slices.EqualFunc(a.Points, b.Points, func(p, q history.Point) bool {
			v, w := &p.Value, &q.Value
			return v.Inst == w.Inst && v.Type == w.Type && v.Bits == w.Bits && bytes.Equal(v.Data, w.Data)
		})
}
