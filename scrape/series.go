package scrape

import (
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
	"strings"
)

// series is where the samples of a series go: a metric of its source or native
// ones.
type series struct {
	mapped *mapper.Series
	native *native.Series
}

func (s series) forgotten() bool {
	if s.native != nil {
		return s.native.Forgotten()
	}
	return s.mapped.Forgotten()
}

func (s series) name() string {
	if s.native != nil {
		return s.native.Name()
	}
	return s.mapped.Name()
}

// takes reports whether the series may have a native histogram, or a number, of a
// family as the page describes it.
func (s series) takes(histogram bool, f *prom.Family) bool {
	return s.native != nil || s.mapped.Histogram() == histogram && s.mapped.Describes(f)
}

// revive has a series that was forgotten after its sample came take the sample
// all the same. It fails if another native series has the place.
func (src *source) revive(s *series) bool {
	if s.native != nil {
		return src.rec.natives.Current(s.native)
	}
	s.mapped = src.mapped.Current(s.mapped)
	return true
}

// has reports whether a series has a value in the current step.
func (src *source) has(s series) bool {
	if s.native != nil {
		return src.rec.natives.Has(s.native)
	}
	return src.mapped.Has(s.mapped)
}

// end ends a series in the current step.
func (src *source) end(s series) {
	if s.native != nil {
		src.rec.natives.End(s.native)
		return
	}
	src.mapped.End(s.mapped)
}

// endAll ends every series.
func (src *source) endAll() {
	src.mapped.EndAll()
	for _, native := range src.natives {
		src.rec.natives.End(native)
	}
}

// set gives a sample to the current step, or counts it if the series has no place
// for it. Native metrics have none for what is no number.
func (src *source) set(sm *sample) bool {
	m, native := sm.series.mapped, sm.series.native
	switch {
	case native != nil && sm.histogram != nil:
		src.rec.report.Add(prom.LossNativeHist, native.Name())
		return false
	case native != nil:
		src.rec.natives.Set(native, sm.v)
		for range sm.exemplars {
			src.rec.report.Add(prom.LossExemplar, native.Name())
		}
		return true
	case sm.histogram != nil:
		src.mapped.SetHistogram(m, sm.histogram)
	default:
		src.mapped.Set(m, sm.v)
	}
	for _, e := range sm.exemplars {
		src.mapped.SetExemplar(m, e)
	}
	return true
}

// native returns the native metrics' series, nil if a series is none of theirs.
func (src *source) native(name string, own []prom.Label, f prom.Family) *native.Series {
	var key strings.Builder
	key.WriteString(name)
	for _, l := range own {
		key.WriteString("\xff" + l.Name + "\xff" + l.Value)
	}
	if known := src.natives[key.String()]; known != nil && !known.Forgotten() {
		return known
	}
	prom := &prom.Series{Name: name, Labels: own, Family: &f}
	native := src.rec.natives.Series(prom, src.labels.Get("job"), src.labels.Get("instance"))
	if native != nil {
		src.natives[key.String()] = native
	}
	return native
}
