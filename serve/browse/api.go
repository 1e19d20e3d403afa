package browse

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/klauspost/compress/gzhttp"

	"github.com/pcparchive/pcparchive/internal/httpguard"
	"github.com/pcparchive/pcparchive/internal/safetext"
)

// Paths are the paths that the API answers.
var Paths = []string{"/api/archives", "/api/metrics", "/api/check"}

// API answers requests. Several goroutines may use it.
type API struct {
	source  Source
	log     *slog.Logger
	checker *checker
}

// New returns an API.
func New(source Source, log *slog.Logger) *API {
	return &API{source, log, newChecker()}
}

// Handler returns the handler of the [Paths].
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	for path, answer := range map[string]func(*http.Request, *View) ([]byte, error){
		Paths[0]: a.archives, Paths[1]: a.metrics, Paths[2]: a.check,
	} {
		handler := gzhttp.GzipHandler(a.handler(answer))
		mux.Handle("GET "+path, handler)
		mux.Handle("POST "+path, handler)
	}
	return mux
}

// maxBody is the largest body of a request in bytes.
const maxBody = 1 << 20

// statusError is an error with the status of its reply.
type statusError struct {
	status int
	error
}

// handler returns the handler of a path.
func (a *API) handler(answer func(*http.Request, *View) ([]byte, error)) http.Handler {
	failed := func(w http.ResponseWriter, _ *http.Request) {
		fail(w, http.StatusInternalServerError, httpguard.ErrDefect)
	}
	return httpguard.Guarded(a.log, failed, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if err := r.ParseForm(); err != nil {
			status, err := httpguard.BodyError(err)
			fail(w, status, err)
			return
		}
		view, release := a.source.Browse()
		defer release()
		body, err := answer(r, view)
		if wrong := (*statusError)(nil); errors.As(err, &wrong) {
			fail(w, wrong.status, err)
			return
		}
		if err != nil {
			fail(w, http.StatusServiceUnavailable, err)
			return
		}
		header(w)
		_, _ = w.Write(body) // fails if the client has left
	}))
}

func header(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
}

// fail replies with an error.
func fail(w http.ResponseWriter, status int, err error) {
	body, _ := safetext.Marshal(map[string]string{"status": "error", "error": err.Error()}, "") // texts have a JSON form
	header(w)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// archives answers /api/archives.
func (a *API) archives(r *http.Request, v *View) ([]byte, error) {
	hosts, err := v.Hosts(r.Context())
	if err != nil {
		return nil, err
	}
	s := v.Status
	s.Hosts = movedHosts(hosts, v.Move)
	return safetext.Marshal(s, "")
}

// metrics answers /api/metrics.
func (a *API) metrics(r *http.Request, v *View) ([]byte, error) { return v.Metrics(r.Context()) }

// check answers /api/check. It checks archives of the View only.
func (a *API) check(r *http.Request, v *View) ([]byte, error) {
	base := r.Form.Get("archive")
	for _, set := range v.Sets {
		for _, one := range set.Archives() {
			if one.Base == base {
				done, err := a.checker.check(r.Context(), base, one.State)
				if err != nil {
					return nil, err
				}
				return safetext.Marshal(done, "")
			}
		}
	}
	return nil, &statusError{http.StatusNotFound, errors.New("the parameter archive names no archive of this server")}
}
