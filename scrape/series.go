package scrape

import (
	"strings"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
)

// pageSeries is a series of a page. It records its samples as a metric of its source
// (mappedSeries) or as PCP's own metrics (nativeSeries). The Recorder's lock guards the
// methods that take a source.
type pageSeries interface {
	Name() string
	// Forgotten reports whether the series ended so long ago that it must be resolved
	// again.
	Forgotten() bool
	// takes reports whether the series may have a native histogram, or a number, of a
	// family as the page describes it.
	takes(histogram bool, f *prom.Family) bool
	// takesOwnTimes reports whether samples may have times other than their scrape's.
	takesOwnTimes() bool
	// changesHelp reports whether the series records a help text that differs from
	// the one it has.
	changesHelp(help string) bool
	// describe changes the help text.
	describe(src *source, help string)
	// revived returns the series for a sample that came before the series was forgotten.
	// It returns false if another series has taken its place.
	revived(src *source) (pageSeries, bool)
	// has reports whether the series has a value in the current step.
	has(src *source) bool
	// set adds a sample to the current step. If the series cannot hold the sample, set
	// counts the loss and returns false.
	set(src *source, sm *pageSample) bool
	// end ends the series in the current step.
	end(src *source)
}

// mappedSeries is a series of a metric of its source.
type mappedSeries struct{ *mapper.Series }

func (s mappedSeries) takes(histogram bool, f *prom.Family) bool {
	return s.Histogram() == histogram && s.Describes(f)
}

func (s mappedSeries) takesOwnTimes() bool { return true }

func (s mappedSeries) changesHelp(help string) bool { return help != "" && help != s.Family().Help }

func (s mappedSeries) describe(src *source, help string) { src.mapped.Describe(s.Series, help) }

func (s mappedSeries) revived(src *source) (pageSeries, bool) {
	return mappedSeries{src.mapped.Current(s.Series)}, true
}

func (s mappedSeries) has(src *source) bool { return src.mapped.Has(s.Series) }

func (s mappedSeries) end(src *source) { src.mapped.End(s.Series) }

func (s mappedSeries) set(src *source, sm *pageSample) bool {
	if h := sm.histogram(); h != nil {
		src.mapped.SetHistogram(s.Series, h)
	} else {
		src.mapped.Set(s.Series, sm.v)
	}
	for _, e := range sm.exemplars() {
		src.mapped.SetExemplar(s.Series, e)
	}
	return true
}

// nativeSeries is a series of PCP's own metrics, which hold numbers only. Their
// instances share one time, and their help is PCP's.
type nativeSeries struct{ *native.Series }

func (nativeSeries) takes(bool, *prom.Family) bool { return true }

func (nativeSeries) takesOwnTimes() bool { return false }

func (nativeSeries) changesHelp(string) bool { return false }

func (nativeSeries) describe(*source, string) {}

func (s nativeSeries) revived(src *source) (pageSeries, bool) {
	return s, src.rec.natives.Current(s.Series)
}

func (s nativeSeries) has(src *source) bool { return src.rec.natives.Has(s.Series) }

func (s nativeSeries) end(src *source) { src.rec.natives.End(s.Series) }

func (s nativeSeries) set(src *source, sm *pageSample) bool {
	if sm.histogram() != nil {
		src.rec.report.Add(prom.LossNativeHist, s.Name())
		return false
	}
	src.rec.natives.Set(s.Series, sm.v)
	for range sm.exemplars() {
		src.rec.report.Add(prom.LossExemplar, s.Name())
	}
	return true
}

// endAll ends every series.
func (src *source) endAll() {
	src.mapped.EndAll()
	for _, native := range src.natives {
		src.rec.natives.End(native)
	}
}

// native returns the series of PCP's own metrics that stands for a series of the page, or
// nil if there is none.
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
