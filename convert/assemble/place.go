package assemble

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
)

// entry finds or makes the state of a series.
func (a *Assembler) entry(s *prom.Series) (*seriesState, error) {
	for s.ID >= len(a.series) {
		a.series = append(a.series, nil)
	}
	e := a.series[s.ID]
	if e == nil {
		var err error
		if e, err = a.newState(s); err != nil {
			return nil, err
		}
		a.series[s.ID] = e
	}
	return e, nil
}

// newState makes the state of a series.
func (a *Assembler) newState(s *prom.Series) (*seriesState, error) {
	e := &seriesState{prom: s, family: s.Family}
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
	return e, a.findPlaces(e)
}

// findPlaces decides where the values of a series go: to native metrics or to a
// source. It runs again when the series has another PCP origin, and then ends the
// places that the series no longer has.
func (a *Assembler) findPlaces(e *seriesState) error {
	e.pcpMetric, e.pcpSeries = e.prom.PCPMetric, e.prom.PCPSeries
	earlier := e.native
	if a.opts.Natives != nil {
		e.native = a.natives.Shares(a.opts.Natives.Places(e.prom), e.target)
	}
	for _, share := range earlier {
		if !slices.ContainsFunc(e.native, share.SameSlot) {
			a.natives.Set(share, 0, true)
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
		if src, err = a.addSource(e.target[0], e.target[1]); err != nil {
			return err
		}
		a.sources[e.target] = src
	}
	e.source = src
	return nil
}

// mappedSeries returns the series of the source that gets the values of one form,
// nil if they cannot be recorded. It ends the series' other form.
func (a *Assembler) mappedSeries(e *seriesState, f form) *mapper.Series {
	at := &e.forms[f]
	if at.mapped == nil && !at.unfit || at.mapped != nil && at.mapped.Forgotten() {
		var family prom.Family
		if e.prom.Family != nil {
			family = *e.prom.Family
		}
		resolve := e.source.mapped.Series
		if f == formHistogram {
			resolve = e.source.mapped.HistogramSeries
		}
		var err error
		at.mapped, err = resolve(e.prom.Name, e.own, family)
		at.unfit = err != nil // the source has counted it
	}
	if at.mapped != nil {
		e.end(1 - f)
	}
	return at.mapped
}

// end ends one form of a series.
func (e *seriesState) end(f form) {
	if mapped := e.forms[f].mapped; mapped != nil {
		e.source.mapped.End(mapped)
	}
}

// redescribe takes a new description of a series' family. A family of another name
// or type makes the series part of another metric.
func (e *seriesState) redescribe() {
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

// addSource adds the source of a target. Its name is the job, the job and the host
// if the job has several instances, then the job and the whole instance, and then
// this with a number.
func (a *Assembler) addSource(job, instance string) (*source, error) {
	names := []string{naming.SourceName(cmp.Or(job, mapper.HostOnly(instance), "import"))}
	if instance != "" {
		names = append(names, naming.SourceName(cmp.Or(job, "import")+"_"+mapper.HostOnly(instance)), naming.SourceName(cmp.Or(job, "import")+"_"+instance))
	}
	for n := 0; ; n++ {
		name := names[min(n, len(names)-1)]
		if n >= len(names) {
			name = fmt.Sprintf("%s_%d", name, n-len(names)+2)
		}
		if name == "control" || a.mapper.HasSource(name) {
			continue
		}
		mapped, err := a.mapper.Source(mapper.Target{Name: name, Job: job, Instance: instance, Host: instance})
		if err != nil {
			return nil, err
		}
		return &source{mapped: mapped}, nil
	}
}
