package instant

import (
	"slices"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// depth is the number of records of a metric in which a search looks for instances that
// its last record lacks. Discrete values are looked for in all records.
const depth = 12

// search collects the values of a metric from its records, the last record first.
type search struct {
	found   *recorded // nil before the first record
	missing map[pcp.InstID]bool
	newer   map[pcp.InstID]bool // instances of the record with values seen last
	seen    int                 // number of records
	done    bool
}

// look takes an earlier record.
func (s *search) look(mv *history.MetricValues, t pcp.Timestamp) {
	if s.found == nil {
		s.begin(mv, t)
		return
	}
	d := s.found.desc
	if s.seen++; mv.Err < 0 || d.Conflict(mv.Metric.Desc) != "" {
		s.done = true
		return
	}
	s.earlier(mv, t)
	s.done = len(s.missing) == 0 || s.seen >= depth && d.Sem != pcp.SemDiscrete && !s.found.origin
}

// begin takes the last record.
func (s *search) begin(mv *history.MetricValues, t pcp.Timestamp) {
	s.found, s.seen = first(mv, t), 1
	if s.found.desc.InDom == pcp.InDomNull || s.found.err < 0 || mv.InDom == nil {
		s.done = true
		return
	}
	s.newer = idSet(s.found.last)
	s.missing = missingOf(mv.InDom, s.newer)
	s.done = len(s.missing) == 0
}

func missingOf(in *meta.InDom, present map[pcp.InstID]bool) map[pcp.InstID]bool {
	missing := map[pcp.InstID]bool{}
	for _, inst := range in.Instances {
		if !present[inst.ID] {
			missing[inst.ID] = true
		}
	}
	return missing
}

// earlier takes the instances that later records lack. They have ended if the record has
// instances in common with the next one: then both belong to one logging group.
func (s *search) earlier(mv *history.MetricValues, t pcp.Timestamp) {
	if len(mv.Points) == 0 {
		return
	}
	d := s.found.desc
	ended := !s.found.origin && slices.ContainsFunc(mv.Points, func(p history.Point) bool { return s.newer[instanceOf(d, &p)] })
	alone := len(s.newer) == 0
	s.newer = make(map[pcp.InstID]bool, len(mv.Points))
	for i := range mv.Points {
		p := &mv.Points[i]
		id := instanceOf(d, p)
		s.newer[id] = true
		if alone { // the later records had no values
			s.found.last = append(s.found.last, id)
		}
		if !s.missing[id] {
			continue
		}
		delete(s.missing, id)
		if !ended {
			s.found.values = append(s.found.values, valueOf(d, p, t))
		}
	}
}
