package query

import (
	"fmt"
	"maps"
	"strings"
	"sync"

	"github.com/prometheus/prometheus/model/labels"
)

// selections caches the results of a querier's selections, because an expression may name
// the same series a thousand times.
type selections struct {
	mu    sync.Mutex
	byKey map[string]*onceRead
}

// onceRead is the result of a selection.
type onceRead struct {
	expected *expected // until the selection reads
	once     sync.Once
	done     bool // guarded by the lock of the selections
	set      *seriesSet
	err      error
}

// entry returns the result for key, which may still have to be read. Of a new one, it asks
// expect for what others expect of it.
func (m *selections) entry(key string, expect func() *expected) *onceRead {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.byKey[key]
	if e == nil {
		if m.byKey == nil {
			m.byKey = map[string]*onceRead{}
		}
		e = &onceRead{expected: expect()}
		m.byKey[key] = e
	}
	return e
}

// read returns the result of e. The first call reads it.
func (m *selections) read(e *onceRead, read func() (*seriesSet, error)) (*seriesSet, error) {
	e.once.Do(func() {
		defer e.expected.end()
		e.set, e.err = read()
		m.mu.Lock()
		defer m.mu.Unlock()
		e.done = true
	})
	if e.err != nil {
		return nil, e.err
	}
	return &seriesSet{series: e.set.series, at: -1, warnings: maps.Clone(e.set.warnings)}, nil
}

// end says that nobody needs to wait for the selections that were not read.
func (m *selections) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.byKey {
		e.expected.end()
	}
}

// key identifies a selection among those of one querier.
func (s *selection) key() string {
	return fmt.Sprintf("%d %d ", s.from, s.to) + replayKey(s)
}

// matchersKey identifies matchers. It quotes nothing, because a matcher may have a
// megabyte.
func matchersKey(all []*labels.Matcher) string {
	var key strings.Builder
	for _, m := range all {
		fmt.Fprintf(&key, "%d %d %d ", m.Type, len(m.Name), len(m.Value))
		key.WriteString(m.Name)
		key.WriteString(m.Value)
	}
	return key.String()
}

// has reports whether the result for key is cached.
func (m *selections) has(key string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.byKey[key]
	return e != nil && e.done
}
