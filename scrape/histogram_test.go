package scrape_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/nativehist"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/scrape"
)

// withHistograms takes native histograms beside numbers.
type withHistograms struct {
	recordedSamples
	counts []uint64
	sums   []float64
}

func (w *withHistograms) Histogram(s *prom.Series, _ int64, data []byte) error {
	h, _, err := nativehist.Decode(data)
	if err != nil || s.Name != "lat_seconds" {
		return err
	}
	w.counts, w.sums = append(w.counts, h.Count), append(w.sums, h.Sum)
	return nil
}

// TestRecordsNativeHistograms scrapes Prometheus' own client library in the
// format that has them.
func TestRecordsNativeHistograms(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	h := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "lat_seconds", Help: "Latency.", NativeHistogramBucketFactor: 1.1,
	})
	reg.MustRegister(h)
	server := httptest.NewServer(promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	t.Cleanup(server.Close)
	h.Observe(0.5)
	ses := start(t, scrape.Settings{Interval: tick, Extra: []byte("scrape_native_histograms: true")},
		scrape.Endpoint{URL: server.URL, Name: "app"})
	ses.waitMore(2)
	h.Observe(1.25)
	ses.waitMore(2)
	r := ses.finish()

	out := &withHistograms{recordedSamples: recordedSamples{}}
	f := flatten.New(sinktest.Sink(out), flatten.Options{Report: ses.report})
	require.NoError(t, convert.Copy(context.Background(), f, convert.FromArchive(r, history.Query{})))
	assert.Empty(t, ses.report.Losses())
	require.GreaterOrEqual(t, len(out.counts), 3)
	assert.Equal(t, uint64(1), out.counts[0])
	assert.Equal(t, uint64(2), out.counts[len(out.counts)-1])
	assert.Equal(t, 0.5, out.sums[0])
	assert.Equal(t, 1.75, out.sums[len(out.sums)-1])
	assert.NotContains(t, out.recordedSamples, "lat_seconds_count", "the classic form is another choice")
}
