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

// AssemblerOptions change what an Assembler makes of samples.
type Options struct {
	Natives native.Resolver // may be nil
	Report  *prom.Report    // may be nil
}

// Assembler is the [prom.SampleSink] that makes steps of samples: the way back from a
// [flatten.Flattener]. Samples come by ascending time; those of one millisecond are one
// step. Each pair of the labels job and instance is a source of its own.
type Assembler struct {
	opts    Options
	mapper  *mapper.Mapper
	dst     history.Sink
	series  []*seriesState // by PromSeries.ID
	sources map[[2]string]*source
	natives *native.Gatherer

	t       int64 // of the step that is gathered
	any     bool  // there is one
	touched []*source
	step    history.Step
	flushed bool
	closed  bool
}

// assembledSource is one target.
type source struct {
	mapped *mapper.Source
	tick   bool // it takes part in the step that is gathered
}

// assembled is what is known of a series.
type seriesState struct {
	prom   *prom.Series
	family *prom.Family
	target [2]string
	own    []prom.Label
	source *source // nil: native
	native []native.Share
	// what the places were found by
	origin *history.Metric
	member *history.Series
	live   bool // it has a value and did not end
	// forms are its metrics by what its values are; they take turns.
	forms [2]struct {
		mapped *mapper.Series
		unfit  bool // cannot be recorded; counted
	}
}

// form is what the values of a series are.
type form int

const (
	formNumber form = iota
	formHistogram
)

// NewAssembler returns a SampleSink that puts steps into dst, which it owns, with
// the names and numbers of m.
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

// Append adds samples of one series to the step of their time. The error wraps
// [archive.ErrOrder] if a sample is older than the one before.
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
		a.opts.Report.Add(prom.LossEnd, e.prom.Name) // no instance joins without a value
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

// histogram adds a native histogram. Native PCP metrics have no place for any:
// those are counted.
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

// exemplar adds an exemplar of the series' last sample. Native PCP metrics have
// no place for any: those are counted.
func (a *Assembler) exemplar(e *seriesState, x prom.Exemplar) {
	for i := range e.forms {
		if mapped := e.forms[i].mapped; mapped != nil && mapped.Live() {
			e.source.mapped.SetExemplar(mapped, x)
			return
		}
	}
	a.opts.Report.Add(prom.LossExemplar, e.prom.Name)
}

// at returns what is known of a series, having begun the step of t.
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
	if e.origin != s.PCPMetric || e.member != s.PCPSeries {
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

// begin has a source take part in the step.
func (a *Assembler) begin(src *source) {
	if !src.tick {
		src.tick = true
		src.mapped.Begin(pcp.TimestampMilli(a.t))
		a.touched = append(a.touched, src)
	}
}

// turn puts the step that is gathered and begins the next.
func (a *Assembler) nextStep(s *prom.Series, t int64) error {
	if a.any && t < a.t {
		return fmt.Errorf("%s at %s: %w %s", s.Name, pcp.TimestampMilli(t), archive.ErrOrder, pcp.TimestampMilli(a.t))
	}
	if err := a.putStep(); err != nil {
		return err
	}
	a.t, a.any = t, true
	a.natives.Begin(pcp.TimestampMilli(t))
	return nil
}

// putStep puts the step that is gathered.
func (a *Assembler) putStep() error {
	a.step.Stamp, a.step.Metrics = pcp.TimestampMilli(a.t), a.natives.AppendTo(a.step.Metrics[:0])
	for _, src := range a.touched {
		a.step.Metrics = append(a.step.Metrics, src.mapped.Step().Metrics...)
		src.tick = false
	}
	a.touched = a.touched[:0]
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

// Flush puts the last step.
func (a *Assembler) Flush(context.Context) error {
	if !a.any || a.flushed {
		return nil
	}
	a.flushed = true
	return a.putStep()
}

// Close closes the sink of steps, once.
func (a *Assembler) Close() error {
	if a.closed {
		return nil
	}
	a.closed = true
	return a.dst.Close()
}
