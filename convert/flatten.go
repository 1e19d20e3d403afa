package convert

import (
	"math"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// StaleNaN is the value that ends a series in Prometheus. Only its bits tell it
// from other NaNs: move it as a float64, never through a float32.
var StaleNaN = math.Float64frombits(staleBits)

const staleBits = 0x7ff0000000000002

// IsStale reports whether v is StaleNaN.
func IsStale(v float64) bool { return math.Float64bits(v) == staleBits }

// PromSeries is a Prometheus series that a Flattener made. Pointers are equal
// where labels are, so a consumer may key its own state by them.
type PromSeries struct {
	Family *Family
	Name   string  // of the samples
	Labels []Label // without the name, sorted by name, none empty
	Sem    pcp.Semantics
	ID     int // 0, 1, … in order of first sight

	live int // how many metrics have a value for it; more than one where a type changes
}

// Samples takes what a Flattener makes of steps: for each series ascending
// times in milliseconds and, where the series ends, StaleNaN.
type Samples interface {
	Sample(s *PromSeries, t int64, v float64) error
}

// FlattenOptions change how a Flattener names and labels.
type FlattenOptions struct {
	// TargetLabels adds job and instance to series that came from Prometheus,
	// as its server would have stored them.
	TargetLabels bool
	// NoHealth leaves out how scrapes went.
	NoHealth bool
	Report   *Report // may be nil
}

// Flattener is the Sink that turns steps into Prometheus samples. What a series
// becomes is worked out once per [archive.Series], not per sample.
type Flattener struct {
	opts     FlattenOptions
	dst      Samples
	families map[Family]*Family
	series   map[string]*PromSeries // by name and labels
	owners   map[string]string      // Prometheus name → PCP name
	metrics  map[pcp.PMID]*flatMetric
	ending   []*PromSeries // that lost a metric in the current step
	last     pcp.Timestamp // of the step before
	any      bool          // there was one
}

// flatMetric is what is known of one PCP metric.
type flatMetric struct {
	metric *archive.Metric
	naming naming
	series map[*archive.Series]*PromSeries
	indom  *meta.InDom
	prev   []flatPoint // the previous record that held the metric
	now    []flatPoint
	live   map[pcp.InstID]*PromSeries // has a value and no staleness marker yet
	skip   bool
}

type flatPoint struct {
	source *archive.Series
	prom   *PromSeries // nil: cannot be expressed
}

// NewFlattener returns a Sink that hands samples to dst. It does not close dst.
func NewFlattener(dst Samples, o FlattenOptions) *Flattener {
	return &Flattener{
		opts: o, dst: dst,
		families: map[Family]*Family{}, series: map[string]*PromSeries{},
		owners: map[string]string{}, metrics: map[pcp.PMID]*flatMetric{},
	}
}

// Put flattens a step. One that is earlier than its predecessor, which damaged
// archives have, is left out and counted, as the reference leaves it out.
func (f *Flattener) Put(step *archive.Step) error {
	if f.any && step.Stamp.Before(f.last) {
		f.opts.Report.Add(LossOrder, "record at "+step.Stamp.String())
		return nil
	}
	f.last, f.any = step.Stamp, true
	t := step.Stamp.Milli()
	if step.Mark {
		for _, m := range f.metrics {
			f.endAll(m)
		}
	}
	for i := range step.Metrics {
		if err := f.metric(&step.Metrics[i], t); err != nil {
			return err
		}
	}
	return f.endSeries(t)
}

// endSeries ends the series that no metric has any more. It comes last in a
// step: a series may have moved from one metric to another.
func (f *Flattener) endSeries(t int64) error {
	for _, p := range f.ending {
		if p.live > 0 {
			continue
		}
		if err := f.dst.Sample(p, t, StaleNaN); err != nil {
			return err
		}
	}
	f.ending = f.ending[:0]
	return nil
}

// Close does nothing: a recording that ends does not end its series.
func (f *Flattener) Close() error { return nil }

func (f *Flattener) metric(mv *archive.MetricValues, t int64) error {
	m := f.state(mv.Metric)
	if m.skip {
		return nil
	}
	if mv.Err < 0 {
		f.endAll(m)
		return nil
	}
	m.now = m.now[:0]
	same := len(mv.Points) == len(m.prev)
	for j := range mv.Points {
		p := &mv.Points[j]
		at := flatPoint{source: p.Series}
		if j < len(m.prev) && m.prev[j].source == p.Series {
			at = m.prev[j]
		} else {
			same = false
			at.prom = f.resolve(m, p.Series)
		}
		m.now = append(m.now, at)
		if at.prom == nil {
			continue
		}
		v, ok := p.Value.Number(mv.Metric.Desc.Type)
		if !ok {
			f.opts.Report.Add(LossUndecodable, mv.Metric.Name)
			continue
		}
		if p.Value.Type == pcp.TypeU64 || p.Value.Type == pcp.Type64 {
			f.checkExact(mv.Metric, p.Value)
		}
		if err := f.dst.Sample(at.prom, t, v); err != nil {
			return err
		}
	}
	if !same || mv.InDom != m.indom {
		f.ended(m, mv.InDom)
	}
	m.indom = mv.InDom
	m.prev, m.now = m.now, m.prev
	return nil
}

// checkExact counts a 64-bit integer that a float64 cannot hold.
func (f *Flattener) checkExact(m *archive.Metric, v archive.Value) {
	exact := v.Bits == uint64(float64(v.Bits)) || float64(v.Bits) >= 1<<64
	if m.Desc.Type == pcp.Type64 {
		exact = int64(v.Bits) == int64(float64(int64(v.Bits)))
	} else if float64(v.Bits) >= 1<<64 {
		exact = false
	}
	if !exact {
		f.opts.Report.Add(LossRounded, m.Name)
	}
}

// state returns what is known of a metric, told anew when its labels changed.
func (f *Flattener) state(metric *archive.Metric) *flatMetric {
	id := metric.Desc.PMID
	m, ok := f.metrics[id]
	if !ok {
		m = &flatMetric{live: map[pcp.InstID]*PromSeries{}}
		f.metrics[id] = m
	}
	if m.metric != metric {
		m.metric = metric
		m.series = map[*archive.Series]*PromSeries{}
		m.skip = f.unfit(metric)
		if !m.skip {
			m.naming = f.name(metric)
		}
	}
	return m
}

// unfit reports whether a metric cannot become series at all, and counts it.
func (f *Flattener) unfit(metric *archive.Metric) bool {
	switch {
	case f.opts.NoHealth && isHealth(metric):
		return true
	case metric.Name == "":
		f.opts.Report.Add(LossNoName, metric.Desc.PMID.String())
		return true
	case !metric.Desc.Type.IsNumeric() && isHealth(metric):
		return true // the status in words, which up has as a number
	case !metric.Desc.Type.IsNumeric():
		f.opts.Report.Add(LossNotNumeric, metric.Name)
		return true
	}
	return false
}

func isHealth(metric *archive.Metric) bool {
	id := metric.Desc.PMID
	return id.Domain() == OpenMetricsDomain && id.Cluster() == controlCluster
}

// resolve returns the Prometheus series of an archive's, nil if its labels
// cannot be had.
func (f *Flattener) resolve(m *flatMetric, s *archive.Series) *PromSeries {
	if p, ok := m.series[s]; ok {
		return p
	}
	labels, err := m.naming.labels(s, f.opts.TargetLabels)
	if err != nil {
		f.opts.Report.Add(LossInvalidLabel, m.metric.Name)
		m.series[s] = nil
		return nil
	}
	key := m.naming.sample + "\xff" + labelKey(labels)
	p, ok := f.series[key]
	if !ok {
		p = &PromSeries{
			Name: m.naming.sample, Labels: labels, Sem: m.metric.Desc.Sem, ID: len(f.series),
		}
		f.series[key] = p
	}
	p.Family = f.family(m.naming.family) // as it was described last
	m.series[s] = p
	return p
}

// family returns the one copy of a family.
func (f *Flattener) family(fam Family) *Family {
	known, ok := f.families[fam]
	if !ok {
		known = &fam
		f.families[fam] = known
	}
	return known
}
