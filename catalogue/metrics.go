package catalogue

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/pcp"
)

// HostMetric is a metric of a host in a Selection.
type HostMetric struct {
	Host    string
	*Metric     // description by the last archive
	Series  int // number of the metric's series in the Selection, counted under its first name only
}

// metricKey identifies a metric of a host in all archives.
type metricKey struct {
	host uint32
	id   pcp.PMID
	name string
}

// Metrics returns the metrics of the archives, sorted by host, name and number. Metrics
// without series, such as texts and events, are included if the Selection has no matchers.
func (s *Selection) Metrics() []HostMetric {
	s.t.mu.RLock()
	defer s.t.mu.RUnlock()
	versions := map[metricKey][]*Metric{}
	var keys []metricKey
	for i, metrics := range s.metrics {
		for _, m := range metrics {
			key := metricKey{s.hosts[i].number, m.Desc.PMID, m.Desc.Name()}
			if versions[key] == nil {
				keys = append(keys, key)
			}
			versions[key] = append(versions[key], m)
		}
	}
	all := []HostMetric{}
	for _, key := range keys {
		n, found := s.count(versions[key])
		if found || !s.limited {
			last := versions[key][len(versions[key])-1]
			all = append(all, HostMetric{s.t.hosts[key.host].name, last, n})
		}
	}
	slices.SortStableFunc(all, func(a, b HostMetric) int {
		return cmp.Or(strings.Compare(a.Host, b.Host), strings.Compare(a.Desc.Name(), b.Desc.Name()), cmp.Compare(a.Desc.PMID, b.Desc.PMID))
	})
	return all
}

// count counts the series that a metric has in the selection under its first name. found
// reports whether it has series under any of its names.
func (s *Selection) count(versions []*Metric) (n int, found bool) {
	seen := map[uint32]bool{}
	for _, m := range versions {
		for _, id := range m.series {
			if s.series.has(id) && !seen[id] {
				seen[id] = true
				n++
			}
		}
		for i := range m.aliased {
			found = found || s.series.hasAny(m.aliased[i].series)
		}
	}
	return n, found || n > 0
}

// Descriptions yields the metrics of the archives. A metric comes once for each different
// description.
func (s *Selection) Descriptions() iter.Seq[*Metric] {
	return func(yield func(*Metric) bool) {
		for _, metrics := range s.metrics {
			for _, m := range metrics {
				if !yield(m) {
					return
				}
			}
		}
	}
}
