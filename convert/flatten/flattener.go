package flatten

import (
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// FlattenOptions change how a Flattener names and labels.
type Options struct {
	// TargetLabels adds job and instance to series that came from Prometheus,
	// as its server would have stored them.
	TargetLabels bool
	// NoHealth leaves out how scrapes went.
	NoHealth bool
	// Names is how metrics of PCP's own are called.
	Names naming.Style
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
	Labels []prom.Label
	// Host is the label "hostname" of what has none: the archive's host, as the
	// reference has it.
	Host string
	// Clashes are what several hosts call themselves alike; see [HostNames].
	Clashes *HostClashes
	Report  *prom.Report // may be nil
	// AllNames means that the destination restores every name of a metric, so
	// names after the first are not reported as losses.
	AllNames bool
	// Finished, unless it is nil, is told by Close of each series that gets no
	// more samples, though it did not end. See [prom.Repeat.Finish].
	Finished func(*prom.Series) error
}

// Flattener is the Sink that turns steps into Prometheus samples. What a series
// becomes is worked out once per [history.Series], not per sample.
type Flattener struct {
	opts Options
	*seriesTable
	metrics map[pcp.PMID]*metricState
	ending  []*liveSeries // that lost a metric in the current step
	// exemplary are the metrics of the current step that hold exemplars.
	exemplary []*history.MetricValues
	last      pcp.Timestamp // of the step before
	any       bool          // there was one
	since     string        // time of the last mark
	shared    map[pcp.InDomID]sharedNames
	shapes    map[*history.Shape][]*metricState // see alike
}

// seriesTable is what the Flatteners of several hosts share.
type seriesTable struct {
	dst           prom.SampleSink
	one           [1]prom.Sample // the batch that is handed on
	families      map[prom.Family]*prom.Family
	series        map[string]*liveSeries // by name and labels
	owners        map[string]string      // Prometheus name → PCP name
	reportedNames map[string]bool        // further names of metrics that were counted
}

// flatSeries is a series and what its Flatteners know of its life.
type liveSeries struct {
	prom.Series
	live  int        // how many metrics have a value for it; more than one where a type changes
	owner *Flattener // whose it is while it is alive
}

// NewFlattener returns a Sink that hands samples to dst. It neither flushes nor
// closes dst.
func New(dst prom.SampleSink, o Options) *Flattener {
	t := &seriesTable{dst: dst, families: map[prom.Family]*prom.Family{}, series: map[string]*liveSeries{}, owners: map[string]string{}, reportedNames: map[string]bool{}}
	return newFlattener(t, o)
}

func newFlattener(t *seriesTable, o Options) *Flattener {
	return &Flattener{
		opts: o, seriesTable: t, metrics: map[pcp.PMID]*metricState{}, shared: map[pcp.InDomID]sharedNames{},
		shapes: map[*history.Shape][]*metricState{},
	}
}

// Fork returns a Flattener for the steps of another host. Both hand the samples
// of one numbering of series to one Samples; neither is to be used while the
// other is. A series that has the labels of another host's gets the label hostname
// and is counted.
func (f *Flattener) Fork(host string) *Flattener {
	o := f.opts
	o.Host = host
	return newFlattener(f.seriesTable, o)
}

// maxMilli is the last time in milliseconds that is worked with, 146 million
// years from 1970: room for what is added to times.
const maxMilli = 1 << 62

// Put flattens a step. One that is earlier than its predecessor, which damaged
// archives have, is left out and counted, as the reference leaves it out, and so
// is one of an impossible time.
func (f *Flattener) Put(step *history.Step) error {
	t := step.Stamp.Milli()
	if t < -maxMilli || t > maxMilli {
		f.opts.Report.Add(prom.LossTime, convert.RecordName(f.opts.Host, step.Stamp.String()+" s"))
		return nil
	}
	if f.any && step.Stamp.Before(f.last) {
		f.opts.Report.Add(prom.LossOrder, convert.LateRecord(f.opts.Host, step.Stamp))
		return nil
	}
	f.last, f.any = step.Stamp, true
	if step.Mark {
		f.mark(step.Stamp)
	}
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
		if err := f.put(p, prom.Sample{T: t, V: prom.StaleNaN}); err != nil {
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

// put hands one sample on.
func (f *Flattener) put(s *liveSeries, x prom.Sample) error {
	f.one[0] = x
	return f.dst.Append(&s.Series, f.one[:])
}

// Close gives up the series, for another Flattener to go on with. It writes
// nothing: a recording that ends does not end its series.
func (f *Flattener) Close() error {
	for _, m := range f.metrics {
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
	}
	return nil
}
