package redact

import (
	"encoding/json"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
)

func (e *editor) labels(rec *meta.Labels) (archive.Record, error) {
	out := *rec
	out.Sets = make([]labelset.Instance, len(rec.Sets))
	for i, in := range rec.Sets {
		set, err := e.labelSet(rec.Level, in)
		if err != nil {
			return nil, err
		}
		in.Set = set
		out.Sets[i] = in
	}
	return &out, nil
}

// labelSet returns a set with its values replaced. It makes a new set only if a value
// changes, because the text of the old one may have a form of its own. Of a set that does
// not parse only the readable labels stay.
func (e *editor) labelSet(level labelset.Level, in labelset.Instance) (labelset.Set, error) {
	if in.Set.Len() == 0 {
		return labelset.Set{}, nil
	}
	changed := in.Set.Invalid() != nil
	labels := make([]labelset.Label, 0, in.Set.Len())
	for l := range in.Set.All() {
		if e.fixed != nil {
			e.fixed[l.Name] = true
		}
		if value := e.labelValue(l); value != l.Value {
			l.Value = value
			changed = true
		}
		labels = append(labels, l)
	}
	if !changed {
		return in.Set, nil
	}
	set, err := labelset.New(level, labels...)
	if err != nil && in.Set.Invalid() != nil {
		return labelset.Set{}, nil
	}
	return set, err
}

// labelValue returns the JSON of a label's value with its texts replaced.
func (e *editor) labelValue(l labelset.Label) string {
	as := e.plan.label(l.Name)
	switch {
	case strings.HasPrefix(l.Value, `"`):
		text := l.Text()
		if changed := e.text(as, text); changed != text {
			return labelset.String(l.Name, changed).Value
		}
		return l.Value
	case strings.HasPrefix(l.Value, "[") || strings.HasPrefix(l.Value, "{"):
		return e.nested(l)
	case as.kind == kindLocation:
		e.text(as, l.Value)
		return e.number(l.Value)
	}
	return l.Value
}

// nested returns the JSON of a list or of an object with its texts replaced. Names inside
// count as names of labels.
func (e *editor) nested(l labelset.Label) string {
	d := json.NewDecoder(strings.NewReader(l.Value))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return e.text(role{kind: KindNone}, l.Value)
	}
	changed := false
	value = e.inside(l.Name, value, &changed)
	if !changed {
		return l.Value
	}
	var b strings.Builder
	w := json.NewEncoder(&b)
	w.SetEscapeHTML(false)
	if err := w.Encode(value); err != nil { // impossible: it was decoded
		return "null"
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// inside returns a part of a label's value with its texts replaced. name is the next name
// around it.
func (e *editor) inside(name string, value any, changed *bool) any {
	switch v := value.(type) {
	case string:
		text := e.text(e.plan.label(name), v)
		*changed = *changed || text != v
		return text
	case json.Number:
		text := e.labelValue(labelset.Label{Name: name, Value: v.String()})
		*changed = *changed || text != v.String()
		return json.Number(text)
	case []any:
		for i := range v {
			v[i] = e.inside(name, v[i], changed)
		}
	case map[string]any:
		for key := range v {
			v[key] = e.inside(key, v[key], changed)
		}
	}
	return value
}

// kindLocation is the only kind of which numbers are replaced, in labels.
const kindLocation Kind = "location"

// number returns the number that takes the place of a coordinate: 0, unless only a reading
// pass asks.
func (e *editor) number(value string) string {
	if e.unique == nil {
		return value
	}
	return "0"
}
