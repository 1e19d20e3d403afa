package seriesapi

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/pcparchive/pcparchive/internal/accept"
	"github.com/pcparchive/pcparchive/internal/httpguard"
	"github.com/pcparchive/pcparchive/pmsearch"
	"github.com/pcparchive/pcparchive/pmseries"
)

// View is the state of the archives that a request sees.
type View struct {
	Series *pmseries.View
	Search *pmsearch.View
	Times  pmseries.Times
}

// Source gives each request one state. The caller calls release once.
type Source interface {
	PCPSeries() (v *View, release func())
}

// Options configure an [API]. The zero value of a field means its default.
type Options struct {
	// Source has the archives. It must not be nil.
	Source Source
	// Engine answers the questions about series. Nil means one with defaults.
	Engine *pmseries.Engine
	// Logger takes defects. Nil means none.
	Logger *slog.Logger
	// Concurrency is the number of requests that read archives at the same time. Zero
	// means four for each processor.
	Concurrency int
	// Timeout ends a request that reads archives. Zero means two minutes.
	Timeout time.Duration
	// MaxBody is the largest body of a request in bytes. Zero means 8 MiB.
	MaxBody int64
	// MaxHeld limits the values in replies that clients have not yet taken; further replies
	// wait. Zero means four million.
	MaxHeld int64
}

// The defaults of [Options].
const (
	DefaultTimeout = 2 * time.Minute
	DefaultMaxBody = 8 << 20
	DefaultMaxHeld = 4_000_000
)

// API answers requests. Several goroutines may use it.
type API struct {
	opts    Options
	handler http.Handler
	places  chan struct{}       // one for each request that reads archives
	held    *semaphore.Weighted // values in replies that are being sent
}

// New returns an API.
func New(o Options) *API {
	o.Concurrency = cmp.Or(o.Concurrency, 4*runtime.GOMAXPROCS(0))
	o.Timeout = cmp.Or(o.Timeout, DefaultTimeout)
	o.MaxBody = cmp.Or(o.MaxBody, DefaultMaxBody)
	o.MaxHeld = cmp.Or(o.MaxHeld, DefaultMaxHeld)
	if o.Engine == nil {
		o.Engine = pmseries.NewEngine(pmseries.Options{})
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	a := &API{opts: o, places: make(chan struct{}, o.Concurrency), held: semaphore.NewWeighted(o.MaxHeld)}
	a.handler = httpguard.Guarded(o.Logger, a.failed, http.HandlerFunc(a.serve))
	return a
}

// endpoint answers a request. It returns a function that writes the reply.
type endpoint struct {
	answer func(*request) (func(*writer), error)
	post   bool // POST is allowed
	plain  bool // it reads nothing
}

// endpoints are the paths.
var endpoints = map[string]endpoint{
	"/series/ping":      {answer: ping, plain: true},
	"/series/query":     {answer: seriesQuery, post: true},
	"/series/values":    {answer: seriesValues, post: true},
	"/series/descs":     {answer: seriesDescs, post: true},
	"/series/labels":    {answer: seriesLabels, post: true},
	"/series/metrics":   {answer: seriesMetrics, post: true},
	"/series/sources":   {answer: seriesSources, post: true},
	"/series/instances": {answer: seriesInstances, post: true},
	"/series/load":      {answer: seriesLoad, post: true},
	"/search/text":      {answer: searchText, post: true},
	"/search/suggest":   {answer: searchSuggest, post: true},
	"/search/indom":     {answer: searchInDom, post: true},
	"/search/info":      {answer: searchInfo},
}

// Answers reports whether the API answers a path.
func Answers(path string) bool {
	_, known := endpoints[path]
	return known
}

// request is a request to an endpoint.
type request struct {
	params
	ctx  context.Context
	api  *API
	view *View
	path string
	size int64 // number of values in the reply
}

// statusError is an error with the status of its reply.
type statusError struct {
	status  int
	message string
}

// Error returns the message.
func (e *statusError) Error() string { return e.message }

// bad returns an error of status 400.
func bad(message string) error { return &statusError{http.StatusBadRequest, message} }

// ServeHTTP answers a request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

func (a *API) serve(w http.ResponseWriter, r *http.Request) {
	e, known := endpoints[r.URL.Path]
	out := &writer{w: w, zip: accept.Encoding(r.Header, "gzip") != ""}
	p, err := a.params(w, r)
	switch {
	case err != nil:
	case !known:
		err = &statusError{http.StatusNotFound, "no such path: " + httpguard.Short(r.URL.Path)}
	case r.Method != http.MethodGet && r.Method != http.MethodHead && (r.Method != http.MethodPost || !e.post):
		methods := "GET, HEAD, OPTIONS"
		if e.post {
			methods = "GET, HEAD, POST, OPTIONS"
		}
		w.Header().Set("Allow", methods)
		err = &statusError{http.StatusMethodNotAllowed, "method " + httpguard.Short(r.Method) + ": use one of " + methods}
	default:
		err = a.answer(out, e, &request{params: p, ctx: r.Context(), api: a, path: r.URL.Path})
	}
	if err != nil {
		a.fail(out, r, p, err)
	}
}

// answer runs an endpoint and writes its reply.
func (a *API) answer(out *writer, e endpoint, req *request) error {
	if !e.plain {
		ctx, cancel := context.WithTimeout(req.ctx, a.opts.Timeout)
		defer cancel()
		req.ctx = ctx
		select {
		case a.places <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	leave := func() {
		if !e.plain {
			<-a.places
		}
	}
	reply, err := func() (func(*writer), error) {
		defer leave() // a client that reads slowly takes no place
		var release func()
		req.view, release = a.opts.Source.PCPSeries()
		defer release()
		reply, err := e.answer(req)
		if err == nil {
			req.size = min(req.size, a.opts.MaxHeld)
			err = a.held.Acquire(req.ctx, req.size)
		}
		return reply, err
	}()
	if err != nil {
		return err
	}
	defer a.held.Release(req.size)
	out.begin(http.StatusOK)
	if reply == nil {
		out.success(req.client)
	} else {
		out.client(req.client, func() { reply(out) })
	}
	return out.end()
}

// fail writes the reply to a request that failed.
func (a *API) fail(out *writer, r *http.Request, p params, err error) {
	status, message := http.StatusInternalServerError, err.Error()
	var known *statusError
	switch {
	case out.begun:
		return // the client has left, or a part of the reply was sent
	case errors.As(err, &known):
		status = known.status
	case isRefusal(err):
		status = http.StatusBadRequest
	case errors.Is(err, context.DeadlineExceeded):
		status, message = http.StatusServiceUnavailable, "the request took too long"
	case errors.Is(err, context.Canceled):
		status, message = http.StatusServiceUnavailable, "the request was cancelled"
	default:
		a.opts.Logger.Error("request failed", "path", httpguard.Short(r.URL.Path), "err", err)
	}
	out.begin(status)
	out.failure(p.client, message)
	_ = out.end() // fails if the client has left
}

// isRefusal reports whether an error is the client's.
func isRefusal(err error) bool {
	var (
		parse   *pmseries.ParseError
		window  *pmseries.WindowError
		operand *pmseries.OperandError
		refusal *pmseries.RefusalError
		limit   *pmseries.LimitError
	)
	return errors.As(err, &parse) || errors.As(err, &window) || errors.As(err, &operand) || errors.As(err, &refusal) || errors.As(err, &limit)
}

// failed answers a request that panicked.
func (a *API) failed(w http.ResponseWriter, r *http.Request) {
	p := params{values: r.URL.Query()}
	p.noteClient()
	a.fail(&writer{w: w, zip: accept.Encoding(r.Header, "gzip") != ""}, r, p, &statusError{http.StatusInternalServerError, httpguard.ErrDefect.Error()})
}
