package catalogue

import (
	"cmp"
	"iter"
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/convert/flatten"
)

// Selection holds the series that matchers accept in a span of time. It is immutable.
// Several goroutines may use it.
type Selection struct {
	t       *tables
	index   *index
	series  bitset
	clashes *flatten.HostClashes
	unsure  []string
	hosts   []*host
	metrics [][]*Metric // metrics of each host, by ascending start of the archives
	limited bool        // whether there were matchers
}

// Unsure returns the names of samples whose series only values tell; see the package's
// documentation. The Selection may lack series with these names.
func (s *Selection) Unsure() []string { return s.unsure }

// Clashes returns the names that several hosts use, or nil if there are no such names. They
// change the label hostname.
func (s *Selection) Clashes() *flatten.HostClashes { return s.clashes }

// Shared reports whether series of several hosts may have equal labels.
func (s *Selection) Shared() bool {
	s.t.mu.RLock()
	defer s.t.mu.RUnlock()
	return s.index.shared
}

// Len returns the number of series. It counts series with equal labels separately.
func (s *Selection) Len() int { return s.series.len() }

// Of returns the part of a Selection that belongs to some hosts.
func (s *Selection) Of(hosts map[string]bool) *Selection {
	part := *s
	part.limited, part.series = true, newBitset(64*len(s.series))
	s.t.mu.RLock()
	defer s.t.mu.RUnlock()
	s.series.each(func(id uint32) {
		if hosts[s.t.hosts[s.index.hosts[id]].name] {
			part.series[id/64] |= 1 << (id % 64)
		}
	})
	part.hosts, part.metrics = nil, nil
	for i, h := range s.hosts {
		if hosts[h.name] {
			part.hosts, part.metrics = append(part.hosts, h), append(part.metrics, s.metrics[i])
		}
	}
	return &part
}

// found is a series and the number of its host.
type found struct {
	labels labels.Labels
	host   uint32
}

// Series yields the series, sorted by labels, each with the name of its host.
func (s *Selection) Series() iter.Seq2[labels.Labels, string] {
	return func(yield func(labels.Labels, string) bool) {
		all := make([]found, 0, s.series.len())
		s.t.mu.RLock()
		s.series.each(func(id uint32) { all = append(all, found{s.index.labels[id], s.index.hosts[id]}) })
		hosts := s.t.hosts
		s.t.mu.RUnlock()
		slices.SortFunc(all, func(a, b found) int {
			if n := labels.Compare(a.labels, b.labels); n != 0 {
				return n
			}
			return cmp.Compare(a.host, b.host)
		})
		for i, x := range all {
			if i > 0 && all[i-1].host == x.host && labels.Equal(all[i-1].labels, x.labels) {
				continue
			}
			if !yield(x.labels, hosts[x.host].name) {
				return
			}
		}
	}
}

// LabelNames returns the sorted names of the labels that the series have.
func (s *Selection) LabelNames() []string {
	s.t.mu.RLock()
	defer s.t.mu.RUnlock()
	var names []string
	for name, p := range s.index.names {
		if slices.ContainsFunc(p.series, s.series.hasAny) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// LabelValues returns the sorted values that a label has in the series.
func (s *Selection) LabelValues(name string) []string {
	s.t.mu.RLock()
	defer s.t.mu.RUnlock()
	p := s.index.names[name]
	if p == nil {
		return nil
	}
	var values []string
	for i, ids := range p.series {
		if s.series.hasAny(ids) {
			values = append(values, p.texts[i])
		}
	}
	slices.Sort(values)
	return values
}
