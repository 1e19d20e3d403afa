package scrape

import (
	"maps"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	promscrape "github.com/prometheus/prometheus/scrape"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
)

// source is one target. The Recorder's lock guards mapped and natives. mu guards the
// references and page, because an old and a new loop of the scraper may use them at once.
type source struct {
	rec    *Recorder
	key    string // labels and URL of the target
	target *promscrape.Target
	labels labels.Labels // the target's labels
	mapped *mapper.Source
	name   string
	url    string

	natives map[string]*native.Series // by name and labels; the Recorder's lock guards them

	mu   sync.Mutex
	refs references
	page int // number of samples of the last page

	refused    bool               // a warning has said that some series cannot be recorded
	rolledBack time.Time          // when the transaction began whose failure the next one reports
	state      string             // outcome of the last scrape: "" before the first, "ok", or the error
	round      uint64             // number of scrapes written
	scraped    *promscrape.Target // of the last scrape that was written; nil before the first
	farewell   bool               // that scrape said that the target is gone
	ownTimes   map[pageSeries]*ownTimes

	growth growth // the Recorder's lock guards it
}

// sweep drops references to series that the mapper has forgotten.
func (src *source) sweep() {
	const slack = 2000
	src.mu.Lock()
	defer src.mu.Unlock()
	live := src.mapped.Live()
	if src.rec.natives != nil {
		live += src.rec.natives.Live()
	}
	if src.refs.used < 3*live+slack {
		return
	}
	maps.DeleteFunc(src.natives, func(_ string, n *native.Series) bool { return n.Forgotten() })
	src.refs.sweep(func(ser pageSeries) { delete(src.ownTimes, ser) })
}

// expect says how many samples a page had.
func (src *source) expect(samples int) {
	src.mu.Lock()
	defer src.mu.Unlock()
	src.page = samples
}

// expected returns the number of samples of the last page.
func (src *source) expected() int {
	src.mu.Lock()
	defer src.mu.Unlock()
	return src.page
}

// fill puts the values of a scrape into the current step of the mapped source.
func (src *source) fill(s *scrape, t int64) {
	src.beginAt(t)
	src.mapped.SetHealth(s.health)
	if s.health.Up == 0 {
		// The scraper does not end the series that it had read on the page before it
		// exceeded a limit or had an invalid line, nor those with times of their own.
		src.endAll()
		return
	}
	for i := range s.samples {
		sm := &s.samples[i]
		stale := prom.IsStale(sm.v)
		if stale && sm.series.Forgotten() {
			continue // the series ended long ago
		}
		ser, ok := sm.series.revived(src)
		switch {
		case !ok:
			src.rec.report.Add(prom.LossNotNative, ser.Name())
		case stale:
			ser.end(src)
		case ser.has(src):
			// The scraper drops repeated lines, but not those with the same labels in
			// another order.
			src.rec.report.Add(prom.LossDuplicate, ser.Name())
		case ser.set(src, sm):
			s.count++
		}
	}
	if !s.known && len(s.timed) == 0 {
		// The scraper began anew, because the job changed. It does not tell the end of
		// the series that the new relabelling excludes.
		src.endAll() // except for those that have a value now
	}
}

// beginAt begins a step.
func (src *source) beginAt(t int64) {
	src.mapped.Begin(stamp(t))
	if src.rec.natives != nil {
		src.rec.natives.Begin(stamp(t))
	}
}

// begin begins a step with the samples at the beginning of own that have the same time.
// It returns their number.
func (src *source) begin(t int64, own []pageSample) int {
	src.beginAt(t)
	n := 0
	for n < len(own) && own[n].t == t {
		own[n].series.set(src, &own[n]) // a mapped series takes every sample
		n++
	}
	return n
}

// logState logs the outcome of a scrape if it differs from that of the last scrape.
func (src *source) logState(err error) {
	state := "ok"
	if err != nil {
		state = err.Error()
	}
	if state == src.state {
		return
	}
	switch {
	case err != nil:
		src.rec.log.Warn("scrape fails, still trying", "source", src.name, "url", src.url, "err", err)
	case src.state != "":
		src.rec.log.Info("scrape works again", "source", src.name, "url", src.url)
	}
	src.state = state
}

// SetExternal replaces the external labels of the archive.
func (r *Recorder) SetExternal(external []prom.Label) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	mapped := make([]*mapper.Source, 0, len(r.sources))
	for _, src := range r.sources {
		mapped = append(mapped, src.mapped)
	}
	return r.mapper.SetExternal(external, mapped)
}
