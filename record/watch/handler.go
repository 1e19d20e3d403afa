package watch

import (
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler returns the handler of all paths.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.o.Recorder.Registry(), promhttp.HandlerOpts{EnableOpenMetrics: true, MaxRequestsInFlight: 10}))
	mux.HandleFunc("GET /targets", s.targetsPage)
	mux.HandleFunc("GET /api/v1/targets", s.targetsJSON)
	mux.HandleFunc("GET /targets.css", styleSheet)
	healthy := func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "healthy") }
	mux.HandleFunc("GET /healthz", healthy)
	mux.HandleFunc("GET /-/healthy", healthy)
	mux.HandleFunc("GET /-/ready", s.ready)
	// Pages of other origins must not cause work.
	mux.Handle("/-/reload", http.NewCrossOriginProtection().Handler(http.HandlerFunc(s.reload)))
	if s.o.API != nil {
		mux.Handle("/", s.o.API)
		return safePaths(mux)
	}
	mux.Handle("GET /{$}", http.RedirectHandler("/targets", http.StatusFound))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		plain(w, http.StatusNotFound, "no such page; there are /targets, /metrics, /healthz and /-/ready")
	})
	return safePaths(mux)
}

// plain replies with a line of text.
func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n") // fails if the client has left
}

// ready replies with 200 while the targets are scraped.
func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	if !s.o.Recorder.Ready() {
		plain(w, http.StatusServiceUnavailable, "the recording has not begun, or is ending")
		return
	}
	plain(w, http.StatusOK, "ready")
}

// reload loads the configuration again.
func (s *Server) reload(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost && r.Method != http.MethodPut {
		w.Header().Set("Allow", "POST, PUT")
		plain(w, http.StatusMethodNotAllowed, "send a POST request")
		return
	}
	if err := s.o.Recorder.Reload(r.Context()); err != nil {
		plain(w, http.StatusInternalServerError, "the old configuration stays in force: "+err.Error())
		return
	}
	plain(w, http.StatusOK, "the configuration is loaded")
}

// safePaths refuses paths that try to leave their folder: such a request is an attack, or a
// mistake that a redirection would hide. It adds headers that keep browsers from doing more
// than showing the page.
func safePaths(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.ContainsAny(r.URL.Path, "\x00\\") || slices.Contains(strings.Split(r.URL.Path, "/"), "..") {
			plain(w, http.StatusBadRequest, "the path is not allowed")
			return
		}
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "deny")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		next.ServeHTTP(w, r)
	})
}
