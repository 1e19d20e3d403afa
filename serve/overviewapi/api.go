package overviewapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"time"

	"github.com/pcparchive/pcparchive/internal/httpguard"
	"github.com/pcparchive/pcparchive/overview"
	"github.com/pcparchive/pcparchive/promapi"
	"github.com/pcparchive/pcparchive/serve/timeshift"
	"github.com/pcparchive/pcparchive/store"
)

// Path is the path that the API answers.
const Path = "/api/overview"

// View is the state of the archives that a request sees.
type View struct {
	Sets []*store.Set
	Move timeshift.Move
}

// Source gives each request one state. The caller calls release once.
type Source interface {
	Overview() (v *View, release func())
}

// Options configure an [API]. The zero value of a field means its default.
type Options struct {
	// Source has the archives, and Cache their tracks. Neither must be nil.
	Source Source
	Cache  *overview.Cache
	// Logger takes defects. Nil means none.
	Logger *slog.Logger
	// Concurrency is the number of requests that read archives at the same time. Zero means
	// one for each processor: a request uses all of them.
	Concurrency int
	// Timeout ends a request. What it has read of the archives is kept for the next one.
	// Zero means two minutes.
	Timeout time.Duration
}

// The limits of a request.
const (
	DefaultTimeout = 2 * time.Minute
	// MaxSteps is the most steps of a request.
	MaxSteps = 4000
	// maxBody is the largest body of a request in bytes: the names of many hosts.
	maxBody = 8 << 20
	// maxLevels is the most steps of all hosts of a request.
	maxLevels = 4_000_000
)

// API answers requests. Several goroutines may use it.
type API struct {
	opts    Options
	handler http.Handler
	places  chan struct{} // one for each request that reads archives
}

// New returns an API.
func New(o Options) *API {
	o.Concurrency = cmp.Or(o.Concurrency, runtime.GOMAXPROCS(0))
	o.Timeout = cmp.Or(o.Timeout, DefaultTimeout)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	a := &API{opts: o, places: make(chan struct{}, o.Concurrency)}
	a.handler = httpguard.Guarded(o.Logger, func(w http.ResponseWriter, _ *http.Request) {
		a.fail(w, &statusError{http.StatusInternalServerError, "internal", httpguard.ErrDefect})
	}, http.HandlerFunc(a.serve))
	return a
}

// statusError is an error with its kind in Prometheus' API and the status of its reply.
type statusError struct {
	status int
	kind   string
	err    error
}

// Error returns the reason.
func (e *statusError) Error() string { return e.err.Error() }

// bad reports a parameter with a wrong value.
func bad(parameter string, err error) error {
	return &statusError{http.StatusBadRequest, "bad_data", fmt.Errorf("invalid parameter %q: %w", parameter, err)}
}

// ServeHTTP answers a request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

func (a *API) serve(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	default:
		w.Header().Set("Allow", "GET, HEAD, POST, OPTIONS")
		a.fail(w, &statusError{http.StatusMethodNotAllowed, "bad_data", fmt.Errorf("method %q: use GET or POST", r.Method)})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	report, move, err := a.report(r)
	if err != nil {
		a.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if err := write(w, report, move); err != nil && r.Context().Err() == nil {
		a.opts.Logger.Warn("reply not written", "path", Path, "error", err)
	}
}

// report works out the overview of a request.
func (a *API) report(r *http.Request) (*overview.Report, timeshift.Move, error) {
	if err := r.ParseForm(); err != nil {
		status, err := httpguard.BodyError(err)
		return nil, timeshift.None, &statusError{status, "bad_data", err}
	}
	values := r.Form
	ctx, cancel := context.WithTimeout(r.Context(), a.opts.Timeout)
	defer cancel()
	select {
	case a.places <- struct{}{}:
	case <-ctx.Done():
		return nil, timeshift.None, context.Cause(ctx)
	}
	defer func() { <-a.places }()
	view, release := a.opts.Source.Overview()
	defer release()
	sets, err := chosen(view.Sets, values["host"])
	if err != nil {
		return nil, view.Move, err
	}
	q, err := request(values, view.Move)
	if err != nil {
		return nil, view.Move, err
	}
	if len(sets)*q.Steps > maxLevels {
		return nil, view.Move, &statusError{http.StatusUnprocessableEntity, "execution", fmt.Errorf("%d steps of %d hosts are too many: ask for fewer steps, or for single hosts", q.Steps, len(sets))}
	}
	report, err := a.opts.Cache.Of(ctx, sets, q)
	return report, view.Move, err
}

// chosen returns the Sets of the hosts with some names; all if there are none.
func chosen(sets []*store.Set, names []string) ([]*store.Set, error) {
	if len(names) == 0 {
		return sets, nil
	}
	byName := make(map[string]*store.Set, len(sets))
	for _, set := range sets {
		byName[set.Host()] = set
	}
	var found []*store.Set
	seen := map[*store.Set]bool{}
	for _, name := range names {
		set, known := byName[name]
		if !known {
			return nil, bad("host", fmt.Errorf("there is no host named %q", httpguard.Short(name)))
		}
		if !seen[set] {
			seen[set] = true
			found = append(found, set)
		}
	}
	return found, nil
}

// request returns the request that parameters stand for. Its times are those of the
// recording.
func request(values url.Values, move timeshift.Move) (q overview.Request, err error) {
	for name, t := range map[string]*time.Time{"start": &q.Start, "end": &q.End} {
		text := values.Get(name)
		if text == "" {
			continue
		}
		at, err := promapi.ParseTime(text)
		if err != nil {
			return q, bad(name, err)
		}
		*t = time.UnixMilli(min(max(move.Back(at.UnixMilli()), -maxTime), maxTime))
	}
	if !q.Start.IsZero() && !q.End.IsZero() && !q.End.After(q.Start) {
		return q, bad("end", errors.New("end must be after start"))
	}
	if move.Until != timeshift.Always && (q.End.IsZero() || q.End.UnixMilli() > move.Until) {
		q.End = time.UnixMilli(move.Until)
	}
	q.Steps = overview.DefaultSteps
	if text := values.Get("steps"); text != "" {
		if q.Steps, err = strconv.Atoi(text); err != nil || q.Steps < 1 || q.Steps > MaxSteps {
			return q, bad("steps", fmt.Errorf("%q is not a number between 1 and %d", httpguard.Short(text), MaxSteps))
		}
	}
	q.Shown = move.Forth
	return q, nil
}

// maxTime is the latest time of a request in milliseconds, in the year 9999.
const maxTime = 253_402_300_799_000

// failure is an error reply.
type failure struct {
	Status    string `json:"status"`
	ErrorType string `json:"errorType"`
	Error     string `json:"error"`
}

// fail writes an error reply.
func (a *API) fail(w http.ResponseWriter, err error) {
	status, kind := http.StatusInternalServerError, "internal"
	var known *statusError
	switch {
	case errors.As(err, &known):
		status, kind = known.status, known.kind
	case errors.Is(err, context.DeadlineExceeded):
		status, kind, err = http.StatusServiceUnavailable, "timeout", errors.New("the request took too long; what was read is kept, so ask again")
	case errors.Is(err, context.Canceled):
		status, kind = http.StatusServiceUnavailable, "canceled"
	default:
		a.opts.Logger.Error("request failed", "path", Path, "error", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(failure{"error", kind, err.Error()}) // fails if the client is gone
}
