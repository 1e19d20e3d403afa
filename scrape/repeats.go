package scrape

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// repeats are the warnings of the scraper and of discovery. They repeat them at each scrape
// and at each look for targets, but a log needs them once.
type repeats struct {
	mu   sync.Mutex
	last map[warning]time.Time // when it was said last
}

// warning is a message about a target or a discovery, without its details.
type warning struct{ about, message string }

// onceHandler is a log handler that passes a warning on once.
type onceHandler struct {
	slog.Handler
	repeats *repeats
	about   string // attributes of all messages
}

// Handle passes on a message unless it repeats a warning.
func (h onceHandler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		about := h.about
		r.Attrs(func(a slog.Attr) bool {
			about += subjectOf(a)
			return true
		})
		if !h.repeats.first(warning{about, r.Message}, r.Time) {
			return nil
		}
	}
	return h.Handler.Handle(ctx, r)
}

// subjectOf returns an attribute that says what a message is about. Causes and numbers may
// differ from one message to the next.
func subjectOf(a slog.Attr) string {
	if a.Key == "err" || a.Value.Kind() != slog.KindString {
		return ""
	}
	return "\xff" + a.Key + "\xff" + a.Value.String()
}

// WithAttrs keeps the attributes that say what messages are about.
func (h onceHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		h.about += subjectOf(a)
	}
	h.Handler = h.Handler.WithAttrs(attrs)
	return h
}

// WithGroup keeps them, too.
func (h onceHandler) WithGroup(name string) slog.Handler {
	h.Handler = h.Handler.WithGroup(name)
	return h
}

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
