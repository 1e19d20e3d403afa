package mapper

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync/atomic"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// MappedSource is one endpoint's share of an archive. Between Begin and Step the
// values of one time are given to it.
type Source struct {
	mapper   *Mapper
	target   Target
	cluster  labelset.Set
	metrics  map[metricKey]*metricState
	bySample map[string]*metricState // the metric last met under a sample name
	taken    map[string]bool         // leaf names and, with a final dot, their ancestors
	nextItem uint32                  // PMID without domain: cluster and item
	health   *controlState
	healthy  bool // the current step has the outcome of a scrape

	live  int
	ended []*Series // oldest first, so that they can be forgotten

	tick    uint64 // number of the current step
	step    history.Step
	touched []*metricState
	// withExemplars are the metrics whose samples have exemplars in the step.
	withExemplars []*metricState
}

// metricKey is what makes a metric of its own. A family whose type changes, or
// that comes with labels and without, is several.
type metricKey struct {
	sample, family, typ string
	singular            bool
	encoding            string // of the values; "": they are numbers
	unit                string // if an earlier metric has another one, else ""
}

type metricState struct {
	key    metricKey
	family prom.Family
	metric *history.Metric
	series map[string]*Series
	nextID int64
	ids    map[string]pcp.InstID // instances of the archive that have no series yet
	live   int

	changed bool // a series came or went since the domain was built
	indom   *meta.InDom
	labels  *meta.Labels

	tick   uint64 // of the step that points belong to
	points []history.Point

	exemplars *exemplarMetric // nil: there was none yet
}

// MappedSeries is one Prometheus series of a source.
type Series struct {
	metric    *metricState
	series    *history.Series
	key       string
	live      bool
	forgotten atomic.Bool // the one field that others than the owner may read
	tick      uint64      // of the step it last had a value in
	at        int         // its point there
	exemplars *seriesExemplars
}

// Forgotten reports whether the series ended so long ago that it must be asked
// for again before it gets another value.
func (s *Series) Forgotten() bool { return s.forgotten.Load() }

// Name returns the name of the series' samples.
func (s *Series) Name() string { return s.metric.key.sample }

// Family returns what is known of the series' family.
func (s *Series) Family() prom.Family { return s.metric.family }

// Live reports whether the series has a value and did not end.
func (s *Series) Live() bool { return s.live }

// Describes reports whether f is what the series' metric is made for: the family,
// type and unit are the same, or f does not say them. If it is not, another series
// is to be asked for.
func (s *Series) Describes(f *prom.Family) bool {
	k := &s.metric.key
	return f.Name == "" ||
		f.Name == k.family && (f.Type == k.typ || f.Type == "" && k.typ == prom.TypeUnknown) &&
			(f.Unit == "" || f.Unit == s.metric.family.Unit)
}

// Histogram reports whether the series' values are native histograms.
func (s *Series) Histogram() bool { return s.metric.key.encoding == naming.EncodingHistogram }

// Series returns the series of a sample: its name, its own labels sorted by
// name, and its family as far as it is known. Strings are copied. The error
// wraps [ErrNumbers] if the archive is full, or [pcp.ErrLimit] if the labels do
// not fit a label set.
func (s *Source) Series(sample string, labels []prom.Label, f prom.Family) (*Series, error) {
	return s.resolve(sample, labels, f, "")
}

// HistogramSeries is Series for one whose values are native histograms. It is a
// metric of its own: the numbers of a series of the same name are another.
func (s *Source) HistogramSeries(sample string, labels []prom.Label, f prom.Family) (*Series, error) {
	return s.resolve(sample, labels, f, naming.EncodingHistogram)
}

func (s *Source) resolve(sample string, labels []prom.Label, f prom.Family, encoding string) (*Series, error) {
	m, err := s.metric(sample, f, len(labels) == 0, encoding)
	if err != nil {
		return nil, s.reportLoss(sample, err)
	}
	key := prom.LabelsKey(labels)
	if ser, ok := m.series[key]; ok {
		return ser, nil
	}
	own := make([]labelset.Label, len(labels))
	for i, l := range labels {
		own[i] = labelset.String(naming.LabelName(l.Name), l.Value)
	}
	set, err := labelset.New(labelset.Instances, own...)
	if err != nil {
		return nil, s.reportLoss(sample, err)
	}
	inst := meta.Instance{ID: pcp.InstNull}
	if len(labels) > 0 {
		if inst.ID, err = m.instance(key); err != nil {
			return nil, s.reportLoss(sample, err)
		}
		inst.Name = instanceName(inst.ID, labels)
	}
	ser := &Series{metric: m, key: key, series: &history.Series{Metric: m.metric, Inst: inst, Labels: set}}
	m.series[key] = ser
	return ser, nil
}

// instance returns the number of a new series: the one that the archive has for
// it, or the next.
func (m *metricState) instance(key string) (pcp.InstID, error) {
	if id, ok := m.ids[key]; ok {
		delete(m.ids, key)
		return id, nil
	}
	if m.nextID > math.MaxInt32 {
		return 0, ErrNumbers
	}
	m.nextID++
	return pcp.InstID(m.nextID - 1), nil
}

// lost counts a sample that cannot be recorded.
func (s *Source) reportLoss(sample string, err error) error {
	loss := prom.LossLabels
	if errors.Is(err, ErrNumbers) {
		loss = prom.LossNumbers
	}
	s.mapper.opts.Report.Add(loss, sample)
	return fmt.Errorf("%s: %w", sample, err)
}

// metric finds or makes the metric of a sample.
func (s *Source) metric(sample string, f prom.Family, singular bool, encoding string) (*metricState, error) {
	if f.Name == "" { // the page does not say, or no longer does
		if known, ok := s.bySample[sample]; ok {
			f = known.family
		} else if f, ok = s.mapper.adopted.family(s.target.Name, sample); !ok {
			f = s.guessFamily(sample)
		}
	}
	f.Type = cmp.Or(f.Type, prom.TypeUnknown)
	key := metricKey{sample: sample, family: f.Name, typ: f.Type, singular: singular, encoding: encoding}
	m, ok := s.metrics[key]
	if ok && m.otherUnit(f) {
		key.unit = strings.Clone(f.Unit)
		m, ok = s.metrics[key]
	}
	if ok {
		s.bySample[m.key.sample] = m
		return m, m.declareUnit(f.Unit)
	}
	key.sample, key.family = strings.Clone(sample), strings.Clone(f.Name)
	f = prom.Family{Name: key.family, Type: f.Type, Help: strings.Clone(f.Help), Unit: strings.Clone(f.Unit)}
	m = &metricState{key: key, family: f, series: map[string]*Series{}}
	if err := s.describe(m); err != nil {
		return nil, err
	}
	s.metrics[key], s.bySample[key.sample] = m, m
	return m, nil
}

// guessFamily puts a _created sample, for which Prometheus' scraper passes no
// metadata, into the family it belongs to.
func (s *Source) guessFamily(sample string) prom.Family {
	if base, ok := strings.CutSuffix(sample, "_created"); ok {
		for _, suffix := range []string{"_total", "_count", "_sum", ""} {
			if m, ok := s.bySample[base+suffix]; ok && m.family.Name == base {
				return m.family
			}
		}
	}
	return prom.Family{Name: sample}
}
