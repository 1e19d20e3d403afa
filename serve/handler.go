package serve

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/klauspost/compress/gzhttp"

	"github.com/pcparchive/pcparchive/internal/httpguard"
	"github.com/pcparchive/pcparchive/internal/webpage"
	"github.com/pcparchive/pcparchive/promapi"
	"github.com/pcparchive/pcparchive/receive"
	"github.com/pcparchive/pcparchive/serve/browse"
	"github.com/pcparchive/pcparchive/serve/cors"
	"github.com/pcparchive/pcparchive/serve/overviewapi"
	"github.com/pcparchive/pcparchive/serve/page"
	"github.com/pcparchive/pcparchive/serve/pmapi"
)

// handler returns the handler of all paths.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	// handle adds the paths of an API, which pages of other origins may read.
	handle := func(h http.Handler, paths ...string) {
		for _, path := range paths {
			mux.Handle(path, cors.Handler(s.opts.CORSOrigin, h))
		}
	}
	handle(promapi.New(s.apiOptions()).Handler(), "/api/v1/", "/federate")
	handle(s.seriesAPI(), "/series/", "/search/")
	handle(gzhttp.GzipHandler(s.overviewAPI()), overviewapi.Path)
	handle(browse.New(source{s}, s.log).Handler(), browse.Paths...)
	handle(s.pcp.page(s.metrics.handler()), "/metrics")
	handle(gzhttp.GzipHandler(s.pcp.pmapi), pmapi.Root)
	mux.Handle("GET /-/metrics", s.metrics.handler())
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) { webpage.Plain(w, http.StatusOK, "healthy") })
	mux.HandleFunc("GET /-/ready", s.ready)
	// Pages of other origins must not cause work.
	mux.Handle("/-/reload", webpage.Posted(s.reload))
	if s.receiver != nil {
		mux.Handle(receive.Root, s.receiver.Handler())
	}
	page.Register(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		webpage.Plain(w, http.StatusNotFound, "no such page; the page is at /")
	})
	return s.observed(webpage.SafePaths(webpage.Secured(mux)))
}

// ready replies with 200 until the server drains.
func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	select {
	case <-s.draining:
		webpage.Plain(w, http.StatusServiceUnavailable, "the server is ending")
	default:
		webpage.Plain(w, http.StatusOK, "ready")
	}
}

// reload reads the rule files again and looks for archives.
func (s *Server) reload(w http.ResponseWriter, r *http.Request) {
	if err := s.Reload(r.Context()); err != nil {
		webpage.Plain(w, http.StatusInternalServerError, "not everything was reloaded: "+err.Error())
		return
	}
	st, _, release := s.states.acquire()
	defer release()
	webpage.Plain(w, http.StatusOK, fmt.Sprintf("%s of %s, %s",
		english.Plural(st.archives(), "archive", ""), english.Plural(len(st.lines), "host", ""), english.Plural(len(st.blocks.Blocks()), "block", "")))
}

// observed measures and logs requests. It does not log the query string, because
// an expression may be long or confidential.
func (s *Server) observed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		s.metrics.inFlight.Inc()
		out := &observedWriter{ResponseWriter: w, control: http.NewResponseController(w), timeout: s.opts.writeTimeout}
		defer func() {
			took := time.Since(begin)
			s.metrics.inFlight.Dec()
			s.metrics.answered(pathLabel(r.URL.Path), out.code(), out.bytes, took)
			level := slog.LevelDebug
			if out.code() >= http.StatusInternalServerError && out.code() != http.StatusServiceUnavailable {
				level = slog.LevelWarn
			}
			s.log.Log(r.Context(), level, "request", "method", r.Method, "path", httpguard.Short(r.URL.Path), "status", out.code(),
				"bytes", out.bytes, "duration", took.Round(time.Microsecond), "client", r.RemoteAddr)
		}()
		next.ServeHTTP(out, r)
	})
}

// observedWriter counts the bytes that it writes. It ends a connection whose client does
// not read.
type observedWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
	status  int
	bytes   int64
	until   time.Time // the deadline in force
}

// code returns the status of the reply.
func (w *observedWriter) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

// WriteHeader notes the status.
func (w *observedWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write writes data. The client must take it within the timeout.
func (w *observedWriter) Write(data []byte) (int, error) {
	if now := time.Now(); now.Add(w.timeout / 2).After(w.until) {
		w.until = now.Add(w.timeout)
		_ = w.control.SetWriteDeadline(w.until) // writers of tests have none
	}
	n, err := w.ResponseWriter.Write(data)
	w.bytes += int64(n)
	return n, err
}

// Unwrap returns the writer below, for http.ResponseController.
func (w *observedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush sends what is buffered.
func (w *observedWriter) Flush() { _ = w.control.Flush() }
