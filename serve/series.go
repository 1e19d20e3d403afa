package serve

import (
	"sync"
	"time"

	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/pmsearch"
	"github.com/pcparchive/pcparchive/pmseries"
	"github.com/pcparchive/pcparchive/serve/seriesapi"
	"github.com/pcparchive/pcparchive/serve/timeshift"
)

// seriesIndexes know the archives for the paths /series/… and /search/….
type seriesIndexes struct {
	series *pmseries.Index
	search *pmsearch.Index
}

func newSeriesIndexes() *seriesIndexes {
	return &seriesIndexes{pmseries.NewIndex(pmseries.IndexOptions{}), pmsearch.NewIndex(pmsearch.Options{})}
}

// seriesViews are what the indexes know of a state.
type seriesViews struct {
	series *pmseries.View
	search *pmsearch.View
}

// viewsOf returns a function that makes the views of a state when it is first called.
func (x *seriesIndexes) viewsOf(s *state) func() seriesViews {
	return sync.OnceValue(func() seriesViews {
		v := x.series.View(s.sets())
		return seriesViews{v, x.search.View(v)}
	})
}

// seriesAPI returns the handler of the paths /series/… and /search/….
func (s *Server) seriesAPI() *seriesapi.API {
	return seriesapi.New(seriesapi.Options{
		Source: source{s}, Logger: s.log, Concurrency: s.opts.Concurrency, Timeout: max(s.opts.Query.Timeout, 0),
	})
}

// PCPSeries returns the current state, at moved times.
func (x source) PCPSeries() (*seriesapi.View, func()) {
	st, clock, release := x.s.states.acquire()
	now := x.s.opts.now()
	views := st.views()
	return &seriesapi.View{Series: views.series, Search: views.search, Times: seriesTimes(clock.At(now), st.window, now)}, release
}

// seriesTimes returns the present and the move of times. The present of a recording that
// ended some time ago is its end: an interval before now would always be empty.
func seriesTimes(m timeshift.Move, w Window, now time.Time) pmseries.Times {
	t := pmseries.Times{Present: pcp.TimestampOf(now), By: time.Duration(m.By) * time.Millisecond}
	if m.Until != timeshift.Always {
		t.Until = pcp.TimestampMilli(m.Until).Add(999_999)
	}
	if moved := w.moved(m); !moved.IsZero() && moved.End.Add(presentAge).Before(now) {
		t.Present = pcp.TimestampOf(moved.End)
	}
	return t
}

// presentAge is the age of the last record from which on a recording counts as ended.
const presentAge = 10 * time.Minute
