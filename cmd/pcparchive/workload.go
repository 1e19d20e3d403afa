package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// workload is a made-up service: requests with a latency histogram, a queue,
// and workers that come and go.
type workload struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	latency  *prometheus.HistogramVec
	queue    prometheus.Gauge
	workers  *prometheus.GaugeVec
}

func newWorkload() *workload {
	w := &workload{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "demo_requests_total", Help: "Requests answered, by path and status code.",
		}, []string{"path", "code"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "demo_request_duration_seconds", Help: "Time taken to answer.\nA made-up log-normal.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1},
		}, []string{"path"}),
		queue: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "demo_queue_length", Help: "Requests waiting: a slow wave.",
		}),
		workers: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "demo_worker_busy_ratio", Help: "How busy each worker is; workers come and go.",
		}, []string{"worker"}),
	}
	w.registry.MustRegister(w.requests, w.latency, w.queue, w.workers,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return w
}

func (w *workload) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(w.registry, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	return mux
}

// run changes the metrics until ctx ends.
func (w *workload) run(ctx context.Context) {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	began := time.Now()
	for {
		w.tick(time.Since(began))
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// tick changes the metrics as a twentieth of a second would; age is the time since the
// start.
func (w *workload) tick(age time.Duration) {
	for range rand.IntN(5) {
		path := []string{"/", "/cart", "/search?q=\"pcp\""}[rand.IntN(3)]
		code := "200"
		if rand.IntN(20) == 0 {
			code = "503"
		}
		w.requests.WithLabelValues(path, code).Inc()
		w.latency.WithLabelValues(path).Observe(math.Exp(rand.NormFloat64() - 3.5))
	}
	w.queue.Set(math.Round(10 + 8*math.Sin(age.Seconds())))
	w.workers.Reset()
	alive := int(age.Seconds()) / 3 // another one every three seconds, three at a time
	for i := alive; i < alive+3; i++ {
		w.workers.WithLabelValues(fmt.Sprintf("w%d", i)).Set(rand.Float64())
	}
}
