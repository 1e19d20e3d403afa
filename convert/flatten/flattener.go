package flatten

import (
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Options change how a Flattener names and labels series.
type Options struct {
	// TargetLabels adds the labels job and instance to series that came from
	// Prometheus, as a Prometheus server stores them.
	TargetLabels bool
	// NoHealth leaves out the metrics that describe scrapes.
	NoHealth bool
	// Names is the style of names for PCP's own metrics.
	Names naming.Style
	// TextLabels makes series from text metrics. The label "value" has the text, and
	// the value is 1. When the text changes, its series ends and another begins.
	TextLabels bool
	// InstanceIDs adds the number of the instance as the label "instid". Without it
	// only instances that share a name or have none get the label.
	InstanceIDs bool
	// OptionalLabels adds optional labels, which PCP does not count as part of a
	// metric's identity.
	OptionalLabels bool
	// SplitAtMarks makes a new series of each counter after a mark. The label
	// "since" has the time of the mark. Then rate() never combines values from
	// before and after the mark.
	SplitAtMarks bool
	// Labels are added to every series that has no label of the same name.
	Labels []prom.Label
	// Host is the archive's host. Series without the label "hostname" get it, as in
	// PCP's own clients. "" adds nothing.
	Host string
	// Clashes tell which hosts need the label hostname; see [HostNames]. It may be
	// nil.
	Clashes *HostClashes
	Report  *prom.Report // may be nil
	// AllNames means that the destination restores every name of a metric, so
	// names after the first are not reported as losses.
	AllNames bool
	// Finished may be nil. Close calls it for each series that has not ended and
	// gets no more samples. See [prom.Repeat.Finish].
	Finished func(*prom.Series) error
}

// Flattener is the [history.Sink] that turns steps into Prometheus samples. It
// resolves the labels of a series once for each [history.Series], not for each
// sample. It is for one goroutine.
type Flattener struct {
	describer
	*seriesTable
	parts     []map[pcp.PMID]*metricState // by history.Step.Part
	metrics   map[pcp.PMID]*metricState   // those of the part of the current step
	ending    []*liveSeries               // series that lost a metric in the current step
	exemplary []*history.MetricValues     // metrics of the current step with exemplars
	// hadExemplars says that a step had exemplars.
	hadExemplars bool
	last         pcp.Timestamp                     // time of the last step
	any          bool                              // a step came; last is set
	twins        map[pcp.InDomID]sharedNames       // by domain, see sharedBy
	shapes       map[*history.Shape][]*metricState // metrics of a shape by position, see knownShape
}

// seriesTable is the table of series that the Flatteners of several hosts share.
type seriesTable struct {
	dst           prom.SampleSink
	one           [1]prom.Sample // the batch that dst gets
	families      map[prom.Family]*prom.Family
	series        map[string]*liveSeries // by sampleNaming.key
	owners        map[string]string      // PCP name by Prometheus name
	reportedNames map[string]bool        // further names of metrics that are counted
}

// liveSeries is a series with its owner.
type liveSeries struct {
	prom.Series
	live  int        // metrics with a value for it; more than one while a type changes
	owner *Flattener // the Flattener of the series' values while live > 0
	desc  *meta.Desc // the metric that had the series first
	mixed bool       // several metrics had it
}

// New returns a Flattener that hands samples to dst and neither flushes nor closes
// it. The samples of all series together ascend in time if the steps do.
func New(dst prom.SampleSink, o Options) *Flattener {
	t := &seriesTable{dst: dst, families: map[prom.Family]*prom.Family{}, series: map[string]*liveSeries{}, owners: map[string]string{}, reportedNames: map[string]bool{}}
	return newFlattener(t, o)
}

func newFlattener(t *seriesTable, o Options) *Flattener {
	return &Flattener{
		describer: describer{opts: o}, seriesTable: t, twins: map[pcp.InDomID]sharedNames{},
		shapes: map[*history.Shape][]*metricState{},
	}
}

// Fork returns a Flattener for the steps of another host. Both share the sink and
// the numbering of series, so only one of them may run at a time. A series with the
// same labels as one of another host gets the label hostname and is counted.
func (f *Flattener) Fork(host string) *Flattener {
	o := f.opts
	o.Host = host
	return newFlattener(f.seriesTable, o)
}

// maxMilli is the latest time in milliseconds that a Flattener accepts, 146 million
// years after 1970. Consumers can add to such times without overflow.
const maxMilli = 1 << 62

// Put flattens a step. It leaves out and counts a step that is earlier than its
// predecessor, as PCP's tools do, and a step whose time is out of range or has a
// fraction of less than 0 or more than a second. Damaged archives have all of them. With
// such a fraction the milliseconds of steps would not ascend, although the steps do.
func (f *Flattener) Put(step *history.Step) error {
	t := step.Stamp.Milli()
	if t < -maxMilli || t > maxMilli || step.Stamp.Nsec < 0 || step.Stamp.Nsec >= 1e9 {
		f.opts.Report.Add(prom.LossTime, convert.RecordName(f.opts.Host, step.Stamp.String()+" s"))
		return nil
	}
	if f.any && step.Stamp.Before(f.last) {
		f.opts.Report.Add(prom.LossOrder, convert.LateRecord(f.opts.Host, step.Stamp))
		return nil
	}
	f.last, f.any = step.Stamp, true
	if step.Mark {
		f.mark(step)
	}
	f.metrics = f.partOf(step.Part)
	known := f.knownShape(step)
	for i := range step.Metrics {
		mv := &step.Metrics[i]
		var err error
		if known != nil && known[i] != nil && known[i].shape == step.Shape {
			err = f.putValues(known[i], mv.Points, t)
		} else {
			err = f.metric(mv, t, step.Shape)
		}
		if err != nil {
			return err
		}
	}
	for _, mv := range f.exemplary { // exemplars follow their samples
		if err := f.exemplars(mv, t); err != nil {
			return err
		}
	}
	f.exemplary = f.exemplary[:0]
	return f.endSeries(t)
}

// endSeries ends the series that no metric has any more. It must come last in a
// step, because a series may move from one metric to another.
func (f *Flattener) endSeries(t int64) error {
	for _, p := range f.ending {
		if p.live > 0 {
			continue
		}
		if err := f.putNumber(p, t, prom.StaleNaN); err != nil {
			return err
		}
	}
	f.ending = f.ending[:0]
	return nil
}

// partOf returns the metrics of a part.
func (f *Flattener) partOf(n int) map[pcp.PMID]*metricState {
	n = max(n, 0) // a mark of all parts has no values
	for len(f.parts) <= n {
		f.parts = append(f.parts, map[pcp.PMID]*metricState{})
	}
	return f.parts[n]
}

// mark ends all series of the parts that a mark concerns.
func (f *Flattener) mark(step *history.Step) {
	for n, metrics := range f.parts {
		if step.Part != history.AllParts && step.Part != n {
			continue
		}
		for _, m := range metrics {
			f.endAll(m)
			if f.opts.SplitAtMarks {
				m.metric = nil // state names it again, with another label since
			}
		}
	}
	if f.opts.SplitAtMarks {
		f.since = step.Stamp.Time().UTC().Format("2006-01-02T15:04:05.000Z")
	}
}

// put hands on one sample.
func (f *Flattener) put(s *liveSeries, x prom.Sample) error {
	f.one[0] = x
	err := f.dst.Append(&s.Series, f.one[:])
	f.one[0] = prom.Sample{}
	return err
}

// putNumber hands on a number. It is put for the most frequent kind of sample: the
// batch keeps its other fields, which are nil between samples.
func (f *Flattener) putNumber(s *liveSeries, t int64, v float64) error {
	f.one[0].T, f.one[0].V = t, v
	return f.dst.Append(&s.Series, f.one[:])
}

// Close releases the series, so that another Flattener of the same host can continue
// with them. It writes nothing: the end of a recording does not end its series.
func (f *Flattener) Close() error {
	for _, metrics := range f.parts {
		for _, m := range metrics {
			if err := f.release(m); err != nil {
				return err
			}
		}
	}
	return nil
}

// release releases the series of a metric.
func (f *Flattener) release(m *metricState) error {
	for id, p := range m.live {
		delete(m.live, id)
		p.live--
		if f.opts.Finished == nil || p.live > 0 {
			continue
		}
		if err := f.opts.Finished(&p.Series); err != nil {
			return err
		}
	}
	return nil
}
