package scrape

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/nativehist"
)

// scrape is one transaction of the scraper.
type scrape struct {
	src      *source
	begun    time.Time
	parsing  time.Time // when the first sample came: the page is fetched
	t        int64     // the scrape's time, ms
	samples  []sample
	timed    []sample // with a time of their own
	health   convert.Health
	reported bool // it has an outcome
	count    int  // values recorded
}

// sample is a value of a series at a time in ms.
type sample struct {
	series    series
	t         int64
	v         float64
	histogram []byte // in its place, if not nil
	exemplars []convert.Exemplar
}

var _ storage.AppenderV2 = (*scrape)(nil)

// reportMark ends the family names of the samples in which the scraper reports
// the outcome; no page can hold it.
const reportMark = "\xff"

// healthRef is the reference of those samples.
const healthRef storage.SeriesRef = 1 << 62

// Append takes one sample.
func (s *scrape) Append(ref storage.SeriesRef, ls labels.Labels, _, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, opts storage.AppendV2Options) (storage.SeriesRef, error) {
	if name, ok := strings.CutSuffix(opts.MetricFamilyName, reportMark); ok {
		s.outcome(name, t, v)
		return healthRef, nil
	}
	if s.parsing.IsZero() {
		s.parsing = time.Now()
	}
	var data []byte
	switch {
	case nativehist.IsStale(h, fh):
		v = convert.StaleNaN
	case h != nil || fh != nil:
		var err error
		if data, err = nativehist.Encode(h, fh); err != nil {
			return 0, err
		}
	}
	known, ok := s.src.known(ref)
	if ok && (known.takes(data != nil) || convert.IsStale(v)) {
		if m, help := known.mapped, opts.Metadata.Help; m != nil && help != "" && help != m.Family().Help {
			s.src.rec.describe(s.src, m, help)
		}
		s.samples = append(s.samples, sample{known, t, v, data, exemplarsOf(opts.Exemplars)})
		return ref, nil
	}
	if ok {
		// Numbers turned into histograms or back: the other metric's end here.
		s.samples = append(s.samples, sample{series: known, t: t, v: convert.StaleNaN})
	}
	series, ref := s.src.series(ls, opts, data != nil)
	if ref == 0 {
		return 0, nil // counted or logged; the rest of the page is recorded
	}
	s.samples = append(s.samples, sample{series, t, v, data, exemplarsOf(opts.Exemplars)})
	return ref, nil
}

// outcome takes a sample of the scraper's report.
func (s *scrape) outcome(name string, t int64, v float64) {
	if convert.IsStale(v) {
		v = 0 // the target is gone
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
	}
}

// Commit ends the scrape.
func (s *scrape) Commit() error {
	now := time.Now()
	if s.parsing.IsZero() {
		s.parsing = now
	}
	s.health.Fetch, s.health.Parse = s.parsing.Sub(s.begun), now.Sub(s.parsing)
	if s.health.Up == 0 {
		s.health.Err = s.src.target.LastError()
	}
	return s.src.rec.finish(s, true)
}

// Rollback drops the scrape; the scraper begins another to report it.
func (s *scrape) Rollback() error { return s.src.rec.finish(s, false) }

// takeTimed moves the samples with a time of their own out of the scrape that
// is recorded at t and returns those that get records of their own, by time. A
// sample that the archive has passed gets the scrape's time; one that was
// recorded before under its time is dropped.
func (s *scrape) takeTimed(t int64) []sample {
	r := s.src.rec
	kept := s.samples[:0]
	for _, sm := range s.samples {
		if sm.t == s.t || convert.IsStale(sm.v) || sm.series.native != nil { // PCP's metrics are of one time
			kept = append(kept, sm)
			continue
		}
		if s.src.ownTime == nil {
			s.src.ownTime = map[*convert.MappedSeries]int64{}
		}
		last, seen := s.src.ownTime[sm.series.mapped]
		if seen && last == sm.t || sm.series.forgotten() {
			continue
		}
		s.src.ownTime[sm.series.mapped] = sm.t
		if sm.t < t && (!r.any || sm.t > r.last) {
			s.timed = append(s.timed, sm)
			continue
		}
		r.report.Add(convert.LossTooOld, sm.series.name())
		kept = append(kept, sm)
	}
	s.samples = kept
	s.count += len(s.timed)
	slices.SortStableFunc(s.timed, func(a, b sample) int { return cmp.Compare(a.t, b.t) })
	return s.timed
}

// known returns the series that a reference stands for, unless it is none or was
// forgotten. Most samples come with the reference that was returned for the same
// series before.
func (src *source) known(ref storage.SeriesRef) (series, bool) {
	if ref == 0 {
		return series{}, false
	}
	src.mu.Lock()
	defer src.mu.Unlock()
	ser, ok := src.refs[ref]
	return ser, ok && !ser.forgotten()
}

// series returns the series of a sample and a new reference, 0 if it cannot be
// recorded.
func (src *source) series(ls labels.Labels, opts storage.AppendV2Options, histogram bool) (series, storage.SeriesRef) {
	name, own := src.own(ls)
	ser, err := src.rec.resolve(src, name, own, expo.UnnotedFamily(convert.Family{
		Name: opts.MetricFamilyName, Type: string(opts.Metadata.Type),
		Unit: opts.Metadata.Unit, Help: opts.Metadata.Help,
	}), histogram)
	if err != nil {
		return series{}, 0
	}
	src.mu.Lock()
	defer src.mu.Unlock()
	src.lastRef++
	src.refs[src.lastRef] = ser
	return ser, src.lastRef
}

// own splits a sample's labels into its name and its own labels, without those
// that the scraper added for the target.
func (src *source) own(ls labels.Labels) (name string, own []convert.Label) {
	ls.Range(func(l labels.Label) {
		switch {
		case l.Name == model.MetricNameLabel:
			name = l.Value
		case l.Value != src.labels.Get(l.Name):
			own = append(own, convert.Label{Name: strings.Clone(l.Name), Value: strings.Clone(l.Value)})
		}
	})
	return name, own
}

// resolve asks the native metrics for a series, and then the mapper.
func (r *Recorder) resolve(src *source, name string, own []convert.Label, f convert.Family, histogram bool) (series, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.natives != nil && !histogram {
		if native := src.native(name, own, f); native != nil {
			return series{native: native}, nil
		}
	}
	resolve := src.mapped.Series
	if histogram {
		resolve = src.mapped.HistogramSeries
	}
	ser, err := resolve(name, own, f)
	if err != nil && !src.refused {
		src.refused = true
		r.log.Warn("some series cannot be recorded", "source", src.name, "err", err)
	}
	return series{mapped: ser}, err
}

// describe passes on a changed help text.
func (r *Recorder) describe(src *source, ser *convert.MappedSeries, help string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	src.mapped.Describe(ser, expo.UnnotedFamily(convert.Family{Help: help}).Help)
}

// failedScrape refuses every sample.
type failedScrape struct{ err error }

// Append returns the error.
func (f failedScrape) Append(storage.SeriesRef, labels.Labels, int64, int64, float64, *histogram.Histogram, *histogram.FloatHistogram, storage.AppendV2Options) (storage.SeriesRef, error) {
	return 0, f.err
}

// Commit returns the error.
func (f failedScrape) Commit() error { return f.err }

// Rollback does nothing.
func (f failedScrape) Rollback() error { return nil }
