package redact

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// changer takes the texts of records, and returns what takes their place. Passes that only
// read return the texts.
type changer interface {
	text(as role, text string) string
	// bytes does the same as text. It must not change b.
	bytes(as role, b []byte) []byte
	// binary takes bytes that are no text. The length must stay.
	binary(b []byte) []byte
}

// editor hands all texts of an archive's records to a changer. It is a [rewrite.Editor].
type editor struct {
	changer
	plan   *plan
	out    [1]archive.Record
	values []history.Value                             // memory for changed values
	names  map[pcp.InDomID]map[string]string           // originals of instance names, by their new names
	fixed  map[string]bool                             // receives the names of labels; may be nil
	unique func(original, name string, try int) string // makes another name; nil in passes that only read
}

// Header implements [rewrite.Editor].
func (e *editor) Header(h *archive.Header) { h.Host = e.text(e.plan.host, h.Host) }

// First implements [rewrite.Editor].
func (e *editor) First() []archive.Record { return nil }

// Meta implements [rewrite.Editor].
func (e *editor) Meta(r archive.Record) ([]archive.Record, error) {
	changed, err := e.record(r)
	e.out[0] = changed
	return e.out[:], err
}

// record returns a metadata record with its texts replaced.
func (e *editor) record(r archive.Record) (archive.Record, error) {
	switch rec := r.(type) {
	case *meta.InDom:
		out := *rec
		out.Instances = make([]meta.Instance, len(rec.Instances))
		for i, in := range rec.Instances {
			out.Instances[i] = meta.Instance{ID: in.ID, Name: e.instance(rec.ID, in.Name)}
		}
		return &out, nil
	case *meta.InDomDelta:
		out := *rec
		out.Changes = make([]meta.Change, len(rec.Changes))
		for i, c := range rec.Changes {
			if !c.Remove {
				c.Name = e.instance(rec.ID, c.Name)
			}
			out.Changes[i] = c
		}
		return &out, nil
	case *meta.Labels:
		return e.labels(rec)
	case *meta.Text:
		out := *rec
		out.Text = e.text(role{kind: KindNone, help: true}, rec.Text)
		return &out, nil
	}
	return r, nil
}

// instance returns the name of an instance. Two addresses may have one pseudonym, but no
// two instances of a domain may have one name.
func (e *editor) instance(id pcp.InDomID, name string) string {
	changed := e.text(e.plan.instance(id), name)
	if changed == name || e.unique == nil {
		return changed
	}
	known := e.names[id]
	if known == nil {
		known = map[string]string{}
		e.names[id] = known
	}
	first := changed
	for try := 0; ; try++ {
		original, taken := known[changed]
		if !taken {
			known[changed] = name
			return changed
		}
		if original == name {
			return changed
		}
		changed = e.unique(name, first, try)
	}
}

func (e *editor) labels(rec *meta.Labels) (archive.Record, error) {
	out := *rec
	out.Sets = make([]labelset.Instance, len(rec.Sets))
	for i, in := range rec.Sets {
		set, err := e.labelSet(rec.Level, in)
		if err != nil {
			return nil, err
		}
		in.Set, in.Invalid = set, nil
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
	changed := in.Invalid != nil
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
	if err != nil && in.Invalid != nil {
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

// Result implements [rewrite.Editor].
func (e *editor) Result(r *archive.Result) (keep bool, err error) {
	if !e.plan.texts {
		return true, nil
	}
	e.values = e.values[:0]
	for i := range r.Sets {
		set := &r.Sets[i]
		if set.Format == archive.InSitu {
			continue
		}
		if err := e.set(set); err != nil {
			return false, err
		}
	}
	return true, nil
}

// set replaces the values of a set, in new memory if one changes.
func (e *editor) set(set *archive.ValueSet) error {
	as, own := e.plan.value(set.PMID), false
	for j := range set.Values {
		v := &set.Values[j]
		if v.Data == nil {
			continue
		}
		data, err := e.data(as, v)
		if err != nil {
			return err
		}
		if len(data) == len(v.Data) && (len(data) == 0 || &data[0] == &v.Data[0]) {
			continue
		}
		if !own {
			own = true
			start := len(e.values)
			e.values = append(e.values, set.Values...)
			set.Values = e.values[start:len(e.values):len(e.values)]
		}
		set.Values[j].Data = data
	}
	return nil
}

// data returns the content of a value's block with its texts replaced.
func (e *editor) data(as role, v *history.Value) ([]byte, error) {
	switch {
	case v.Type == pcp.TypeEvent || v.Type == pcp.TypeHighResEvent:
		return e.events(v)
	case v.Type == pcp.TypeString:
		return e.terminated(as, v.Data), nil
	case isText(v.Data):
		return e.terminated(as, v.Data), nil
	}
	return e.binary(v.Data), nil
}

// terminated replaces a text that a NUL may end. It drops bytes after the NUL.
func (e *editor) terminated(as role, b []byte) []byte {
	end := bytes.IndexByte(b, 0)
	if end < 0 {
		return e.bytes(as, b)
	}
	text := b[:end:end]
	changed := e.bytes(as, text)
	if len(changed) == len(text) && (end == 0 || &changed[0] == &text[0]) {
		return b[:end+1]
	}
	return append(changed[:len(changed):len(changed)], 0)
}

// isText reports whether bytes are text, apart from a NUL at the end.
func isText(b []byte) bool {
	b = bytes.TrimRight(b, "\x00")
	return utf8.Valid(b) && !bytes.ContainsFunc(b, func(c rune) bool { return !unicode.IsPrint(c) && !unicode.IsSpace(c) })
}

// events replaces the texts in the parameters of event records.
func (e *editor) events(v *history.Value) ([]byte, error) {
	records, err := v.Events()
	if err != nil {
		return e.binary(v.Data), nil // it is damaged
	}
	changed := false
	for i := range records {
		for j := range records[i].Params {
			p := &records[i].Params[j]
			if p.Value.Data == nil {
				continue
			}
			data, err := e.data(e.plan.value(p.PMID), &p.Value)
			if err != nil {
				return nil, err
			}
			if !bytes.Equal(data, p.Value.Data) {
				p.Value.Data, changed = data, true
			}
		}
	}
	if !changed {
		return v.Data, nil
	}
	out, err := history.EventValue(v.Inst, v.Type, records)
	return out.Data, err
}
