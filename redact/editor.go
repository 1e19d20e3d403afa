package redact

import (
	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
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
