package flatten

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
)

// infoSuffix ends the names of the samples of info families.
const infoSuffix = "_info"

// textLabel is the label that holds the text of a metric.
const textLabel = "value"

// resolveText returns the series of a text. The series of the text before ends
// by itself, as its instance has another one now.
func (f *Flattener) resolveText(m *metricState, point *history.Point, in *meta.InDom) *liveSeries {
	text := point.Value.Text()
	at, ok := m.texts[point.Series]
	if ok && at.text == text {
		return at.prom
	}
	if !utf8.ValidString(text) {
		f.opts.Report.Add(prom.LossText, m.metric.Name)
	}
	labels, err := f.labels(m, point.Series, in)
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

// textSeries is the series of the text that an instance has.
type textSeries struct {
	text string
	prom *liveSeries
}

// sharedNames are the names that several instances of a domain have.
type sharedNames struct {
	in    *meta.InDom
	names map[string]bool
}

// sharesName reports whether an instance cannot be told from another one by its
// name.
func (f *Flattener) sharesName(in *meta.InDom, inst meta.Instance) bool {
	if inst.Name == "" {
		return true
	}
	if in == nil {
		return false
	}
	return f.sharedBy(in)[promText(inst.Name)]
}

// promText returns text as a label has it.
func promText(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// sharedBy returns the names that several instances of a domain have as labels.
func (f *Flattener) sharedBy(in *meta.InDom) map[string]bool {
	known, ok := f.shared[in.ID]
	if !ok || known.in != in {
		known = sharedNames{in, map[string]bool{}}
		first := make(map[string]int, len(in.Instances))
		for i, other := range in.Instances {
			name := promText(other.Name)
			if j, twice := first[name]; !twice {
				first[name] = i
			} else if in.Instances[j].ID != other.ID {
				known.names[name] = true
			}
		}
		f.shared[in.ID] = known
	}
	return known.names
}
