package serve

import (
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/pcparchive/pcparchive/internal/webpage"
	"github.com/pcparchive/pcparchive/receive"
	"github.com/pcparchive/pcparchive/serve/browse"
	"github.com/pcparchive/pcparchive/serve/overviewapi"
	"github.com/pcparchive/pcparchive/serve/pmapi"
	"github.com/pcparchive/pcparchive/serve/seriesapi"
)

// metrics are the server's own metrics.
type metrics struct {
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	sent      prometheus.Counter
	inFlight  prometheus.Gauge
	openConns atomic.Int64
	rescans   *prometheus.CounterVec
	rescan    prometheus.Gauge
}

func newMetrics(s *Server) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pcparchive_http_requests_total", Help: "Requests answered, by path and status.",
		}, []string{"path", "code"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "pcparchive_http_request_duration_seconds", Help: "Time from the header of a request to the end of its reply.",
			Buckets: []float64{.001, .005, .02, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120},
		}, []string{"path"}),
		sent:     prometheus.NewCounter(prometheus.CounterOpts{Name: "pcparchive_http_response_bytes_total", Help: "Bytes of replies, as compressed for the client."}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "pcparchive_http_requests_in_flight", Help: "Requests being answered."}),
		rescans: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pcparchive_rescans_total", Help: "Looks for archives, by result.",
		}, []string{"result"}),
		rescan: prometheus.NewGauge(prometheus.GaugeOpts{Name: "pcparchive_last_rescan_duration_seconds", Help: "Duration of the last look for archives."}),
	}
	connections := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "pcparchive_http_connections", Help: "Connections of clients.",
	}, func() float64 { return float64(m.openConns.Load()) })
	m.registry.MustRegister(connections, m.requests, m.durations, m.sent, m.inFlight, m.rescans, m.rescan, stateCollector{s}, s.pcp, overviewCollector{s.overview})
	m.registry.MustRegister(webpage.ProgramMetrics(s.opts.Version)...)
	return m
}

// connection counts connections. It is a server's ConnState.
func (m *metrics) connection(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		m.openConns.Add(1)
	case http.StateClosed, http.StateHijacked:
		m.openConns.Add(-1)
	}
}

// handler serves the metrics.
func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry, EnableOpenMetrics: true})
}

// rescanned notes a look for archives.
func (m *metrics) rescanned(took time.Duration, err error) {
	result := "success"
	if err != nil {
		result = "failure"
	}
	m.rescans.WithLabelValues(result).Inc()
	m.rescan.Set(took.Seconds())
}

// answered notes a reply.
func (m *metrics) answered(path string, status int, bytes int64, took time.Duration) {
	m.requests.WithLabelValues(path, strconv.Itoa(status)).Inc()
	m.durations.WithLabelValues(path).Observe(took.Seconds())
	m.sent.Add(float64(bytes))
}

// knownPaths are the paths that metrics distinguish.
var knownPaths = map[string]bool{"/": true, "/federate": true, "/-/metrics": true, "/metrics": true, "/-/healthy": true, "/-/ready": true, "/-/reload": true}

// apiPaths are the endpoints of Prometheus' API that metrics distinguish.
var apiPaths = map[string]bool{
	"query": true, "query_range": true, "query_exemplars": true, "series": true, "labels": true, "metadata": true,
	"read": true, "rules": true, "alerts": true, "targets": true, "format_query": true, "parse_query": true,
}

// pathLabel returns the value of the label path: one of few, whatever clients ask for.
func pathLabel(path string) string {
	name, isAPI := strings.CutPrefix(path, "/api/v1/")
	switch {
	case strings.HasPrefix(path, receive.Root):
		return receive.Root + ":part"
	case strings.HasPrefix(path, pmapi.Root):
		return pmapiLabel(path)
	case knownPaths[path], path == overviewapi.Path, slices.Contains(browse.Paths, path), seriesapi.Answers(path):
		return path
	case !isAPI:
		return "other"
	case apiPaths[name]:
		return path
	case strings.HasPrefix(name, "label/"):
		return "/api/v1/label/:name/values"
	case strings.HasPrefix(name, "status/"):
		return "/api/v1/status/:name"
	}
	return "other"
}

// pmapiLabel returns the path of an endpoint of PCP's interface without the number of the
// context.
func pmapiLabel(path string) string {
	name := strings.TrimPrefix(path[strings.LastIndexByte(path, '/')+1:], "_")
	for known := range pmapi.Endpoints {
		if name == known {
			return pmapi.Root + name
		}
	}
	return "other"
}

// stateCollector yields metrics of the current state.
type stateCollector struct{ s *Server }

func desc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("pcparchive_"+name, help, nil, nil)
}

// The metrics of the state.
var (
	snapshotDesc = desc("snapshot_timestamp_seconds", "When the current state of the archives was taken.")
	hostsDesc    = desc("hosts", "Hosts with archives.")
	archivesDesc = desc("archives", "Archives that are served.")
	blocksDesc   = desc("blocks", "Prometheus blocks that are served.")
	damagedDesc  = desc("archives_damaged", "Archives, blocks and folders that cannot be read, or not completely, as far as it is known.")
	cacheEntries = desc("cache_entries", "Entries of the cache.")
	cacheBytes   = desc("cache_bytes", "Size of the cache.")
	startDesc    = desc("data_start_timestamp_seconds", "Time of the first record, as clients see it.")
	endDesc      = desc("data_end_timestamp_seconds", "Time of the last record, as clients see it.")
	// The Thanos sidecar knows the name from Prometheus.
	lowestDesc = prometheus.NewDesc("prometheus_tsdb_lowest_timestamp_seconds", "Time of the first record, as clients see it.", nil, nil)
)

// Describe sends the descriptions.
func (stateCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{snapshotDesc, hostsDesc, archivesDesc, blocksDesc, damagedDesc, cacheEntries, cacheBytes, startDesc, endDesc, lowestDesc} {
		ch <- d
	}
	for _, d := range receiverDescs {
		ch <- d.desc
	}
}

// Collect sends the values.
func (c stateCollector) Collect(ch chan<- prometheus.Metric) {
	st, clock, release := c.s.states.acquire()
	defer release()
	gauge := webpage.Figures(ch).Gauge
	gauge(snapshotDesc, float64(st.taken.UnixMilli())/1000)
	gauge(hostsDesc, float64(len(st.lines)))
	gauge(archivesDesc, float64(st.archives()))
	gauge(blocksDesc, float64(len(st.blocks.Blocks())))
	gauge(damagedDesc, float64(st.damaged()))
	if c.s.opts.Cache != nil {
		entries, bytes := c.s.opts.Cache.Usage()
		gauge(cacheEntries, float64(entries))
		gauge(cacheBytes, float64(bytes))
	}
	c.s.receiver.collect(ch)
	if w := st.window.moved(clock.At(c.s.opts.now())); !w.IsZero() {
		gauge(startDesc, float64(w.Start.UnixMilli())/1000)
		gauge(endDesc, float64(w.End.UnixMilli())/1000)
		gauge(lowestDesc, float64(w.Start.Unix()))
	}
}
