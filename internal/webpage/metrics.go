package webpage

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// ProgramMetrics returns the metrics that describe the program and its process.
func ProgramMetrics(version string) []prometheus.Collector {
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "pcparchive_build_info", Help: "1; the label is the version of pcparchive.", ConstLabels: prometheus.Labels{"version": version},
	})
	info.Set(1)
	return []prometheus.Collector{info, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})}
}

// Figures sends values of metrics that a collector computes when it is asked.
type Figures chan<- prometheus.Metric

// Counter sends the value of a counter with the values of its labels.
func (f Figures) Counter(d *prometheus.Desc, v float64, labels ...string) {
	f <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
}

// Gauge sends the value of a gauge with the values of its labels.
func (f Figures) Gauge(d *prometheus.Desc, v float64, labels ...string) {
	f <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}
