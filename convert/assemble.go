package convert

import (
	"bytes"
	"cmp"
	"fmt"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// AssemblerOptions change what an Assembler makes of samples.
type AssemblerOptions struct {
	Natives Natives // may be nil
	Report  *Report // may be nil
}

// Assembler is the [Samples] that makes steps of samples: the way back from a
// [Flattener]. Samples come by ascending time; those of one millisecond are one
// step. Each pair of the labels job and instance is a source of its own.
type Assembler struct {
	opts    AssemblerOptions
	mapper  *Mapper
	dst     Sink
	series  []*assembled // by PromSeries.ID
	sources map[[2]string]*assembledSource
	natives *nativeStep

	t       int64 // of the step that is gathered
	any     bool  // there is one
	touched []*assembledSource
	step    archive.Step
}

// assembledSource is one target.
type assembledSource struct {
	mapped *MappedSource
	tick   bool // it takes part in the step that is gathered
}

// assembled is what is known of a series.
type assembled struct {
	prom   *PromSeries
	family *Family
	target [2]string
	own    []Label
	source *assembledSource // nil: native
	native []nativeShare
	// what the places were found by
	origin *archive.Metric
	member *archive.Series
	live   bool // it has a value and did not end
	// forms are its metrics by what its values are; they take turns.
	forms [2]struct {
		mapped *MappedSeries
		unfit  bool // cannot be recorded; counted
	}
}

// form is what the values of a series are.
type form int

const (
	formNumber form = iota
	formHistogram
)

// NewAssembler returns a Samples that puts steps into dst, which it owns, with
// the names and numbers of m.
func NewAssembler(dst Sink, m *Mapper, o AssemblerOptions) *Assembler {
	if natives, ok := o.Natives.(ClaimingNatives); ok {
		for d := range natives.Claims() {
			m.claim(d)
		}
	}
	return &Assembler{
		opts: o, mapper: m, dst: dst, sources: map[[2]string]*assembledSource{},
		natives: newNativeStep(m, o.Report),
	}
}

// Sample adds a sample; a StaleNaN ends its series. The error wraps
// [archive.ErrOrder] if it is older than the one before.
func (a *Assembler) Sample(s *PromSeries, t int64, v float64) error {
	e, err := a.at(s, t)
	if err != nil {
		return err
	}
	stale := IsStale(v)
	if stale && !e.live {
		a.opts.Report.Add(LossEnd, s.Name) // no instance joins without a value
	}
	e.live = !stale
	switch {
	case e.source == nil:
		for _, share := range e.native {
			a.natives.set(share, v, stale)
		}
	case stale:
		for i := range e.forms {
			e.end(form(i))
		}
	default:
		if mapped := a.place(e, formNumber); mapped != nil {
			e.source.mapped.Set(mapped, v)
		}
	}
	return nil
}

// Histogram adds a native histogram, as Sample adds a number.
func (a *Assembler) Histogram(s *PromSeries, t int64, data []byte) error {
	e, err := a.at(s, t)
	switch {
	case err != nil:
		return err
	case e.source == nil:
		a.opts.Report.Add(LossNativeHist, s.Name)
	default:
		e.live = true
		if mapped := a.place(e, formHistogram); mapped != nil {
			e.source.mapped.SetHistogram(mapped, bytes.Clone(data))
		}
	}
	return nil
}

// Exemplar adds an exemplar of the series' last sample. Native PCP metrics have no
// place for any: those are counted.
func (a *Assembler) Exemplar(s *PromSeries, t int64, x Exemplar) error {
	e, err := a.at(s, t)
	if err != nil {
		return err
	}
	for i := range e.forms {
		if mapped := e.forms[i].mapped; mapped != nil && mapped.Live() {
			e.source.mapped.SetExemplar(mapped, x)
			return nil
		}
	}
	a.opts.Report.Add(LossExemplar, s.Name)
	return nil
}

// at returns what is known of a series, having begun the step of t.
func (a *Assembler) at(s *PromSeries, t int64) (*assembled, error) {
	if !a.any || t != a.t {
		if err := a.turn(s, t); err != nil {
			return nil, err
		}
	}
	e, err := a.entry(s)
	if err != nil {
		return nil, err
	}
	if e.origin != s.Origin || e.member != s.Member {
		if err := a.find(e); err != nil {
			return nil, err
		}
	}
	if e.source != nil {
		a.begin(e.source)
		if e.family != s.Family {
			e.described()
		}
	}
	return e, nil
}

// begin has a source take part in the step.
func (a *Assembler) begin(src *assembledSource) {
	if !src.tick {
		src.tick = true
		src.mapped.Begin(pcp.TimestampMilli(a.t))
		a.touched = append(a.touched, src)
	}
}

// turn puts the step that is gathered and begins the next.
func (a *Assembler) turn(s *PromSeries, t int64) error {
	if a.any && t < a.t {
		return fmt.Errorf("%s at %s: %w %s", s.Name, pcp.TimestampMilli(t), archive.ErrOrder, pcp.TimestampMilli(a.t))
	}
	if err := a.flush(); err != nil {
		return err
	}
	a.t, a.any = t, true
	a.natives.begin(pcp.TimestampMilli(t))
	return nil
}

// flush puts the step that is gathered.
func (a *Assembler) flush() error {
	a.step.Stamp, a.step.Metrics = pcp.TimestampMilli(a.t), a.natives.appendTo(a.step.Metrics[:0])
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
		if a.natives.pending() {
			a.step.Stamp = a.step.Stamp.Add(time.Microsecond)
			a.step.Metrics = a.natives.appendRecord(a.step.Metrics)
		}
	}
	return nil
}

// Close puts the last step and closes the sink.
func (a *Assembler) Close() error {
	var err error
	if a.any {
		err = a.flush()
	}
	return cmp.Or(err, a.dst.Close())
}
