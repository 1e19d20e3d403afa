package interp

import (
	"iter"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// minTracked is the smallest number of instances with which libpcp tracks when
// instances leave their domain. It is enough if one record has that many.
const minTracked = 16

// lifetimes finds when instances left their domain for good: the time of the first record
// without the instance, if no later record has it.
type lifetimes struct {
	src  Source
	left map[domain]map[pcp.InstID]pcp.Timestamp
}

// domain is an instance domain of a target.
type domain struct {
	target history.Target
	id     pcp.InDomID
}

// ended reports whether an instance had left its domain before t.
func (l *lifetimes) ended(target history.Target, id pcp.InDomID, inst pcp.InstID, t pcp.Timestamp) bool {
	of := domain{target, id}
	left, known := l.left[of]
	if !known {
		if l.left == nil {
			l.left = map[domain]map[pcp.InstID]pcp.Timestamp{}
		}
		left = l.find(of)
		l.left[of] = left
	}
	at, gone := left[inst]
	return gone && t.After(at)
}

// find returns the times at which instances left a domain. It returns nil if the domain is
// too small to be tracked.
func (l *lifetimes) find(of domain) map[pcp.InstID]pcp.Timestamp {
	left := map[pcp.InstID]pcp.Timestamp{}
	here := map[pcp.InstID]int{} // number of the last record with the instance
	large := false
	n := 0
	for store := range l.stores(of.target) {
		for in := range store.InDomVersions(of.id) {
			n++
			large = large || len(in.Instances) >= minTracked
			for _, e := range in.Instances {
				here[e.ID] = n
				delete(left, e.ID)
			}
			for inst, last := range here {
				if last < n {
					left[inst] = in.Stamp
					delete(here, inst)
				}
			}
		}
	}
	if !large {
		return nil
	}
	return left
}

// stores yields the metadata of the archives of a target. A source without archives has
// no metadata.
func (l *lifetimes) stores(target history.Target) iter.Seq[*meta.Store] {
	return func(yield func(*meta.Store) bool) {
		switch s := l.src.(type) {
		case interface{ Meta() *meta.Store }:
			yield(s.Meta())
		case interface {
			Readers() iter.Seq[*archive.Reader]
		}:
			for r := range s.Readers() {
				if r.Target() == target && !yield(r.Meta()) {
					return
				}
			}
		}
	}
}
