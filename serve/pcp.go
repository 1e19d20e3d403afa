package serve

import (
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/serve/exporter"
	"github.com/pcparchive/pcparchive/serve/pmapi"
)

// pcpServices answer as PCP's web daemon does.
type pcpServices struct {
	values   *instant.Cache
	exporter *exporter.Exporter
	pmapi    *pmapi.API
}

func newPCPServices(s *Server) *pcpServices {
	p := &pcpServices{values: instant.NewCache(instant.Options{})}
	p.exporter = exporter.New(exporter.Options{Source: source{s}, Values: p.values, Logger: s.log, Version: s.opts.Version, Now: s.opts.now})
	p.pmapi = pmapi.New(pmapi.Options{Source: source{s}, Values: p.values, Exporter: p.exporter, Logger: s.log, Now: s.opts.now})
	return p
}

// page returns the handler of the page of all values. own answers with the server's own
// metrics.
func (p *pcpServices) page(own http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isSidecar(r) {
			own.ServeHTTP(w, r)
			return
		}
		p.exporter.ServeHTTP(w, r)
	})
}

// isSidecar reports whether a request is that of the Thanos sidecar, which looks for the
// time of the first record among the server's own metrics.
func isSidecar(r *http.Request) bool {
	return r.URL.RawQuery == "" && strings.HasPrefix(r.UserAgent(), "Thanos/")
}

// Archives returns the current state, at moved times.
func (x source) Archives() (*exporter.View, func()) {
	st, clock, release := x.s.states.acquire()
	return &exporter.View{Sets: st.sets(), Move: clock.At(x.s.opts.now())}, release
}

// The metrics of the services.
var (
	pagesDesc    = prometheus.NewDesc("pcparchive_exporter_pages_total", "Pages of values that were sent, by whether they had to be made.", []string{"result"}, nil)
	readingsDesc = prometheus.NewDesc("pcparchive_instant_questions_total", "Questions for values at an instant, by whether archives had to be read.", []string{"result"}, nil)
	contextsDesc = desc("pmapi_contexts", "Contexts of PCP's web interface.")
	instantBytes = desc("instant_bytes", "About the size of the values at instants that are kept.")
)

// Describe sends the descriptions.
func (p *pcpServices) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{pagesDesc, readingsDesc, instantBytes, contextsDesc} {
		ch <- d
	}
}

// Collect sends the values.
func (p *pcpServices) Collect(ch chan<- prometheus.Metric) {
	counter := func(d *prometheus.Desc, n int64, result string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), result)
	}
	pages, values := p.exporter.Counts(), p.values.Counts()
	counter(pagesDesc, pages.Made, "made")
	counter(pagesDesc, pages.Kept, "kept")
	counter(readingsDesc, values.Readings, "read")
	counter(readingsDesc, values.Hits, "kept")
	ch <- prometheus.MustNewConstMetric(contextsDesc, prometheus.GaugeValue, float64(p.pmapi.Contexts()))
	ch <- prometheus.MustNewConstMetric(instantBytes, prometheus.GaugeValue, float64(p.values.Bytes()))
}
