package watch

import (
	"net/http"

	"github.com/pcparchive/pcparchive/internal/webpage"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler returns the handler of all paths.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.o.Recorder.Registry(), promhttp.HandlerOpts{EnableOpenMetrics: true, MaxRequestsInFlight: 10}))
	mux.HandleFunc("GET /targets", s.targetsPage)
	mux.HandleFunc("GET /api/v1/targets", s.targetsJSON)
	mux.HandleFunc("GET /style.css", webpage.Style)
	mux.HandleFunc("GET /targets.css", styleSheet)
	healthy := func(w http.ResponseWriter, _ *http.Request) { webpage.Plain(w, http.StatusOK, "healthy") }
	mux.HandleFunc("GET /healthz", healthy)
	mux.HandleFunc("GET /-/healthy", healthy)
	mux.HandleFunc("GET /-/ready", s.ready)
	// Pages of other origins must not cause work.
	mux.Handle("/-/reload", webpage.Posted(s.reload))
	if s.o.API != nil {
		mux.Handle("/", s.o.API)
		return webpage.SafePaths(webpage.Secured(mux))
	}
	mux.Handle("GET /{$}", http.RedirectHandler("/targets", http.StatusFound))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		webpage.Plain(w, http.StatusNotFound, "no such page; there are /targets, /metrics, /healthz and /-/ready")
	})
	return webpage.SafePaths(webpage.Secured(mux))
}

// ready replies with 200 while the targets are scraped.
func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	if !s.o.Recorder.Ready() {
		webpage.Plain(w, http.StatusServiceUnavailable, "the recording has not begun, or is ending")
		return
	}
	webpage.Plain(w, http.StatusOK, "ready")
}

// reload loads the configuration again.
func (s *Server) reload(w http.ResponseWriter, r *http.Request) {
	if err := s.o.Recorder.Reload(r.Context()); err != nil {
		webpage.Plain(w, http.StatusInternalServerError, "the old configuration stays in force: "+err.Error())
		return
	}
	webpage.Plain(w, http.StatusOK, "the configuration is loaded")
}
