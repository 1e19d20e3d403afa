package serve

import (
	"github.com/pcparchive/pcparchive/promapi"
)

// apiOptions configure Prometheus' API.
func (s *Server) apiOptions() promapi.Options {
	return promapi.Options{
		Source: source{s}, Logger: s.log, Now: s.opts.now, Concurrency: s.opts.Concurrency, CORSOrigin: s.opts.CORSOrigin,
	}
}

// source gives each request of the API one state.
type source struct{ s *Server }

// Snapshot returns the current state, at moved times.
func (x source) Snapshot() (*promapi.View, func()) {
	st, clock, release := x.s.states.acquire()
	engine := st.engine.WithView(st.view(clock.At(x.s.opts.now()), x.s.opts.Query.MaxSamples))
	return &promapi.View{Engine: engine, Storage: engine.Storage()}, release
}
