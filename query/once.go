package query

import (
	"fmt"
	"maps"
	"sync"
)

// selections caches the results of a querier's selections, because an expression may name
// the same series a thousand times.
type selections struct {
	mu   sync.Mutex
	seen map[string]*seriesSet
}

// once returns the cached result for key, or calls read and caches its result.
func (m *selections) once(key string, read func() (*seriesSet, error)) (*seriesSet, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := m.seen[key]
	if found == nil {
		var err error
		if found, err = read(); err != nil {
			return nil, err
		}
		if m.seen == nil {
			m.seen = map[string]*seriesSet{}
		}
		m.seen[key] = found
	}
	return &seriesSet{series: found.series, at: -1, warnings: maps.Clone(found.warnings)}, nil
}

// key identifies a selection among those of one querier.
func (s *selection) key() string {
	return fmt.Sprintf("%d %d %d %t %t %q", s.from, s.to, s.window, s.instant, s.labelsOnly, s.matchers)
}

// has reports whether the result for key is cached.
func (m *selections) has(key string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.seen[key] != nil
}
