package watch

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pcparchive/pcparchive/internal/diskspace"
	"github.com/pcparchive/pcparchive/internal/webpage"
)

// collector gives the counts of a recording as metrics.
type collector struct{ s *Server }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("pcparchive_record_"+name, help, labels, nil)
}

var (
	descScrapes  = desc("scrapes_total", "Scrapes that ended.")
	descFailures = desc("scrape_failures_total", "Scrapes that failed.")
	descSamples  = desc("samples_total", "Samples recorded.")
	descLost     = desc("samples_lost_total", "Samples not recorded because a file could not be written.")
	descLosses   = desc("samples_changed_total", "Samples not recorded as they were, by reason.", "reason")
	descTargets  = desc("targets", "Targets by state.", "health")
	descSeries   = desc("series", "Series that have not ended.")
	descBytes    = desc("archive_bytes_total", "Bytes of the archives written since the start.")
	descArchives = desc("archives_open", "Archives being written, repaired or compressed.")
	descFull     = desc("disk_full", "1 while the disk is full and nothing is written, else 0.")
	descFree     = desc("disk_free_bytes", "Bytes free for the recorder on the disk of the archives.")
	descSize     = desc("disk_size_bytes", "Size of the disk of the archives.")
	descUnsynced = desc("unsynced_seconds", "Age of the oldest data that may not be on the disk; 0 if all is.")
	descReloads  = desc("config_reloads_total", "Reloads of the configuration, by result.", "result")
	descGood     = desc("config_last_reload_successful", "1 if the last reload of the configuration succeeded, else 0.")
	descGoodAt   = desc("config_last_reload_success_timestamp_seconds", "Time of the last successful reload of the configuration.")
	descReady    = desc("ready", "1 while the targets are scraped, else 0.")
)

// register adds the metrics to those of the recording.
func (s *Server) register() error {
	for _, c := range append(webpage.ProgramMetrics(s.o.Version), collector{s}) {
		if err := s.o.Recorder.Registry().Register(c); err != nil {
			return err
		}
	}
	return nil
}

// Describe sends the descriptions of all metrics.
func (c collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		descScrapes, descFailures, descSamples, descLost, descLosses, descTargets, descSeries, descBytes, descArchives, descFull, descFree,
		descSize, descUnsynced, descReloads, descGood, descGoodAt, descReady,
	} {
		out <- d
	}
}

// Collect sends the values of all metrics.
func (c collector) Collect(out chan<- prometheus.Metric) {
	counter, gauge := webpage.Figures(out).Counter, webpage.Figures(out).Gauge
	r := c.s.o.Recorder
	st := r.Stats()
	counter(descScrapes, float64(st.Scrapes))
	counter(descFailures, float64(st.Failed))
	counter(descSamples, float64(st.Samples))
	counter(descLost, float64(st.Lost))
	for reason, n := range c.s.losses() {
		counter(descLosses, float64(n), reason)
	}
	for health, n := range c.s.healths() {
		gauge(descTargets, float64(n), health)
	}
	gauge(descSeries, float64(st.Series))
	counter(descBytes, float64(st.Bytes))
	gauge(descArchives, float64(len(r.Archives())))
	gauge(descFull, number(st.Full))
	if total, free, ok := diskspace.Of(c.s.o.Dir); ok {
		gauge(descFree, float64(free))
		gauge(descSize, float64(total))
	}
	age := 0.0
	if synced := r.Synced(); !synced.IsZero() {
		age = max(0, time.Since(synced).Seconds()) // the clock may have been set back
	}
	gauge(descUnsynced, age)
	done, failed, good, when := r.Reloaded()
	counter(descReloads, float64(done), "success")
	counter(descReloads, float64(failed), "failure")
	gauge(descGood, number(good))
	if !when.IsZero() {
		gauge(descGoodAt, float64(when.UnixMilli())/1000)
	}
	gauge(descReady, number(r.Ready()))
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// losses returns the number of samples by reason.
func (s *Server) losses() map[string]int64 {
	out := map[string]int64{}
	for _, l := range s.o.Recorder.Report().Losses() {
		out[string(l.Loss)] += l.Count
	}
	return out
}

// healths returns the number of active targets by health.
func (s *Server) healths() map[string]int {
	out := map[string]int{"up": 0, "down": 0, "unknown": 0}
	for _, targets := range s.o.Recorder.Targets() {
		for _, t := range targets {
			out[strings.ToLower(string(t.Health()))]++
		}
	}
	return out
}
