package exporter

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/serve/timeshift"
	"github.com/pcparchive/pcparchive/store"
)

// View is one state of the archives.
type View struct {
	Sets []*store.Set // by host
	// Move is how far the times that clients see differ from those of the archives.
	Move timeshift.Move
}

// Instant returns the instant that a request without a time means.
func (v *View) Instant() pcp.Timestamp {
	if v.Move.Until == timeshift.Always {
		return instant.Latest
	}
	return pcp.TimestampMilli(v.Move.Until).Add(time.Millisecond - time.Nanosecond)
}

// Back returns the instant of the archives for a time of a client. Nothing after the visible
// part of a replay has an instant.
func (v *View) Back(t pcp.Timestamp) pcp.Timestamp {
	if v.Move == timeshift.None {
		return t
	}
	if t = t.Add(-time.Duration(v.Move.By) * time.Millisecond); t.After(v.Instant()) {
		return v.Instant()
	}
	return t
}

// Forth returns the time of a client for an instant of the archives.
func (v *View) Forth(t pcp.Timestamp) pcp.Timestamp {
	if v.Move == timeshift.None {
		return t
	}
	return t.Add(time.Duration(v.Move.By) * time.Millisecond)
}

// Source has the state that requests are answered from. Several goroutines may use it.
type Source interface {
	// Archives returns the current state. The caller calls release after the last use of
	// the View.
	Archives() (v *View, release func())
}

// Options configure an Exporter.
type Options struct {
	Source Source
	Values *instant.Cache
	Logger *slog.Logger // may be nil
	// Version is the program's version, for OTLP.
	Version string
	// Concurrency is the number of pages that are made at once. Zero means
	// DefaultConcurrency.
	Concurrency int
	// MaxValues is the largest number of values of a page. Zero means DefaultMaxValues.
	MaxValues int
	// MaxBytes is about the size of the pages that are kept. Zero means DefaultMaxBytes.
	MaxBytes int64
	// Now returns the present time. Nil means time.Now.
	Now func() time.Time
}

// The defaults of [Options].
const (
	DefaultConcurrency = 4
	DefaultMaxValues   = 1_000_000
	DefaultMaxBytes    = 128 << 20
)

// Exporter answers requests for pages. Several goroutines may use it.
type Exporter struct {
	opts  Options
	pages pages
	gate  chan struct{}

	made, kept atomic.Int64
}

// New returns an Exporter.
func New(o Options) *Exporter {
	o.Concurrency = cmp.Or(o.Concurrency, DefaultConcurrency)
	o.MaxValues = cmp.Or(o.MaxValues, DefaultMaxValues)
	o.MaxBytes = cmp.Or(o.MaxBytes, DefaultMaxBytes)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Exporter{opts: o, gate: make(chan struct{}, o.Concurrency), pages: pages{limit: o.MaxBytes, makers: map[string]*maker{}}}
}

// Counts are the numbers of pages that were made, and of replies with a page that was kept.
type Counts struct{ Made, Kept int64 }

// Counts returns the counts so far.
func (e *Exporter) Counts() Counts { return Counts{e.made.Load(), e.kept.Load()} }

// ServeHTTP replies with the page that a request asks for.
func (e *Exporter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !Allowed(w, r, http.MethodGet, http.MethodHead, http.MethodPost) {
		return
	}
	v, release := e.opts.Source.Archives()
	defer release()
	if err := r.ParseForm(); err != nil {
		Fail(w, Refusal("the parameters cannot be read: %v", err))
		return
	}
	q, err := ParseQuery(r.Context(), v, r.Form, e.opts.Now())
	if err == nil {
		err = e.Reply(w, r, v, q)
	}
	if err != nil && r.Context().Err() == nil {
		Fail(w, err)
	}
}

// Reply replies with a page. If it returns an error, it has written nothing.
func (e *Exporter) Reply(w http.ResponseWriter, r *http.Request, v *View, q *Query) error {
	q.format = accepted(r.Header.Values("Accept"))
	p, err := e.page(r.Context(), v, q)
	if err != nil {
		return err
	}
	p.send(w, r)
	return nil
}

// RefusalError is a request that cannot be answered.
type RefusalError struct{ Message string }

// Error returns the message.
func (e *RefusalError) Error() string { return e.Message }

// isRefusal reports whether the client is at fault.
func isRefusal(err error) bool {
	var refused *RefusalError
	var many *instant.TooManyError
	return errors.As(err, &refused) || errors.As(err, &many)
}
