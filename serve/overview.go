package serve

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/pcparchive/pcparchive/overview"
	"github.com/pcparchive/pcparchive/serve/overviewapi"
)

// newOverview returns the tracks of the overview.
func newOverview(o Options) *overview.Cache { return overview.New(overview.Options{Dir: o.Cache}) }

// overviewAPI returns the handler of the overview.
func (s *Server) overviewAPI() *overviewapi.API {
	return overviewapi.New(overviewapi.Options{
		Source: source{s}, Cache: s.overview, Logger: s.log, Timeout: max(s.opts.Query.Timeout, 0),
	})
}

// Overview returns the current state, at moved times.
func (x source) Overview() (*overviewapi.View, func()) {
	st, clock, release := x.s.states.acquire()
	return &overviewapi.View{Sets: st.sets(), Move: clock.At(x.s.opts.now())}, release
}

// overviewCollector has the metrics of the overview.
type overviewCollector struct{ tracks *overview.Cache }

// The metrics of the overview.
var (
	tracksDesc     = prometheus.NewDesc("pcparchive_overview_tracks_total", "Archives whose track the overview needed, by whether they had to be read.", []string{"result"}, nil)
	trackBytesDesc = desc("overview_bytes", "About the size of the tracks that are kept in memory.")
)

// Describe sends the descriptions.
func (overviewCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- tracksDesc
	ch <- trackBytesDesc
}

// Collect sends the values.
func (c overviewCollector) Collect(ch chan<- prometheus.Metric) {
	counts := c.tracks.Counts()
	ch <- prometheus.MustNewConstMetric(tracksDesc, prometheus.CounterValue, float64(counts.Read), "read")
	ch <- prometheus.MustNewConstMetric(tracksDesc, prometheus.CounterValue, float64(counts.Kept), "kept")
	ch <- prometheus.MustNewConstMetric(trackBytesDesc, prometheus.GaugeValue, float64(c.tracks.Bytes()))
}
