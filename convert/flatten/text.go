package flatten

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
)

// infoSuffix is the end of the names of samples in info families.
const infoSuffix = "_info"

// textLabel is the label that has the text of a text metric.
const textLabel = "value"

// resolveText returns the series of a text. findEnded ends the series of the
// previous text, because its instance has another series now.
func (f *Flattener) resolveText(m *metricState, point *history.Point, in *meta.InDom) *liveSeries {
	text := point.Value.Text()
	at, ok := m.texts[point.Series]
	if ok && at.text == text {
		f.setOrigin(m, at.prom, point.Series)
		return at.prom
	}
	if !utf8.ValidString(text) {
		f.opts.Report.Add(prom.LossText, m.metric.Name)
	}
	labels, err := f.labels(&m.naming, point.Series, f.sharesName(in, point.Series.Inst))
	if err != nil {
		f.opts.Report.Add(prom.LossInvalidLabel, m.metric.Name)
		return nil
	}
	name := textLabel
	for slices.ContainsFunc(labels, func(l prom.Label) bool { return l.Name == name }) {
		name += "_2"
	}
	prom := f.intern(m, point.Series, normalizeLabels(append(labels, prom.Label{Name: name, Value: text})))
	if prom != nil {
		prom.TextLabel = name
	}
	m.texts[point.Series] = textSeries{text, prom}
	return prom
}

// textSeries is the present text of an instance and its series.
type textSeries struct {
	text string
	prom *liveSeries
}

// sharedNames are the names that several instances of a domain share.
type sharedNames struct {
	in    *meta.InDom
	names map[string]bool
}

// sharesName reports whether another instance of the domain has the name of an instance.
func (f *Flattener) sharesName(in *meta.InDom, inst meta.Instance) bool {
	if in == nil || inst.Name == "" {
		return false
	}
	return f.sharedBy(in)[PromText(inst.Name)]
}

// PromText returns text as a label holds it: U+FFFD replaces invalid UTF-8.
func PromText(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// sharedBy returns the names that several instances of a domain share once invalid
// UTF-8 is replaced.
func (f *Flattener) sharedBy(in *meta.InDom) map[string]bool {
	known, ok := f.twins[in.ID]
	if !ok || known.in != in {
		known = sharedNames{in, TwinNames(in)}
		f.twins[in.ID] = known
	}
	return known.names
}

// TwinNames returns the names that several instances of a domain share once invalid UTF-8 is
// replaced.
func TwinNames(in *meta.InDom) map[string]bool {
	var twins map[string]bool
	first := make(map[string]int, len(in.Instances))
	for i, other := range in.Instances {
		name := PromText(other.Name)
		if j, twice := first[name]; !twice {
			first[name] = i
		} else if in.Instances[j].ID != other.ID {
			if twins == nil {
				twins = map[string]bool{}
			}
			twins[name] = true
		}
	}
	return twins
}
