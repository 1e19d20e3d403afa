package scrape_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/scrape"
)

// TestRecordsExemplars scrapes Prometheus' own client library as OpenMetrics and
// finds the exemplars of its page on the page that comes of the archive.
func TestRecordsExemplars(t *testing.T) {
	t.Parallel()
	for _, version := range []pcp.Version{pcp.V2, pcp.V3} {
		t.Run(version.String(), func(t *testing.T) {
			reg := prometheus.NewRegistry()
			c := prometheus.NewCounter(prometheus.CounterOpts{Name: "done_total", Help: "What is done."})
			h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "lat_seconds", Buckets: []float64{0.5, 1}}, []string{"path"})
			reg.MustRegister(c, h)
			handler := promhttp.HandlerFor(reg, promhttp.HandlerOpts{EnableOpenMetrics: true})
			server := httptest.NewServer(handler)
			t.Cleanup(server.Close)
			c.(prometheus.ExemplarAdder).AddWithExemplar(2, prometheus.Labels{"trace_id": "t1", "span_id": "s1"})
			observe := h.WithLabelValues("/").(prometheus.ExemplarObserver)
			observe.ObserveWithExemplar(0.25, prometheus.Labels{"trace_id": "t2"})
			observe.ObserveWithExemplar(7, prometheus.Labels{"trace_id": "t3"})
			ses := startVersion(t, version, scrape.Settings{
				Interval: tick, Extra: []byte("scrape_protocols: [OpenMetricsText1.0.0]"),
			}, scrape.Endpoint{URL: server.URL, Name: "app"})
			ses.waitMore(3)
			c.(prometheus.ExemplarAdder).AddWithExemplar(1, prometheus.Labels{"trace_id": "t4"})
			ses.waitMore(2)
			r := ses.finish()
			assert.Empty(t, ses.report.Losses())

			request := httptest.NewRequest("GET", "/", nil)
			request.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
			reply := httptest.NewRecorder()
			handler.ServeHTTP(reply, request)
			snapshot := expo.NewSnapshot(expo.SnapshotOptions{})
			counted := &counting{Snapshot: snapshot}
			f := flatten.New(counted, flatten.Options{NoHealth: true, Report: ses.report})
			require.NoError(t, convert.Copy(context.Background(), f, convert.FromArchive(r, history.Query{})))
			var page strings.Builder
			require.NoError(t, expo.Write(&page, snapshot.Families(), expo.Options{Format: expo.OpenMetrics, Report: ses.report}))
			assert.Empty(t, ses.report.Losses())
			if ses.rec.Stats().Failed == 0 { // a scrape that runs out of time ends the series
				assert.Equal(t, 4, counted.exemplars, "each is recorded once")
			}
			assert.Equal(t, exemplarsOn(t, reply.Body.String()), exemplarsOn(t, page.String()))
			assert.Len(t, exemplarsOn(t, page.String()), 3)

			t.Run("pmlogcheck", func(t *testing.T) {
				assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", ses.base))
			})
		})
	}
}

// counting counts exemplars.
type counting struct {
	*expo.Snapshot
	exemplars int
}

func (c *counting) Append(s *prom.Series, batch []prom.Sample) error {
	for _, x := range batch {
		if x.Exemplar != nil {
			c.exemplars++
		}
	}
	return c.Snapshot.Append(s, batch)
}

// exemplarsOn returns the exemplars of a page by their series' names and bounds.
func exemplarsOn(t *testing.T, page string) map[string]prom.Exemplar {
	t.Helper()
	all := map[string]prom.Exemplar{}
	for e, err := range expo.Page([]byte(page), expo.OpenMetrics.ContentType(), nil) {
		require.NoError(t, err)
		if e.Exemplar == nil {
			continue
		}
		key := e.Name
		for _, l := range e.Labels {
			key += " " + l.Name + "=" + l.Value
		}
		all[key] = *e.Exemplar
	}
	return all
}
