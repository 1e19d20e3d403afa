package convert

import (
	"math"
	"time"

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
	// Origin is the PCP metric that it was made of last, with the units and type
	// of the samples; nil if it came from Prometheus, now or once.
	Origin *archive.Metric
	// Member is the archive's series that it was made of last, which has the
	// instance's number and labels; nil if Origin is.
	Member *archive.Series
	// Before is what it was made of earlier, oldest first.
	Before []Was
	// TextLabel is the label that has the text, of a series of a text metric.
	TextLabel string

	live  int        // how many metrics have a value for it; more than one where a type changes
	owner *Flattener // whose it is while it is alive
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
	// Names is how metrics of PCP's own are called.
	Names NameStyle
	// TextLabels makes series of text metrics: the text is the label "value", the
	// value is 1, and a text that changes ends one series and begins another.
	TextLabels bool
	// InstanceIDs adds the number of the instance as the label "instid". Instances
	// that share a name get it anyway.
	InstanceIDs bool
	// OptionalLabels adds labels that PCP takes to be no part of the identity.
	OptionalLabels bool
	// SplitAtMarks makes a new series of each counter after a mark, which the
	// label "since" tells apart: rate() sees no value of both sides.
	SplitAtMarks bool
	// Labels are added to every series that has no label of the name.
	Labels []Label
	// Host is the label "hostname" of what has none: the archive's host, as the
	// reference has it.
	Host   string
	Report *Report // may be nil
}

// Flattener is the Sink that turns steps into Prometheus samples. What a series
// becomes is worked out once per [archive.Series], not per sample.
type Flattener struct {
	opts FlattenOptions
	*flatTable
	metrics map[pcp.PMID]*flatMetric
	ending  []*PromSeries // that lost a metric in the current step
	// exemplary are the metrics of the current step that hold exemplars.
	exemplary []*archive.MetricValues
	last      pcp.Timestamp // of the step before
	any       bool          // there was one
	since     string        // time of the last mark
	shared    map[pcp.InDomID]sharedNames
	shapes    map[*archive.Shape][]*flatMetric // see alike
}

// flatTable is what the Flatteners of several hosts share.
type flatTable struct {
	dst      Samples
	families map[Family]*Family
	series   map[string]*PromSeries // by name and labels
	owners   map[string]string      // Prometheus name → PCP name
}

// flatMetric is what is known of one PCP metric.
type flatMetric struct {
	// shape, unless it is nil, is that of the step that held the metric last:
	// prev are the points of every step that has it, in their order.
	shape  *archive.Shape
	metric *archive.Metric
	naming naming
	series map[*archive.Series]*PromSeries
	texts  map[*archive.Series]textSeries
	indom  *meta.InDom
	prev   []flatPoint // the previous record that held the metric
	now    []flatPoint
	live   map[pcp.InstID]*PromSeries // has a value and no staleness marker yet
	twins  bool                       // instances of the domain share names
	skip   bool
}

type flatPoint struct {
	source *archive.Series
	prom   *PromSeries // nil: cannot be expressed
}

// NewFlattener returns a Sink that hands samples to dst. It does not close dst.
func NewFlattener(dst Samples, o FlattenOptions) *Flattener {
	t := &flatTable{dst: dst, families: map[Family]*Family{}, series: map[string]*PromSeries{}, owners: map[string]string{}}
	return newFlattener(t, o)
}

func newFlattener(t *flatTable, o FlattenOptions) *Flattener {
	return &Flattener{
		opts: o, flatTable: t, metrics: map[pcp.PMID]*flatMetric{}, shared: map[pcp.InDomID]sharedNames{},
		shapes: map[*archive.Shape][]*flatMetric{},
	}
}

// Fork returns a Flattener for the steps of another host. Both hand the samples
// of one numbering of series to one Samples; neither is to be used while the
// other is. Of two series that are alive at once with the same labels the first
// counts, the other is left out and counted.
func (f *Flattener) Fork(host string) *Flattener {
	o := f.opts
	o.Host = host
	return newFlattener(f.flatTable, o)
}

// lateRecord names a record that is earlier than the one before it.
func lateRecord(host string, t pcp.Timestamp) string {
	name := "record"
	if host != "" {
		name += " of " + host
	}
	return name + " at " + t.Time().UTC().Format(time.RFC3339Nano)
}

// Put flattens a step. One that is earlier than its predecessor, which damaged
// archives have, is left out and counted, as the reference leaves it out.
func (f *Flattener) Put(step *archive.Step) error {
	if f.any && step.Stamp.Before(f.last) {
		f.opts.Report.Add(LossOrder, lateRecord(f.opts.Host, step.Stamp))
		return nil
	}
	f.last, f.any = step.Stamp, true
	t := step.Stamp.Milli()
	if step.Mark {
		f.mark(step.Stamp)
	}
	known := f.alike(step)
	for i := range step.Metrics {
		mv := &step.Metrics[i]
		var err error
		if known != nil && known[i] != nil && known[i].shape == step.Shape {
			err = f.again(known[i], mv.Points, t)
		} else {
			err = f.metric(mv, t, step.Shape)
		}
		if err != nil {
			return err
		}
	}
	for _, mv := range f.exemplary { // after their samples
		if err := f.exemplars(mv, t); err != nil {
			return err
		}
	}
	f.exemplary = f.exemplary[:0]
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

// mark ends all series.
func (f *Flattener) mark(t pcp.Timestamp) {
	for _, m := range f.metrics {
		f.endAll(m)
		if f.opts.SplitAtMarks {
			m.metric = nil // to be named anew
		}
	}
	if f.opts.SplitAtMarks {
		f.since = t.Time().UTC().Format("2006-01-02T15:04:05.000Z")
	}
}

// finisher is a Samples that wants to know which series get no more samples.
type finisher interface{ Finish(s *PromSeries) error }

// Close gives up the series, for another Flattener to go on with. It writes
// nothing: a recording that ends does not end its series.
func (f *Flattener) Close() error {
	end, _ := f.dst.(finisher)
	for _, m := range f.metrics {
		for id, p := range m.live {
			delete(m.live, id)
			p.live--
			if end == nil || p.live > 0 {
				continue
			}
			if err := end.Finish(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// metric flattens what a step of a shape has of a metric.
func (f *Flattener) metric(mv *archive.MetricValues, t int64, shape *archive.Shape) error {
	m := f.state(mv.Metric)
	m.shape = nil
	switch {
	case m.skip:
		m.shape = shape
		return nil
	case m.naming.exemplars:
		f.exemplary = append(f.exemplary, mv)
		return nil
	case mv.Err < 0 || len(mv.Points) == 0 && mv.Metric.Desc.InDom == pcp.InDomNull:
		f.endAll(m)
		m.shape = shape
		return nil
	case !m.naming.text && !m.naming.histogram:
		m.shape = shape
	}
	m.now = m.now[:0]
	same := len(mv.Points) == len(m.prev)
	known := mv.InDom == m.indom || !f.renamed(m, mv.InDom)
	for j := range mv.Points {
		p := &mv.Points[j]
		at := flatPoint{source: p.Series}
		switch {
		case known && j < len(m.prev) && m.prev[j].source == p.Series && !m.naming.text:
			at = m.prev[j]
		default:
			at.prom = f.resolve(m, p, mv.InDom)
			same = same && j < len(m.prev) && m.prev[j] == at
		}
		m.now = append(m.now, at)
		if at.prom == nil {
			continue
		}
		if m.naming.histogram {
			if err := PutHistogram(f.dst, at.prom, t, p.Value.Data, f.opts.Report); err != nil {
				return err
			}
			continue
		}
		v, ok := f.value(m, &p.Value)
		if !ok {
			continue
		}
		if err := f.dst.Sample(at.prom, t, v); err != nil {
			return err
		}
	}
	if !same || mv.InDom != m.indom {
		f.ended(m, mv.InDom)
	}
	m.indom = mv.InDom
	if len(m.now) > 0 { // one without values tells nothing of a logging group
		m.prev, m.now = m.now, m.prev
	}
	return nil
}

// renamed reports whether in a changed domain instances have come to share names,
// or no longer do, and forgets how the metric's series are called.
func (f *Flattener) renamed(m *flatMetric, in *meta.InDom) bool {
	before := m.twins
	m.twins = in != nil && len(f.sharedBy(in)) > 0
	if f.opts.InstanceIDs || !before && !m.twins {
		return false
	}
	clear(m.series)
	clear(m.texts)
	return true
}

// value returns the value of a sample, false if there is none.
func (f *Flattener) value(m *flatMetric, v *archive.Value) (float64, bool) {
	if m.naming.text {
		return 1, true
	}
	x, ok := v.Number(m.metric.Desc.Type)
	if !ok {
		f.opts.Report.Add(LossUndecodable, m.metric.Name)
		return 0, false
	}
	if v.Bits > 1<<53 && (v.Type == pcp.TypeU64 || v.Type == pcp.Type64) {
		f.checkExact(m.metric, v)
	}
	return m.naming.scale.apply(x), true
}

// checkExact counts a 64-bit integer that a float64 cannot hold.
func (f *Flattener) checkExact(m *archive.Metric, v *archive.Value) {
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
		m.series, m.texts = map[*archive.Series]*PromSeries{}, map[*archive.Series]textSeries{}
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
	case metric.Desc.Type == pcp.TypeString && f.opts.TextLabels, holdsHistograms(metric), holdsExemplars(metric):
		return false
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

// holdsHistograms reports whether the values of a metric are native histograms.
func holdsHistograms(metric *archive.Metric) bool {
	return metric.Desc.Type == pcp.TypeAggregate && metric.Labels[4].Text(labelEncoding) == encodingHistogram
}

// resolve returns the Prometheus series of a point, nil if there is none.
func (f *Flattener) resolve(m *flatMetric, point *archive.Point, in *meta.InDom) *PromSeries {
	if m.naming.text {
		return f.resolveText(m, point, in)
	}
	s := point.Series
	if p, ok := m.series[s]; ok {
		return p
	}
	labels, err := f.labels(m, s, in)
	if err != nil {
		f.opts.Report.Add(LossInvalidLabel, m.metric.Name)
		m.series[s] = nil
		return nil
	}
	p := f.intern(m, s, labels)
	m.series[s] = p
	return p
}

// intern returns the one series with these labels, which s is made one of, nil if
// it is another host's.
func (f *Flattener) intern(m *flatMetric, s *archive.Series, labels []Label) *PromSeries {
	key := m.naming.key(labels)
	p, ok := f.series[key]
	if !ok {
		p = &PromSeries{
			Name: m.naming.sample, Labels: labels, Sem: m.metric.Desc.Sem, ID: len(f.series),
		}
		f.series[key] = p
	}
	if p.live > 0 && p.owner != f {
		f.opts.Report.Add(LossCollision, m.metric.Name)
		return nil
	}
	p.owner = f
	p.Family = f.family(m.naming.family) // as it was described last
	if m.naming.native == nil {
		s = nil
	}
	p.MadeOf(m.naming.native, s, f.last.Milli())
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
