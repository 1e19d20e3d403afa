package promapi

import (
	"cmp"
	"log/slog"
	"net/http"
	"runtime"
	"time"

	"github.com/pcparchive/pcparchive/internal/httpguard"
)

// Options configure an [API]. The zero value means the defaults.
type Options struct {
	// Source has the archives. It must not be nil.
	Source Source
	// Logger takes defects and failures. Nil means none.
	Logger *slog.Logger
	// Now returns the time that requests without a time mean. Nil means time.Now.
	Now func() time.Time
	// Concurrency is the number of requests that read archives at the same time. Zero
	// means four for each processor.
	Concurrency int
	// QueueTimeout is how long a request waits for its turn. Zero means 30 seconds.
	QueueTimeout time.Duration
	// MaxBody is the largest body of a request in bytes. Zero means 8 MiB.
	MaxBody int64
	// ExternalLabels tell this server from others, for Thanos and for servers that read
	// from this one.
	ExternalLabels map[string]string
	// Flags are the flags that /status/flags lists.
	Flags map[string]string
	// Version is the program's version.
	Version string
}

// The defaults of [Options].
const (
	DefaultQueueTimeout = 30 * time.Second
	DefaultMaxBody      = 8 << 20
)

// DefaultConcurrency returns the default of [Options].Concurrency: four for each processor.
func DefaultConcurrency() int { return 4 * runtime.GOMAXPROCS(0) }

// API answers Prometheus' HTTP API. Several goroutines may use it.
type API struct {
	opts    Options
	gate    *gate
	routes  map[string]endpoint
	log     *slog.Logger
	memo    memo
	started time.Time
}

// New returns an API.
func New(o Options) *API {
	o.Concurrency = cmp.Or(o.Concurrency, DefaultConcurrency())
	o.QueueTimeout = cmp.Or(o.QueueTimeout, DefaultQueueTimeout)
	o.MaxBody = cmp.Or(o.MaxBody, DefaultMaxBody)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &API{opts: o, gate: newGate(o.Concurrency, o.QueueTimeout), routes: routes(), log: o.Logger, started: o.Now()}
}

// Handler returns the handler of the paths below /api/v1/ and of /federate. It answers
// other paths with status 404.
func (a *API) Handler() http.Handler {
	return httpguard.Guarded(a.log, a.failed, http.HandlerFunc(a.serve))
}

// serve answers a request.
func (a *API) serve(w http.ResponseWriter, r *http.Request) {
	out := newCompressor(w, r)
	a.reply(out, w, r)
	out.Close()
}

// reply answers a request in parts: out may compress them, w does not.
func (a *API) reply(out *compressor, w http.ResponseWriter, r *http.Request) {
	e, name, err := a.route(r)
	if err != nil {
		a.fail(out, r, err)
		return
	}
	if err := e.allows(w, r.Method); err != nil {
		a.fail(out, r, err)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, a.opts.MaxBody)
	switch {
	case e.raw != nil && e.compressed:
		e.raw(a, out, r)
		return
	case e.raw != nil:
		e.raw(a, w, r)
		return
	}
	if err := r.ParseForm(); err != nil {
		a.fail(out, r, formError(err))
		return
	}
	a.answer(out, e, &request{api: a, ctx: r.Context(), params: params(r.Form), name: name}, r)
}

// failed answers a request that panicked.
func (a *API) failed(w http.ResponseWriter, r *http.Request) {
	out := newCompressor(w, r)
	a.fail(out, r, &apiError{internal, httpguard.ErrDefect})
	out.Close()
}

// answer runs an endpoint and writes its reply.
func (a *API) answer(out http.ResponseWriter, e endpoint, req *request, r *http.Request) {
	leave := func() {}
	if e.reads {
		var err error
		if leave, err = a.gate.enter(req.ctx); err != nil {
			a.fail(out, r, err)
			return
		}
	}
	defer func() { req.leave(leave) }()
	var release func()
	req.view, release = a.opts.Source.Snapshot()
	defer release()
	if e.reads {
		narrowed, err := req.view.only(req.params["host"])
		if err != nil {
			a.fail(out, r, invalid("host", err))
			return
		}
		req.view = narrowed
	}
	rep, err := e.serve(req)
	if rep != nil && rep.close != nil {
		defer rep.close()
	}
	if err != nil {
		a.fail(out, r, err)
		return
	}
	a.succeed(out, r, rep)
}

// formError returns the error of a body or address that cannot be parsed.
func formError(err error) error {
	status, err := httpguard.BodyError(err)
	if status == http.StatusRequestEntityTooLarge {
		return &apiError{tooLarge, err}
	}
	return bad(err)
}
