package redact

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

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
