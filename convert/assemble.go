package convert

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
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
		if mapped := e.forms[i].mapped; mapped != nil && mapped.live {
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
		if len(a.natives.waiting) > 0 {
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

// entry returns what is known of a series.
func (a *Assembler) entry(s *PromSeries) (*assembled, error) {
	for s.ID >= len(a.series) {
		a.series = append(a.series, nil)
	}
	e := a.series[s.ID]
	if e == nil {
		var err error
		if e, err = a.admit(s); err != nil {
			return nil, err
		}
		a.series[s.ID] = e
	}
	return e, nil
}

// admit meets a series for the first time.
func (a *Assembler) admit(s *PromSeries) (*assembled, error) {
	e := &assembled{prom: s, family: s.Family}
	for _, l := range s.Labels {
		switch l.Name {
		case "job":
			e.target[0] = l.Value
		case "instance":
			e.target[1] = l.Value
		default:
			e.own = append(e.own, l)
		}
	}
	return e, a.find(e)
}

// find finds where the values of a series go: to native metrics or to a source.
func (a *Assembler) find(e *assembled) error {
	e.origin, e.member = e.prom.Origin, e.prom.Member
	was := e.native
	if a.opts.Natives != nil {
		e.native = a.natives.shares(a.opts.Natives.Places(e.prom), e.target)
	}
	for _, share := range was {
		if !slices.ContainsFunc(e.native, func(s nativeShare) bool { return s.slot == share.slot }) {
			a.natives.set(share, 0, true)
		}
	}
	if len(e.native) > 0 {
		if e.source != nil {
			a.begin(e.source)
			for i := range e.forms {
				e.end(form(i))
				e.forms[i].mapped = nil
			}
			e.source = nil
		}
		return nil
	}
	src, ok := a.sources[e.target]
	if !ok {
		var err error
		if src, err = a.source(e.target[0], e.target[1]); err != nil {
			return err
		}
		a.sources[e.target] = src
	}
	e.source = src
	return nil
}

// place returns the place of a series among the mapper's, nil if it has none.
// It ends the series' other form.
func (a *Assembler) place(e *assembled, f form) *MappedSeries {
	at := &e.forms[f]
	if at.mapped == nil && !at.unfit || at.mapped != nil && at.mapped.Forgotten() {
		var family Family
		if e.prom.Family != nil {
			family = *e.prom.Family
		}
		resolve := e.source.mapped.Series
		if f == formHistogram {
			resolve = e.source.mapped.HistogramSeries
		}
		var err error
		at.mapped, err = resolve(e.prom.Name, e.own, family)
		at.unfit = err != nil // and counted
	}
	if at.mapped != nil {
		e.end(1 - f)
	}
	return at.mapped
}

// end ends one form of a series.
func (e *assembled) end(f form) {
	if mapped := e.forms[f].mapped; mapped != nil {
		e.source.mapped.End(mapped)
	}
}

// described takes a new description of a series' family. One of another name or
// type is that of another metric.
func (e *assembled) described() {
	before, now := e.family, e.prom.Family
	e.family = now
	same := before != nil && now != nil && before.Name == now.Name && before.Type == now.Type
	for i := range e.forms {
		mapped := e.forms[i].mapped
		switch {
		case mapped != nil && same:
			e.source.mapped.Describe(mapped, now.Help)
		case !same:
			e.end(form(i))
			e.forms[i].mapped, e.forms[i].unfit = nil, false
		}
	}
}

// source adds a target under a name that is free: its job's, its instance's
// after it where there are more of that job, and then with a number.
func (a *Assembler) source(job, instance string) (*assembledSource, error) {
	names := []string{SourceName(cmp.Or(job, HostOnly(instance), "import"))}
	if instance != "" {
		names = append(names, SourceName(cmp.Or(job, "import")+"_"+HostOnly(instance)), SourceName(cmp.Or(job, "import")+"_"+instance))
	}
	for n := 0; ; n++ {
		name := names[min(n, len(names)-1)]
		if n >= len(names) {
			name = fmt.Sprintf("%s_%d", name, n-len(names)+2)
		}
		if name == "control" || a.mapper.sources[name] {
			continue
		}
		mapped, err := a.mapper.Source(Target{Name: name, Job: job, Instance: instance, Host: instance})
		if err != nil {
			return nil, err
		}
		return &assembledSource{mapped: mapped}, nil
	}
}
