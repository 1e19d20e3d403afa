package promapi

import (
	"fmt"
	"sync"

	"github.com/prometheus/prometheus/util/annotations"
)

// memo keeps answers to requests for labels of one version of the archives: Grafana
// repeats them at every keystroke.
type memo struct {
	mu      sync.Mutex
	version any
	size    int
	answers map[string]labelAnswer
}

// labelAnswer is the answer to a request for labels, before its limit applies.
type labelAnswer struct {
	all      []string // sorted
	warnings annotations.Annotations
}

// maxMemo is the size in bytes at which a memo forgets everything.
const maxMemo = 16 << 20

// get returns an answer.
func (m *memo) get(version any, key string) (labelAnswer, bool) {
	if version == nil {
		return labelAnswer{}, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.version != version {
		return labelAnswer{}, false
	}
	a, ok := m.answers[key]
	return a, ok
}

// put stores an answer, which must not change afterwards. It drops the answers of other
// versions.
func (m *memo) put(version any, key string, a labelAnswer) {
	if version == nil {
		return
	}
	size := len(key) + 64
	for _, text := range a.all {
		size += len(text) + 16
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.version != version || m.size+size > maxMemo {
		m.version, m.size, m.answers = version, 0, map[string]labelAnswer{}
	}
	if _, known := m.answers[key]; known || size > maxMemo {
		return
	}
	m.answers[key] = a
	m.size += size
}

// key identifies a request for labels: the name of a label, or "" for the names of all.
// Windows that include all records are the same.
func (r *request) key(label string) (string, error) {
	start, end, err := r.window()
	if err != nil {
		return "", err
	}
	from, to := clamp(start), clamp(end)
	if v := r.view; !v.End.IsZero() {
		if first := v.Start.UnixMilli(); from < first {
			from = first
		}
		if last := v.End.UnixMilli() + 1; to > last && from < last {
			to = last
		}
	}
	return fmt.Sprintf("%d %d %q %q %q", from, to, label, r.params["match[]"], r.params["host"]), nil
}
