package scrape

import (
	"sync"
	"time"
)

// repeats are the warnings of the scraper about targets. The scraper repeats them at each
// scrape, but a log needs them once.
type repeats struct {
	mu   sync.Mutex
	last map[warning]time.Time // when the scraper said it last
}

// warning is a message about a target, without its details.
type warning struct{ target, message string }

const (
	// silence is the time without a warning after which it counts as a new one.
	silence = 10 * time.Minute
	// maxWarnings limits the warnings that are known.
	maxWarnings = 10_000
)

// first reports whether a warning is a new one.
func (r *repeats) first(w warning, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	before, known := r.last[w]
	if r.last == nil {
		r.last = map[warning]time.Time{}
	}
	if !known && len(r.last) >= maxWarnings {
		for other, at := range r.last {
			if now.Sub(at) > silence {
				delete(r.last, other)
			}
		}
		if len(r.last) >= maxWarnings {
			clear(r.last)
		}
	}
	r.last[w] = now
	return !known || now.Sub(before) > silence
}
