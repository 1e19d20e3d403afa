package relabel

import (
	"context"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
)

// Stage is a [prom.SampleSink] that relabels series on their way to another sink.
// It keeps the order of samples. If the rules give several series the same labels,
// they become one series: the first value of a time wins, and the series ends when
// all of them have ended.
type Stage struct {
	dst    prom.SampleSink
	one    [1]prom.Sample // the batch that dst gets
	rules  Rules
	report *prom.Report
	series []*inputSeries           // by Series.ID of the input
	out    map[string]*outputSeries // by name and labels

	origins origins
}

// inputSeries is a series before relabelling.
type inputSeries struct {
	in     *prom.Series
	family *prom.Family    // in.Family when out was last described
	out    *outputSeries   // nil if the rules drop the series
	live   bool            // it has a value and has not ended
	origin *history.Metric // in.PCPMetric when out's origin was last set
	member *history.Series // in.PCPSeries when out's origin was last set
}

// outputSeries is a relabelled series. Several input series may make it.
type outputSeries struct {
	prom  *prom.Series
	first *inputSeries // the input series that gives it its origin
	live  int          // input series with a value that have not ended

	last   int64        // time of the last value
	lastOf *inputSeries // the input series of the last value; nil before the first
}

// Before returns a SampleSink that relabels series before they reach dst. It owns dst. Without
// rules it is dst. The report may be nil.
func (r Rules) Before(dst prom.SampleSink, report *prom.Report) prom.SampleSink {
	if len(r) == 0 {
		return dst
	}
	return NewStage(dst, r, report)
}

// NewStage returns a Stage that feeds dst and owns it. The report may be nil.
func NewStage(dst prom.SampleSink, rules Rules, report *prom.Report) *Stage {
	return &Stage{dst: dst, rules: rules, report: report, out: map[string]*outputSeries{}, origins: origins{}}
}

// Append passes samples on, unless the rules drop their series.
func (s *Stage) Append(in *prom.Series, batch []prom.Sample) error {
	for i := range batch {
		x := &batch[i]
		e := s.entry(in, x.T)
		if e.out == nil || x.Exemplar == nil && !s.passes(e, x) {
			continue
		}
		s.one[0] = *x
		if err := s.dst.Append(e.out.prom, s.one[:]); err != nil {
			return err
		}
	}
	return nil
}

// passes reports whether to hand on a number or histogram. An end passes when it is
// the last of the series that make the output series.
func (s *Stage) passes(e *inputSeries, x *prom.Sample) bool {
	if x.Histogram != nil || !prom.IsStale(x.V) {
		e.markLive()
		if e.repeats(x.T) {
			s.report.Add(prom.LossDuplicate, e.out.prom.Name)
			return false
		}
		return true
	}
	if e.live {
		e.live = false
		e.out.live--
	}
	return e.out.live == 0
}

// entry finds or makes the state of a series. It brings family and origin of the
// output series up to date, the origin from time t on.
func (s *Stage) entry(in *prom.Series, t int64) *inputSeries {
	for in.ID >= len(s.series) {
		s.series = append(s.series, nil)
	}
	e := s.series[in.ID]
	if e == nil {
		e = &inputSeries{in: in, family: in.Family, out: s.relabel(in)}
		s.series[in.ID] = e
		if e.out != nil && e.out.first == nil {
			e.out.first = e
		}
	}
	if e.out != nil && e.out.first == e && (e.origin != in.PCPMetric || e.member != in.PCPSeries) {
		e.origin, e.member = in.PCPMetric, in.PCPSeries
		origin, member := s.origins.originOf(in, e.out.prom)
		e.out.prom.SetOrigin(origin, member, t)
	}
	if e.out != nil && e.family != in.Family {
		e.family, e.out.prom.Family = in.Family, familyOf(in, e.out.prom.Name)
	}
	return e
}

// repeats reports whether another input series of the same output series already
// has a value of time t. The first value wins, as in Prometheus.
func (e *inputSeries) repeats(t int64) bool {
	out := e.out
	if out.lastOf != nil && out.lastOf != e && out.last == t {
		return true
	}
	out.last, out.lastOf = t, e
	return false
}

// markLive notes that a series has a value.
func (e *inputSeries) markLive() {
	if !e.live {
		e.live = true
		e.out.live++
	}
}

// Flush flushes the sink that the stage feeds.
func (s *Stage) Flush(ctx context.Context) error { return s.dst.Flush(ctx) }

// Close closes the sink that the stage feeds.
func (s *Stage) Close() error { return s.dst.Close() }

// relabel returns the output series that the rules make from a series. It returns
// nil if they drop the series, or if the result is invalid and counted.
func (s *Stage) relabel(in *prom.Series) *outputSeries {
	if !in.Fits() {
		s.report.Add(prom.LossInvalidLabel, in.Name)
		return nil
	}
	b := labels.NewScratchBuilder(len(in.Labels) + 1)
	b.Add(model.MetricNameLabel, in.Name)
	for _, l := range in.Labels {
		b.Add(l.Name, l.Value)
	}
	b.Sort()
	lb := labels.NewBuilder(b.Labels())
	for _, rule := range s.rules {
		if !relabel.ProcessBuilder(lb, rule) {
			return nil
		}
		if !fits(lb) {
			s.report.Add(prom.LossInvalidLabel, in.Name)
			return nil
		}
	}
	lset := lb.Labels()
	name := lset.Get(model.MetricNameLabel)
	if name == "" || !lset.IsValid(model.UTF8Validation) {
		s.report.Add(prom.LossInvalidLabel, in.Name)
		return nil
	}
	key := string(lset.Bytes(nil))
	if known, ok := s.out[key]; ok {
		return known
	}
	out := &prom.Series{Name: name, Sem: in.Sem, ID: len(s.out), Family: familyOf(in, name)}
	lset.Range(func(l labels.Label) {
		if l.Name != model.MetricNameLabel {
			out.Labels = append(out.Labels, prom.Label(l))
		}
	})
	out.TextLabel = in.TextLabel
	t := &outputSeries{prom: out}
	s.out[key] = t
	return t
}

// fits reports whether Prometheus' label type can hold the labels in b.
func fits(b *labels.Builder) bool {
	fit := true
	b.Range(func(l labels.Label) { fit = fit && prom.FitsLabel(l.Name) && prom.FitsLabel(l.Value) })
	return fit
}

// familyOf returns the family of a relabelled series. If the series was renamed and
// kept its suffix, such as _total, the new family's name lacks the suffix, too.
func familyOf(in *prom.Series, name string) *prom.Family {
	if in.Family == nil || in.Name == name {
		return in.Family
	}
	f := *in.Family
	suffix := naming.Suffix(in.Name, f.Name)
	if base, ok := strings.CutSuffix(name, suffix); ok && suffix != "" {
		f.Name = base
		return &f
	}
	f.Name = name
	return &f
}
