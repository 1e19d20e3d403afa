package assemble

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// Options change how an Assembler makes steps.
type Options struct {
	Natives native.Resolver // knows the series of native PCP metrics; may be nil
	Report  *prom.Report    // may be nil
}

// Assembler is the [prom.SampleSink] that makes steps from samples. The samples of
// all series together must ascend in time. The samples of one millisecond make one
// step. Each pair of the labels job and instance is a source of its own.
type Assembler struct {
	opts    Options
	mapper  *mapper.Mapper
	dst     history.Sink
	series  []*seriesState        // by Series.ID
	sources map[[2]string]*source // by job and instance
	natives *native.Gatherer

	t       int64     // time of the open step, in milliseconds
	any     bool      // a step is open
	touched []*source // sources with values in the open step
	step    history.Step
	flushed bool
	closed  bool
}

// source is one target.
type source struct {
	mapped *mapper.Source
	begun  bool // it has values in the open step
}

// seriesState says where the values of a series go: to the shares in native, or to
// a source.
type seriesState struct {
	prom   *prom.Series
	family *prom.Family   // prom.Family when forms were last described
	target [2]string      // labels job and instance
	own    []prom.Label   // all other labels
	source *source        // nil if native has shares
	native []native.Share // empty if source is set
	live   bool           // it has a value and has not ended

	// pcpMetric and pcpSeries are prom's origin when native was last resolved.
	pcpMetric *history.Metric
	pcpSeries *history.Series

	// forms has the mapped series for each form of values. Only one of them is live
	// at a time.
	forms [2]struct {
		mapped *mapper.Series
		unfit  bool // the series cannot be recorded, and is counted
	}
}

// form is the kind of values that a series has.
type form int

const (
	formNumber form = iota
	formHistogram
)

// New returns an Assembler that feeds dst and owns it. Metrics get the names and
// numbers of m.
func New(dst history.Sink, m *mapper.Mapper, o Options) *Assembler {
	if natives, ok := o.Natives.(native.ClaimingResolver); ok {
		for d := range natives.Claims() {
			m.Claim(d)
		}
	}
	return &Assembler{
		opts: o, mapper: m, dst: dst, sources: map[[2]string]*source{},
		natives: native.NewGatherer(m, o.Report),
	}
}

// Append adds samples of one series to the steps of their times. The error wraps
// [archive.ErrOrder] if a sample is older than the last sample of any series.
func (a *Assembler) Append(s *prom.Series, batch []prom.Sample) error {
	for i := range batch {
		x := &batch[i]
		e, err := a.stateAt(s, x.T)
		if err != nil {
			return err
		}
		switch {
		case x.Exemplar != nil:
			a.exemplar(e, *x.Exemplar)
		case x.Histogram != nil:
			a.histogram(e, x.Histogram)
		default:
			a.number(e, x.V)
		}
	}
	return nil
}

// number adds a number; a StaleNaN ends the series.
func (a *Assembler) number(e *seriesState, v float64) {
	stale := prom.IsStale(v)
	if stale && !e.live {
		a.opts.Report.Add(prom.LossEnd, e.prom.Name) // an archive has no instance without a value
	}
	e.live = !stale
	switch {
	case e.source == nil:
		for _, share := range e.native {
			a.natives.Set(share, v, stale)
		}
	case stale:
		for i := range e.forms {
			e.end(form(i))
		}
	default:
		if mapped := a.mappedSeries(e, formNumber); mapped != nil {
			e.source.mapped.Set(mapped, v)
		}
	}
}

// histogram adds a native histogram. Native PCP metrics cannot hold histograms; it
// counts theirs.
func (a *Assembler) histogram(e *seriesState, data []byte) {
	if e.source == nil {
		a.opts.Report.Add(prom.LossNativeHist, e.prom.Name)
		return
	}
	e.live = true
	if mapped := a.mappedSeries(e, formHistogram); mapped != nil {
		e.source.mapped.SetHistogram(mapped, bytes.Clone(data))
	}
}

// exemplar adds an exemplar of the series' last sample. Native PCP metrics cannot
// hold exemplars; it counts theirs.
func (a *Assembler) exemplar(e *seriesState, x prom.Exemplar) {
	for i := range e.forms {
		if mapped := e.forms[i].mapped; mapped != nil && mapped.Live() {
			e.source.mapped.SetExemplar(mapped, x)
			return
		}
	}
	a.opts.Report.Add(prom.LossExemplar, e.prom.Name)
}

// stateAt returns the state of a series in the step of time t, which it opens if
// necessary.
func (a *Assembler) stateAt(s *prom.Series, t int64) (*seriesState, error) {
	if !a.any || t != a.t {
		if err := a.nextStep(s, t); err != nil {
			return nil, err
		}
	}
	e, err := a.entry(s)
	if err != nil {
		return nil, err
	}
	if e.pcpMetric != s.PCPMetric || e.pcpSeries != s.PCPSeries {
		if err := a.findPlaces(e); err != nil {
			return nil, err
		}
	}
	if e.source != nil {
		a.begin(e.source)
		if e.family != s.Family {
			e.redescribe()
		}
	}
	return e, nil
}

// begin adds a source to the open step.
func (a *Assembler) begin(src *source) {
	if !src.begun {
		src.begun = true
		src.mapped.Begin(pcp.TimestampMilli(a.t))
		a.touched = append(a.touched, src)
	}
}

// nextStep puts the open step into the sink and opens the step of time t. The
// error wraps [archive.ErrOrder] if t is before the open step; s is the series to
// name in it.
func (a *Assembler) nextStep(s *prom.Series, t int64) error {
	if a.any && t < a.t {
		return fmt.Errorf("%s at %s: %w %s", s.Name, pcp.TimestampMilli(t), archive.ErrOrder, pcp.TimestampMilli(a.t))
	}
	if err := a.putStep(context.Background()); err != nil {
		return err
	}
	a.t, a.any = t, true
	a.natives.Begin(pcp.TimestampMilli(t))
	return nil
}

// putStep puts the open step into the sink, as several records if the labels that
// native metrics share changed within it.
func (a *Assembler) putStep(ctx context.Context) error {
	a.step.Stamp, a.step.Metrics = pcp.TimestampMilli(a.t), a.natives.AppendTo(a.step.Metrics[:0])
	for _, src := range a.touched {
		if err := ctx.Err(); err != nil { // the instances of a source can be many
			return err
		}
		a.step.Metrics = append(a.step.Metrics, src.mapped.Step().Metrics...)
		src.begun = false
	}
	a.touched = a.touched[:0]
	if err := ctx.Err(); err != nil {
		return err
	}
	for len(a.step.Metrics) > 0 {
		if err := a.dst.Put(&a.step); err != nil {
			return err
		}
		a.step.Metrics = a.step.Metrics[:0]
		if a.natives.Pending() {
			a.step.Stamp = a.step.Stamp.Add(time.Microsecond)
			a.step.Metrics = a.natives.AppendRecord(a.step.Metrics)
		}
	}
	return nil
}

// Flush puts the last step into the sink. The sink has no Flush of its own.
func (a *Assembler) Flush(ctx context.Context) error {
	if !a.any || a.flushed {
		return nil
	}
	a.flushed = true
	return a.putStep(ctx)
}

// Close closes the sink of steps. A second call does nothing.
func (a *Assembler) Close() error {
	if a.closed {
		return nil
	}
	a.closed = true
	return a.dst.Close()
}
