package mapper

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/fewmap"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Source is one endpoint of an archive. It gathers the values of one time between
// Begin and Step.
type Source struct {
	mapper   *Mapper
	target   Target
	cluster  labelset.Set     // labels of every cluster of the source
	labels   []labelset.Label // those of cluster that are Target.Labels
	metrics  map[metricKey]*metricState
	bySample map[string]*metricState // the latest metric of each sample name
	taken    Leaves
	retired  []*metricState // metrics that gave way to ones with another descriptor
	nextItem uint32         // number of the next new metric: cluster · ItemsPerCluster + item
	numbers  SourceNumbers  // nil if the Mapper numbers by itself
	health   *controlState
	healthy  bool // SetHealth was called in the current step

	live  int       // series with a value that have not ended
	ended []*Series // series that ended and are not forgotten, oldest first

	tick          uint32 // number of the current step; it may begin again at zero
	step          history.Step
	touched       []*metricState // metrics of the current step
	withExemplars []*metricState // metrics with exemplars in the current step
}

// metricKey tells metrics of a source apart. A family becomes several metrics if
// its type changes, or if it comes both with labels and without.
type metricKey struct {
	sample, family, typ string
	singular            bool   // the series has no labels
	encoding            string // LabelEncoding of the values; "" for numbers
	unit                string // the declared unit, if an earlier metric has another one; else ""
}

// metricState is a metric of a source with its series.
type metricState struct {
	key     metricKey
	family  prom.Family
	metric  *history.Metric
	series  fewmap.Map[*Series]   // by prom.LabelsKey
	nextID  int64                 // the next free instance number
	ids     map[string]pcp.InstID // adopted instances without a series yet, by prom.LabelsKey
	numbers MetricNumbers         // nil if the Mapper numbers by itself
	live    int                   // series with a value that have not ended

	changed bool // indom and labels are out of date
	indom   *meta.InDom
	labels  *meta.Labels

	tick   uint32 // the step that points belong to
	points []history.Point

	exemplars *exemplarMetric // nil before the first exemplar
}

// Series is one Prometheus series of a Source. It is small, because there may be millions.
type Series struct {
	metric    *metricState
	series    *history.Series
	inst      *Instance
	live      bool             // it has a value and has not ended
	forgotten atomic.Bool      // other goroutines than the Mapper's may read this field only
	tick      uint32           // the last step with a value
	at        uint32           // index of its point in metricState.points in that step
	exemplars *seriesExemplars // nil before the first exemplar
}

// Forgotten reports whether the series ended so long ago that the Source dropped
// it. Before a further value, get the series again from [Source.Series] or
// [Source.Current]. Any goroutine may call Forgotten.
func (s *Series) Forgotten() bool { return s.forgotten.Load() }

// Name returns the name of the series' samples.
func (s *Series) Name() string { return s.metric.key.sample }

// Family returns the family of the series. It lacks parts that no page has shown.
func (s *Series) Family() prom.Family { return s.metric.family }

// MapKey returns the key of the series' labels.
func (s *Series) MapKey() string { return s.inst.Key }

// Live reports whether the series has a value and has not ended.
func (s *Series) Live() bool { return s.live }

// Describes reports whether the series' metric fits the family f: name, type and
// unit are equal, or f leaves them open. If it does not fit, get another series
// from [Source.Series].
func (s *Series) Describes(f *prom.Family) bool {
	k := &s.metric.key
	return f.Name == "" ||
		f.Name == k.family && (f.Type == k.typ || f.Type == "" && k.typ == prom.TypeUnknown) &&
			(f.Unit == "" || f.Unit == s.metric.family.Unit)
}

// Histogram reports whether the series' values are native histograms.
func (s *Series) Histogram() bool { return s.metric.key.encoding == naming.EncodingHistogram }

// Series finds or makes the series of a sample. labels are the sample's own,
// sorted by name; f is its family, with the parts that the page shows. The Source copies
// the strings. The error wraps [ErrNumbers] if the archive is full, or
// [pcp.ErrLimit] if the labels do not fit a label set; the loss is counted.
func (s *Source) Series(sample string, labels []prom.Label, f prom.Family) (*Series, error) {
	return s.resolve(sample, labels, f, "")
}

// HistogramSeries is Series for values that are native histograms. Their metric
// differs from the metric of a series with the same name and numbers.
func (s *Source) HistogramSeries(sample string, labels []prom.Label, f prom.Family) (*Series, error) {
	return s.resolve(sample, labels, f, naming.EncodingHistogram)
}

// resolve finds or makes the series of a sample with values in an encoding.
func (s *Source) resolve(sample string, labels []prom.Label, f prom.Family, encoding string) (*Series, error) {
	o := &s.target.Options
	own, optional := o.split(labels)
	singular := len(own)+len(optional) == 0 || o.Singular != nil && o.Singular(sample)
	m, err := s.metric(sample, f, singular, encoding)
	if err != nil {
		return nil, s.reportLoss(sample, err)
	}
	key := ""
	if singular {
		err = m.addItemLabels(own, optional)
	} else {
		key = prom.LabelsKey(own)
	}
	ser, ok := m.series.Get(key)
	if ok && err == nil && (len(optional) == 0 || singular) {
		return ser, nil
	}
	if !ok && err == nil {
		ser, err = s.newSeries(m, key)
	}
	if err == nil && len(optional) > 0 && !singular {
		err = m.relabel(ser, own, optional)
	}
	if err != nil {
		return nil, s.reportLoss(sample, err)
	}
	return ser, nil
}

// newSeries makes the series with the labels of key.
func (s *Source) newSeries(m *metricState, key string) (*Series, error) {
	inst, err := s.instance(m, key)
	if err != nil {
		return nil, err
	}
	ser := &Series{metric: m, inst: inst, series: &history.Series{Metric: m.metric, Inst: inst.Instance, Labels: inst.Labels}}
	m.series.Put(ser)
	return ser, nil
}

// relabel gives a series labels of which some are optional.
func (m *metricState) relabel(ser *Series, own, optional []prom.Label) error {
	set, err := labelSet(labelset.Instances, own, optional)
	if err != nil || ser.series.Labels.Equal(set) {
		return err
	}
	moved := *ser.series
	moved.Labels = set
	ser.series = &moved
	m.changed = true
	return nil
}

// addItemLabels gives a metric without instances the labels of its samples.
func (m *metricState) addItemLabels(own, optional []prom.Label) error {
	if len(own)+len(optional) == 0 {
		return nil
	}
	item, err := labelSet(labelset.Item, own, optional)
	if err != nil {
		return err
	}
	have := m.metric.Labels[labelset.AtItem]
	all := slices.Collect(have.All())
	for l := range item.All() {
		if _, taken := have.Lookup(l.Name); !taken {
			all = append(all, l)
		}
	}
	if len(all) == have.Len() {
		return nil
	}
	next := *m.metric
	if next.Labels[labelset.AtItem], err = labelset.New(labelset.Item, all...); err != nil {
		return err
	}
	m.redescribe(&next)
	return nil
}

// instance returns the instance of a new series. Its number is the one that the
// Mapper's Numbers choose, or the adopted archive has, or the next free one.
func (s *Source) instance(m *metricState, key string) (*Instance, error) {
	describe := s.describer(m)
	if m.key.singular {
		return describe(pcp.InstNull, key)
	}
	if m.numbers != nil {
		return m.numbers.Instance(key, describe)
	}
	id, adopted := m.ids[key]
	if !adopted {
		if m.nextID > math.MaxInt32 {
			return nil, ErrNumbers
		}
		id = pcp.InstID(m.nextID)
	}
	inst, err := describe(id, key)
	if err != nil {
		return nil, err
	}
	if adopted {
		delete(m.ids, key)
	} else {
		m.nextID++
	}
	return inst, nil
}

// reportLoss counts a sample that cannot be recorded and names it in the error.
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
	if f.Name == "" { // the page does not describe the family, or no longer does
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
	if ok && s.describesOtherwise(m) {
		s.retire(m)
		ok = false
	}
	if ok {
		s.bySample[m.key.sample] = m
		return m, m.declareUnit(f.Unit)
	}
	key.sample, key.family = strings.Clone(sample), strings.Clone(f.Name)
	f = prom.Family{Name: key.family, Type: f.Type, Help: strings.Clone(f.Help), Unit: strings.Clone(f.Unit)}
	m = &metricState{key: key, family: f}
	if err := s.describe(m); err != nil {
		return nil, err
	}
	s.metrics[key], s.bySample[key.sample] = m, m
	return m, nil
}

// guessFamily returns the family of a sample without metadata. Prometheus' scraper
// passes none for a _created sample, which belongs to the family of its fellows.
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
