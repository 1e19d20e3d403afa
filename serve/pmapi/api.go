package pmapi

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/serve/exporter"
)

// Options configure an API.
type Options struct {
	Source   exporter.Source
	Values   *instant.Cache
	Exporter *exporter.Exporter // for /pmapi/metrics
	Logger   *slog.Logger       // may be nil
	// MaxContexts is the largest number of contexts. Zero means DefaultMaxContexts. Beyond
	// it, the context that expires first makes room.
	MaxContexts int
	// Now returns the present time. Nil means time.Now.
	Now func() time.Time
}

// DefaultMaxContexts is the default of Options.MaxContexts.
const DefaultMaxContexts = 10_000

// API answers requests. Several goroutines may use it.
type API struct {
	opts     Options
	contexts contexts
}

// New returns an API.
func New(o Options) *API {
	o.MaxContexts = cmp.Or(o.MaxContexts, DefaultMaxContexts)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &API{opts: o, contexts: contexts{limit: o.MaxContexts, byID: map[uint32]*clientContext{}}}
}

// Root is the path of all endpoints.
const Root = "/pmapi/"

// endpoints has the endpoints by name.
var endpoints = map[string]func(*request) error{
	"context": (*request).context, "metric": (*request).metric, "fetch": (*request).fetch, "children": (*request).children,
	"indom": (*request).indom, "profile": (*request).profile, "derive": (*request).derive, "store": (*request).store,
	"metrics": (*request).metrics,
}

// Endpoints lists the names of the endpoints that metrics about requests distinguish.
func Endpoints(yield func(string) bool) {
	for name := range endpoints {
		if !yield(name) {
			return
		}
	}
}

// request is a request to an endpoint.
type request struct {
	api    *API
	w      http.ResponseWriter
	r      *http.Request
	form   url.Values
	body   string // of a POST whose body is not a form
	view   *exporter.View
	number string         // of the context, as the client named it; "" for none
	ctx    *clientContext // nil until it is known
	compat bool           // the form of replies of PCP's older web daemon
	names  *namespace     // nil until it is needed
}

// maxBody is the largest size in bytes of the body of a request.
const maxBody = 1 << 20

// ServeHTTP answers a request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &request{api: a, w: w, r: r}
	endpoint := x.route(strings.TrimPrefix(r.URL.Path, Root))
	if endpoint == nil {
		x.reply(http.StatusNotFound, "no such endpoint: "+r.URL.Path)
		return
	}
	if !exporter.Allowed(w, r, http.MethodGet, http.MethodHead, http.MethodPost) {
		return
	}
	v, release := a.opts.Source.Archives()
	defer release()
	x.view = v
	err := x.parse()
	if err == nil {
		err = endpoint(x)
	}
	if err != nil && r.Context().Err() == nil {
		x.fail(err)
	}
}

// route returns the endpoint of a path, nil if there is none.
func (x *request) route(path string) func(*request) error {
	if number, rest, ok := strings.Cut(path, "/"); ok {
		if number == "" || strings.Trim(number, "0123456789") != "" {
			return nil
		}
		x.number, path = number, rest
	}
	path, x.compat = strings.CutPrefix(path, "_")
	return endpoints[path]
}

// parse reads the parameters. The body of a POST is a form, but for derive and store, where
// it is an expression or a value.
func (x *request) parse() error {
	x.form = x.r.URL.Query()
	if number := x.form.Get("context"); number != "" && x.number == "" {
		x.number = number
	}
	if x.r.Method != http.MethodPost {
		return nil
	}
	text, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, maxBody))
	if err != nil {
		return exporter.Refusal("the body cannot be read: %v", err)
	}
	if path := x.r.URL.Path; strings.HasSuffix(path, "derive") || strings.HasSuffix(path, "store") {
		x.body = string(text)
		return nil
	}
	more, err := url.ParseQuery(string(text))
	if err != nil {
		return exporter.Refusal("the body cannot be read: %v", err)
	}
	for name, values := range more {
		x.form[name] = append(x.form[name], values...)
	}
	if number := x.form.Get("context"); number != "" && x.number == "" {
		x.number = number
	}
	return nil
}

// fail replies with an error.
func (x *request) fail(err error) {
	status := http.StatusBadRequest
	var refused *exporter.RefusalError
	var many *instant.TooManyError
	if !errors.As(err, &refused) && !errors.As(err, &many) {
		status = http.StatusInternalServerError
		if errors.Is(err, context.DeadlineExceeded) {
			status = http.StatusServiceUnavailable
		}
	}
	x.reply(status, err.Error())
}

// reply replies with a message.
func (x *request) reply(status int, message string) {
	b := []byte("{")
	if id, ok := x.contextNumber(); ok {
		b = append(b, `"context":`...)
		b = append(strconv.AppendUint(b, uint64(id), 10), ',')
	}
	b = append(b, `"message":`...)
	b = exporter.AppendJSON(b, message)
	b = append(b, `,"success":false}`+"\r\n"...)
	x.w.Header().Set("Content-Type", jsonType)
	x.w.WriteHeader(status)
	_, _ = x.w.Write(b) // fails if the client has left
}

const jsonType = "application/json"

// contextNumber returns the number of the context that a reply names.
func (x *request) contextNumber() (uint32, bool) {
	if x.ctx != nil {
		return x.ctx.id, true
	}
	n, err := strconv.ParseUint(x.number, 10, 32)
	return uint32(n), err == nil
}

// done replies that all went well.
func (x *request) done() error {
	j := x.begin()
	j.text(`{"context":`)
	j.number(uint64(x.ctx.id))
	x.client(j)
	j.text(`,"success":true}`)
	return j.end()
}
