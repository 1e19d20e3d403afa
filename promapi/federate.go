package promapi

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"google.golang.org/protobuf/proto"
)

// federate answers /federate: the last sample of each series that match[] selects, for a
// Prometheus to scrape.
func federate(a *API, w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "error parsing form values: "+err.Error(), http.StatusBadRequest)
		return
	}
	selectors, err := newParser().ParseMetricSelectors(r.Form["match[]"])
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	view, leave, err := a.enter(r.Context())
	if err != nil {
		http.Error(w, err.Error(), kindOf(err).status)
		return
	}
	defer leave()
	last, err := lastSamples(r, view, a.opts.Now(), selectors)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	format := expfmt.NegotiateAccept(r.Header, federationFormats...)
	w.Header().Set("Content-Type", string(format))
	w.WriteHeader(http.StatusOK)
	f := &federation{enc: expfmt.NewEncoder(w, format), proto: strings.Contains(string(format), "protobuf"), external: federatedLabels(a.opts.ExternalLabels)}
	if err := f.write(last); err != nil && r.Context().Err() == nil {
		a.log.Warn("federation ended early", "error", err)
	}
}

// federationFormats are the formats of federated series, by preference. OpenMetrics is
// missing, because federated series do not follow its rules for names.
var federationFormats = []expfmt.Format{
	expfmt.NewFormat(expfmt.TypeProtoDelim), expfmt.NewFormat(expfmt.TypeProtoText),
	expfmt.NewFormat(expfmt.TypeProtoCompact), expfmt.NewFormat(expfmt.TypeTextPlain),
}

// lastSamples returns the last samples within the look-back, sorted by the name of the
// metric. It leaves out series that have ended.
func lastSamples(r *http.Request, view *View, now time.Time, selectors [][]*labels.Matcher) (promql.Vector, error) {
	from, lookback, err := view.Engine.Recent(r.Context(), selectors)
	if err != nil {
		return nil, err
	}
	start, end := clamp(now.Add(-lookback)), clamp(now)
	q, err := from.Querier(start, end)
	if err != nil {
		return nil, err
	}
	defer func() { _ = q.Close() }() // it only reads
	sets := make([]storage.SeriesSet, len(selectors))
	for i, matchers := range selectors {
		sets[i] = q.Select(r.Context(), true, &storage.SelectHints{Start: start, End: end}, matchers...)
	}
	set := storage.NewMergeSeriesSet(sets, 0, storage.ChainedSeriesMerge)
	var all promql.Vector
	var it chunkenc.Iterator
	for set.Next() {
		it = set.At().Iterator(it)
		sample, ok := lastSample(it, end)
		if err := it.Err(); err != nil {
			return nil, err
		}
		if ok && !value.IsStaleNaN(sample.F) && (sample.H == nil || !value.IsStaleNaN(sample.H.Sum)) {
			sample.Metric = set.At().Labels()
			all = append(all, sample)
		}
	}
	slices.SortStableFunc(all, func(a, b promql.Sample) int {
		return strings.Compare(a.Metric.Get(model.MetricNameLabel), b.Metric.Get(model.MetricNameLabel))
	})
	return all, set.Err()
}

// lastSample returns the last sample of a series up to a time.
func lastSample(it chunkenc.Iterator, end int64) (s promql.Sample, ok bool) {
	for kind := it.Next(); kind != chunkenc.ValNone && it.AtT() <= end; kind = it.Next() {
		ok = true
		if kind == chunkenc.ValFloat {
			s.T, s.F = it.At()
			s.H = nil
			continue
		}
		var h *histogram.FloatHistogram
		s.T, h = it.AtFloatHistogram(nil)
		s.F, s.H = 0, h
	}
	return s, ok
}

// federation writes metric families.
type federation struct {
	enc      expfmt.Encoder
	proto    bool           // the format has native histograms
	external []prompb.Label // sorted by name
}

// federatedLabels returns the labels that series get if they lack them: the external
// labels, and an empty instance, which keeps the scraping server from adding its own.
func federatedLabels(external map[string]string) []prompb.Label {
	all := map[string]string{model.InstanceLabel: ""}
	maps.Copy(all, external)
	return externalLabels(all)
}

// write writes samples, which are sorted by name.
func (f *federation) write(all promql.Vector) error {
	var family *dto.MetricFamily
	for i := range all {
		s := &all[i]
		if s.H != nil && !f.proto && !s.H.UsesCustomBuckets() {
			continue // the text format has no native histograms
		}
		name, kind := s.Metric.Get(model.MetricNameLabel), familyType(s)
		if name == "" {
			continue
		}
		if family == nil || family.GetName() != name || family.GetType() != kind {
			if err := f.flush(family); err != nil {
				return err
			}
			family = &dto.MetricFamily{Name: proto.String(name), Type: kind.Enum()}
		}
		family.Metric = append(family.Metric, f.metric(s))
	}
	if err := f.flush(family); err != nil {
		return err
	}
	if c, ok := f.enc.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

func (f *federation) flush(family *dto.MetricFamily) error {
	if family == nil {
		return nil
	}
	return f.enc.Encode(family)
}

// familyType returns the type of the family of a sample: numbers have none.
func familyType(s *promql.Sample) dto.MetricType {
	switch {
	case s.H == nil:
		return dto.MetricType_UNTYPED
	case s.H.CounterResetHint == histogram.GaugeType:
		return dto.MetricType_GAUGE_HISTOGRAM
	}
	return dto.MetricType_HISTOGRAM
}

// metric returns a sample with its labels and those that all series get.
func (f *federation) metric(s *promql.Sample) *dto.Metric {
	m := &dto.Metric{TimestampMs: proto.Int64(s.T)}
	add := func(name, v string) {
		m.Label = append(m.Label, &dto.LabelPair{Name: proto.String(name), Value: proto.String(v)})
	}
	s.Metric.Range(func(l labels.Label) {
		if l.Name != model.MetricNameLabel {
			add(l.Name, l.Value)
		}
	})
	for _, l := range f.external {
		if !s.Metric.Has(l.Name) {
			add(l.Name, l.Value)
		}
	}
	switch {
	case s.H == nil:
		m.Untyped = &dto.Untyped{Value: proto.Float64(s.F)}
	case s.H.UsesCustomBuckets():
		m.Histogram = classicHistogram(s.H)
	default:
		m.Histogram = nativeHistogram(s.H)
	}
	return m
}

// nativeHistogram returns a histogram with exponential buckets.
func nativeHistogram(h *histogram.FloatHistogram) *dto.Histogram {
	return &dto.Histogram{
		SampleCountFloat: proto.Float64(h.Count), SampleSum: proto.Float64(h.Sum), Schema: proto.Int32(h.Schema),
		ZeroThreshold: proto.Float64(h.ZeroThreshold), ZeroCountFloat: proto.Float64(h.ZeroCount),
		NegativeSpan: spans(h.NegativeSpans), NegativeCount: h.NegativeBuckets,
		PositiveSpan: spans(h.PositiveSpans), PositiveCount: h.PositiveBuckets,
	}
}

func spans(all []histogram.Span) (out []*dto.BucketSpan) {
	for _, s := range all {
		out = append(out, &dto.BucketSpan{Offset: proto.Int32(s.Offset), Length: proto.Uint32(s.Length)})
	}
	return out
}

// classicHistogram returns a histogram with custom bounds as a classic one.
func classicHistogram(h *histogram.FloatHistogram) *dto.Histogram {
	out := &dto.Histogram{SampleCountFloat: proto.Float64(h.Count), SampleSum: proto.Float64(h.Sum)}
	counts := make([]float64, len(h.CustomValues)+1)
	for it := h.PositiveBucketIterator(); it.Next(); {
		if b := it.At(); b.Index >= 0 && int(b.Index) < len(counts) {
			counts[b.Index] = b.Count
		}
	}
	sum := 0.0
	for i, bound := range h.CustomValues {
		sum += counts[i]
		out.Bucket = append(out.Bucket, &dto.Bucket{UpperBound: proto.Float64(bound), CumulativeCountFloat: proto.Float64(sum)})
	}
	return out
}
