package scrape

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	promscrape "github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"

	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/nativehist"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
)

// scrape is one transaction of the scraper.
type scrape struct {
	src      *source
	target   *promscrape.Target // of the scraper's loop that began it
	begun    time.Time
	parsing  time.Time // time of the first sample, when the page had been fetched
	t        int64     // the scrape's time in milliseconds
	samples  []pageSample
	timed    []pageSample // the samples with times of their own
	known    bool         // the scraper knew one of the series from an earlier page
	family   pageFamily   // of the last sample
	health   mapper.Health
	reported bool // the scraper has reported the outcome
	second   bool // it reports the failure of a transaction that was rolled back
	farewell bool // the target is gone
	offered  int  // number of samples of the page that were appended
	count    int  // number of values recorded
}

// pageSample is a value of a series of a page. It is small, because pages may have hundreds
// of thousands.
type pageSample struct {
	series pageSeries
	t      int64 // milliseconds
	v      float64
	more   *sampleMore // usually nil
}

// sampleMore is what few samples have.
type sampleMore struct {
	histogram []byte // a native histogram in place of the number; may be nil
	exemplars []prom.Exemplar
}

// histogram returns the native histogram that a sample has in place of a number, or nil.
func (sm *pageSample) histogram() []byte {
	if sm.more == nil {
		return nil
	}
	return sm.more.histogram
}

// exemplars returns the exemplars of a sample.
func (sm *pageSample) exemplars() []prom.Exemplar {
	if sm.more == nil {
		return nil
	}
	return sm.more.exemplars
}

// moreOf returns what a sample has besides a number.
func moreOf(histogram []byte, exemplars []exemplar.Exemplar) *sampleMore {
	if histogram == nil && len(exemplars) == 0 {
		return nil
	}
	return &sampleMore{histogram, exemplarsOf(exemplars)}
}

var _ storage.AppenderV2 = (*scrape)(nil)

// scrapes are empty scrapes for reuse.
var scrapes = sync.Pool{New: func() any { return &scrape{} }}

// free returns an empty scrape.
func free(src *source) *scrape {
	s := scrapes.Get().(*scrape)
	s.src = src
	return s
}

// release empties a scrape for reuse.
func (s *scrape) release() {
	const most = 1 << 16 // samples of a scrape that is kept
	src := s.src
	src.expect(len(s.samples) + len(s.timed))
	clear(s.samples)
	clear(s.timed)
	kept := scrape{samples: s.samples[:0], timed: s.timed[:0]}
	if *s = (scrape{}); cap(kept.samples) <= most && cap(kept.timed) <= most {
		*s = kept
		scrapes.Put(s)
	}
	src.sweep()
}

// makeRoom gives the buffer the size that the last page of the target needed, so that a
// large one does not grow step by step.
func (s *scrape) makeRoom() {
	if n := s.src.expected(); cap(s.samples) < n {
		s.samples = make([]pageSample, 0, n+n/16)
	}
}

// reportMark ends the family names of the samples in which the scraper reports the
// outcome. No page can contain it.
const reportMark = "\xff"

// healthRef is the reference of the samples that report the outcome.
const healthRef storage.SeriesRef = 1 << 62

// Append adds a sample of the page.
func (s *scrape) Append(ref storage.SeriesRef, ls labels.Labels, _, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, opts storage.AppendV2Options) (storage.SeriesRef, error) {
	if name, ok := strings.CutSuffix(opts.MetricFamilyName, reportMark); ok {
		s.outcome(name, t, v)
		return healthRef, nil
	}
	if s.parsing.IsZero() {
		s.parsing = time.Now()
		s.makeRoom()
	}
	s.known = s.known || ref != 0
	if !opts.RejectOutOfOrder { // true for the ends of series
		s.offered++
	}
	var data []byte
	switch {
	case nativehist.IsStale(h, fh):
		v = prom.StaleNaN
	case h != nil || fh != nil:
		var err error
		if data, err = nativehist.Encode(h, fh); err != nil || len(data) > history.MaxBlock-8 {
			s.src.rec.report.Add(prom.LossNativeHist, ls.Get(model.MetricNameLabel))
			return 0, nil //nolint:nilerr // only the histogram is lost, not the page
		}
	}
	f := s.family.of(&opts)
	known, ok := s.src.known(ref)
	if ok && (prom.IsStale(v) || known.takes(data != nil, f)) {
		if known.changesHelp(f.Help) {
			s.src.rec.describe(s.src, known, f.Help)
		}
		s.add(pageSample{known, t, v, moreOf(data, opts.Exemplars)})
		return ref, nil
	}
	resolved, ref := s.src.resolve(ls, *f, data != nil)
	if ok && resolved != known {
		// A number became a histogram, or the type changed. The series of the previous
		// metric ends.
		s.add(pageSample{series: known, t: t, v: prom.StaleNaN})
	}
	if ref == 0 {
		return 0, nil // counted and logged; the rest of the page is recorded
	}
	s.add(pageSample{resolved, t, v, moreOf(data, opts.Exemplars)})
	return ref, nil
}

// add keeps a sample until the end of the scrape.
func (s *scrape) add(sm pageSample) { s.samples = append(withRoom(s.samples), sm) }

// withRoom returns all with room for one more element. A long slice becomes twice as long,
// and leaves less garbage than append does, which adds a quarter.
func withRoom[E any](all []E) []E {
	if len(all) < cap(all) {
		return all
	}
	return slices.Grow(all, max(len(all), 1))
}

// pageFamily is the family of a sample. Most samples have the family of the sample before
// them on the page.
type pageFamily struct {
	name   string
	meta   metadata.Metadata
	family prom.Family
}

// of returns the family as the scraper describes it. The next call changes the result.
func (p *pageFamily) of(o *storage.AppendV2Options) *prom.Family {
	if p.name != o.MetricFamilyName || p.meta != o.Metadata {
		p.name, p.meta = o.MetricFamilyName, o.Metadata
		p.family = expo.UnnotedFamily(prom.Family{Name: p.name, Type: string(p.meta.Type), Unit: p.meta.Unit, Help: p.meta.Help})
	}
	return &p.family
}

// outcome stores a sample of the scraper's report.
func (s *scrape) outcome(name string, t int64, v float64) {
	if prom.IsStale(v) {
		v, s.farewell = 0, true
	}
	s.t, s.reported = t, true
	switch name {
	case "up":
		s.health.Up = v
	case "scrape_duration_seconds":
		s.health.Duration = v
	case "scrape_samples_scraped":
		s.health.Scraped = v
	case "scrape_samples_post_metric_relabeling":
		s.health.PostRelabel = v
	case "scrape_series_added":
		s.health.Added = v
	case "scrape_timeout_seconds":
		s.extra().Timeout = v
	case "scrape_sample_limit":
		s.extra().SampleLimit = v
	case "scrape_body_size_bytes":
		s.extra().BodySize = v
	}
}

// extra returns the outcome of a scrape of a job with extra_scrape_metrics.
func (s *scrape) extra() *mapper.ExtraHealth {
	if s.health.Extra == nil {
		s.health.Extra = &mapper.ExtraHealth{}
	}
	return s.health.Extra
}

// Commit ends the scrape.
func (s *scrape) Commit() error {
	if s.mayPanic() && panicking() {
		s.park()
		return nil
	}
	now := time.Now()
	if s.parsing.IsZero() {
		s.parsing = now
	}
	s.health.Fetch, s.health.Parse = s.parsing.Sub(s.begun), now.Sub(s.parsing)
	if s.health.Up == 0 {
		s.health.Err = Cause(s.target.LastError())
	}
	return s.src.rec.finish(s, true)
}

// Rollback drops the scrape. The scraper begins another one to report the failure.
func (s *scrape) Rollback() error { return s.src.rec.finish(s, false) }
