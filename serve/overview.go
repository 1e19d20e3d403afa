package serve

import (
	"github.com/pcparchive/pcparchive/overview"
	"github.com/pcparchive/pcparchive/serve/overviewapi"
)

// newOverview returns the tracks of the overview.
func newOverview(o Options) *overview.Cache { return overview.New(overview.Options{Dir: o.Cache}) }

// overviewAPI returns the handler of the overview.
func (s *Server) overviewAPI() *overviewapi.API {
	return overviewapi.New(overviewapi.Options{
		Source: source{s}, Cache: s.overview, Logger: s.log, Timeout: max(s.opts.Query.Timeout, 0), CORSOrigin: s.opts.CORSOrigin,
	})
}

// Overview returns the current state, at moved times.
func (x source) Overview() (*overviewapi.View, func()) {
	st, clock, release := x.s.states.acquire()
	return &overviewapi.View{Sets: st.sets(), Move: clock.At(x.s.opts.now())}, release
}
