package scrape

import (
	"strings"

	"github.com/pcparchive/pcparchive/convert"
)

// series is where the samples of a series go: a metric of its source or native
// ones.
type series struct {
	mapped *convert.MappedSeries
	native *convert.NativeSeries
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

// takes reports whether the series may have a native histogram, or a number.
func (s series) takes(histogram bool) bool {
	return s.native != nil || s.mapped.Histogram() == histogram
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

// set gives a sample to the current step. Native metrics have no place for what
// is no number.
func (src *source) set(sm *sample) {
	m, native := sm.series.mapped, sm.series.native
	switch {
	case native != nil && sm.histogram != nil:
		src.rec.report.Add(convert.LossNativeHist, native.Name())
	case native != nil:
		src.rec.natives.Set(native, sm.v)
	case sm.histogram != nil:
		src.mapped.SetHistogram(m, sm.histogram)
	default:
		src.mapped.Set(m, sm.v)
	}
	for _, e := range sm.exemplars {
		if native != nil {
			src.rec.report.Add(convert.LossExemplar, native.Name())
			continue
		}
		src.mapped.SetExemplar(m, e)
	}
}

// native returns the native metrics' series, nil if a series is none of theirs.
func (src *source) native(name string, own []convert.Label, f convert.Family) *convert.NativeSeries {
	var key strings.Builder
	key.WriteString(name)
	for _, l := range own {
		key.WriteString("\xff" + l.Name + "\xff" + l.Value)
	}
	if known := src.natives[key.String()]; known != nil && !known.Forgotten() {
		return known
	}
	prom := &convert.PromSeries{Name: name, Labels: own, Family: &f}
	native := src.rec.natives.Series(prom, src.labels.Get("job"), src.labels.Get("instance"))
	if native != nil {
		src.natives[key.String()] = native
	}
	return native
}
