package scrape

import (
	"errors"
	"strings"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
)

// refusedScrape is a scrape of an endpoint that the archive cannot hold. It only counts
// the samples.
type refusedScrape struct {
	report  *prom.Report
	target  string
	err     error
	samples int64
}

var _ storage.AppenderV2 = (*refusedScrape)(nil)

// Append counts a sample.
func (f *refusedScrape) Append(_ storage.SeriesRef, _ labels.Labels, _, _ int64, _ float64, _ *histogram.Histogram, _ *histogram.FloatHistogram, opts storage.AppendV2Options) (storage.SeriesRef, error) {
	if !opts.RejectOutOfOrder && !strings.HasSuffix(opts.MetricFamilyName, reportMark) {
		f.samples++
	}
	return 0, nil
}

// Commit reports the samples as lost.
func (f *refusedScrape) Commit() error {
	loss := prom.LossLabels
	if errors.Is(f.err, mapper.ErrNumbers) {
		loss = prom.LossNumbers
	}
	f.report.AddN(loss, f.target, f.samples)
	return nil
}

// Rollback drops the scrape.
func (f *refusedScrape) Rollback() error { return nil }
