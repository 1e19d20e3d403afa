package edit

import (
	"fmt"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// First returns the records of labels that the input has no record for.
func (p *Plan) First() []archive.Record {
	p.records = p.records[:0]
	for _, r := range p.labels.first {
		p.emit(r)
	}
	return p.records
}

// Result changes a data record. It leaves out a record whose metrics are all deleted.
func (p *Plan) Result(r *archive.Result) (keep bool, err error) {
	t := r.Stamp
	r.Stamp = p.moved(t)
	if !p.values || r.IsMark() {
		return true, nil
	}
	p.scratch, p.sets = p.scratch[:0], p.sets[:0]
	for i := range r.Sets {
		set := r.Sets[i]
		m, ok := p.metrics[set.PMID]
		if ok {
			if m.remove {
				continue
			}
			set.PMID = m.pmid
			if len(set.Values) > 0 && m.editsValues() {
				if err := p.set(m, &set, t); err != nil {
					return false, fmt.Errorf("%s: %w", m.name, err)
				}
			}
		}
		if p.params && len(set.Values) > 0 && (set.Values[0].Type == pcp.TypeEvent || set.Values[0].Type == pcp.TypeHighResEvent) {
			if err := p.events(&set); err != nil {
				return false, err
			}
		}
		p.sets = append(p.sets, set)
	}
	r.Sets = p.sets
	return len(r.Sets) > 0, nil
}

// set changes the values of a set.
func (p *Plan) set(m *metric, set *archive.ValueSet, t pcp.Timestamp) error {
	begin := len(p.scratch)
	p.scratch = append(p.scratch, set.Values...)
	values := p.scratch[begin:len(p.scratch):len(p.scratch)]
	var err error
	if m.picks() {
		if values, err = m.pickValue(values); err != nil {
			return err
		}
	}
	if m.insts != nil && m.insts.changesIDs() {
		values = p.renumber(m.insts, values, t)
	}
	if err := m.convert(values); err != nil {
		return err
	}
	for i := range values {
		m.replaceText(&values[i])
	}
	if m.rescale || m.typ != m.old.Type {
		set.Format = archive.FormatOf(m.typ)
	}
	set.Values = values
	return nil
}

// renumber gives values the numbers of their instances, and removes those of removed ones.
func (p *Plan) renumber(in *indom, values []history.Value, t pcp.Timestamp) []history.Value {
	var version *meta.InDom
	kept := values[:0]
	for _, v := range values {
		fate, changed := in.ids[v.Inst]
		if in.byName[v.Inst] {
			if version == nil {
				if version, _ = p.store.InDomAt(in.id, t); version == nil {
					version = &meta.InDom{}
				}
			}
			if inst, ok := version.Lookup(v.Inst); ok {
				out, keep := in.instance(inst, false)
				fate, changed = renumbered{out.ID, !keep}, true
			}
		}
		if changed {
			if fate.gone {
				continue
			}
			v.Inst = fate.id
		}
		kept = append(kept, v)
	}
	return kept
}

// replaceText changes a value of type string.
func (m *metric) replaceText(v *history.Value) {
	if len(m.replace) == 0 || v.Data == nil {
		return
	}
	text, changed := string(wire.UntilNUL(v.Data)), false
	for _, r := range m.replace {
		if replaced, ok := r.Apply(text); ok {
			text, changed = replaced, true
		}
	}
	if changed && len(text) < history.MaxBlock-8 {
		*v = history.StringValue(v.Inst, text)
	}
}

// events changes the parameters of event records whose metrics get other PMIDs, and removes
// those of deleted metrics.
func (p *Plan) events(set *archive.ValueSet) error {
	begin := len(p.scratch)
	p.scratch = append(p.scratch, set.Values...)
	values := p.scratch[begin:len(p.scratch):len(p.scratch)]
	for i := range values {
		records, err := values[i].Events()
		if err != nil {
			continue // damage that a reader reports
		}
		if !p.editParams(records) {
			continue
		}
		if values[i], err = history.EventValue(values[i].Inst, values[i].Type, records); err != nil {
			return err
		}
	}
	set.Values = values
	return nil
}

// editParams changes the parameters of event records. It reports whether any changes.
func (p *Plan) editParams(records []history.EventRecord) (changed bool) {
	for i := range records {
		kept := records[i].Params[:0]
		for _, param := range records[i].Params {
			if m, ok := p.metrics[param.PMID]; ok && (m.remove || m.pmid != param.PMID) {
				changed = true
				if m.remove {
					continue
				}
				param.PMID = m.pmid
			}
			kept = append(kept, param)
		}
		records[i].Params = kept
	}
	return changed
}
