package convert

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync/atomic"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// MappedSource is one endpoint's share of an archive. Between Begin and Step the
// values of one time are given to it.
type MappedSource struct {
	mapper   *Mapper
	target   Target
	cluster  labelset.Set
	metrics  map[metricKey]*mappedMetric
	bySample map[string]*mappedMetric // the metric last met under a sample name
	taken    map[string]bool          // leaf names and, with a final dot, their ancestors
	nextItem uint32                   // PMID without domain: cluster and item
	health   *controlState
	healthy  bool // the current step has the outcome of a scrape

	live  int
	ended []*MappedSeries // oldest first, so that they can be forgotten

	tick    uint64 // number of the current step
	step    archive.Step
	touched []*mappedMetric
	// withExemplars are the metrics whose samples have exemplars in the step.
	withExemplars []*mappedMetric
}

// metricKey is what makes a metric of its own. A family whose type changes, or
// that comes with labels and without, is several.
type metricKey struct {
	sample, family, typ string
	singular            bool
	encoding            string // of the values; "": they are numbers
	unit                string // if an earlier metric has another one, else ""
}

type mappedMetric struct {
	key    metricKey
	family Family
	metric *archive.Metric
	series map[string]*MappedSeries
	nextID int64
	ids    map[string]pcp.InstID // instances of the archive that have no series yet
	live   int

	changed bool // a series came or went since the domain was built
	indom   *meta.InDom
	labels  *meta.Labels

	tick   uint64 // of the step that points belong to
	points []archive.Point

	exemplars *mappedExemplars // nil: there was none yet
}

// MappedSeries is one Prometheus series of a source.
type MappedSeries struct {
	metric    *mappedMetric
	series    *archive.Series
	key       string
	live      bool
	forgotten atomic.Bool // the one field that others than the owner may read
	tick      uint64      // of the step it last had a value in
	at        int         // its point there
	exemplars *seriesExemplars
}

// Forgotten reports whether the series ended so long ago that it must be asked
// for again before it gets another value.
func (s *MappedSeries) Forgotten() bool { return s.forgotten.Load() }

// Name returns the name of the series' samples.
func (s *MappedSeries) Name() string { return s.metric.key.sample }

// Family returns what is known of the series' family.
func (s *MappedSeries) Family() Family { return s.metric.family }

// Live reports whether the series has a value and did not end.
func (s *MappedSeries) Live() bool { return s.live }

// Describes reports whether f is what the series' metric is made for: the family,
// type and unit are the same, or f does not say them. If it is not, another series
// is to be asked for.
func (s *MappedSeries) Describes(f *Family) bool {
	k := &s.metric.key
	return f.Name == "" ||
		f.Name == k.family && (f.Type == k.typ || f.Type == "" && k.typ == TypeUnknown) &&
			(f.Unit == "" || f.Unit == s.metric.family.Unit)
}

// Histogram reports whether the series' values are native histograms.
func (s *MappedSeries) Histogram() bool { return s.metric.key.encoding == encodingHistogram }

// Series returns the series of a sample: its name, its own labels sorted by
// name, and its family as far as it is known. Strings are copied. The error
// wraps [ErrNumbers] if the archive is full, or [pcp.ErrLimit] if the labels do
// not fit a label set.
func (s *MappedSource) Series(sample string, labels []Label, f Family) (*MappedSeries, error) {
	return s.resolve(sample, labels, f, "")
}

// HistogramSeries is Series for one whose values are native histograms. It is a
// metric of its own: the numbers of a series of the same name are another.
func (s *MappedSource) HistogramSeries(sample string, labels []Label, f Family) (*MappedSeries, error) {
	return s.resolve(sample, labels, f, encodingHistogram)
}

func (s *MappedSource) resolve(sample string, labels []Label, f Family, encoding string) (*MappedSeries, error) {
	m, err := s.metric(sample, f, len(labels) == 0, encoding)
	if err != nil {
		return nil, s.lost(sample, err)
	}
	key := labelKey(labels)
	if ser, ok := m.series[key]; ok {
		return ser, nil
	}
	own := make([]labelset.Label, len(labels))
	for i, l := range labels {
		own[i] = labelset.String(labelName(l.Name), l.Value)
	}
	set, err := labelset.New(labelset.Instances, own...)
	if err != nil {
		return nil, s.lost(sample, err)
	}
	inst := meta.Instance{ID: pcp.InstNull}
	if len(labels) > 0 {
		if inst.ID, err = m.instance(key); err != nil {
			return nil, s.lost(sample, err)
		}
		inst.Name = instanceName(inst.ID, labels)
	}
	ser := &MappedSeries{metric: m, key: key, series: &archive.Series{Metric: m.metric, Inst: inst, Labels: set}}
	m.series[key] = ser
	return ser, nil
}

// instance returns the number of a new series: the one that the archive has for
// it, or the next.
func (m *mappedMetric) instance(key string) (pcp.InstID, error) {
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
func (s *MappedSource) lost(sample string, err error) error {
	loss := LossLabels
	if errors.Is(err, ErrNumbers) {
		loss = LossNumbers
	}
	s.mapper.opts.Report.Add(loss, sample)
	return fmt.Errorf("%s: %w", sample, err)
}

// metric finds or makes the metric of a sample.
func (s *MappedSource) metric(sample string, f Family, singular bool, encoding string) (*mappedMetric, error) {
	if f.Name == "" { // the page does not say, or no longer does
		if known, ok := s.bySample[sample]; ok {
			f = known.family
		} else if f, ok = s.mapper.known.family(s.target.Name, sample); !ok {
			f = s.guessFamily(sample)
		}
	}
	f.Type = cmp.Or(f.Type, TypeUnknown)
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
	f = Family{Name: key.family, Type: f.Type, Help: strings.Clone(f.Help), Unit: strings.Clone(f.Unit)}
	m = &mappedMetric{key: key, family: f, series: map[string]*MappedSeries{}}
	if err := s.describe(m); err != nil {
		return nil, err
	}
	s.metrics[key], s.bySample[key.sample] = m, m
	return m, nil
}

// guessFamily puts a _created sample, for which Prometheus' scraper passes no
// metadata, into the family it belongs to.
func (s *MappedSource) guessFamily(sample string) Family {
	if base, ok := strings.CutSuffix(sample, "_created"); ok {
		for _, suffix := range []string{"_total", "_count", "_sum", ""} {
			if m, ok := s.bySample[base+suffix]; ok && m.family.Name == base {
				return m.family
			}
		}
	}
	return Family{Name: sample}
}
