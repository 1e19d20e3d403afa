package edit

import (
	"cmp"
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// inDomRecord writes a complete instance domain after its changes.
func (p *Plan) inDomRecord(r *meta.InDom) {
	out := &meta.InDom{Stamp: p.moved(r.Stamp), ID: r.ID, Instances: r.Instances}
	in, ok := p.indoms[r.ID]
	if !ok {
		p.emit(out)
		return
	}
	unchanged := *out
	p.original(in, &unchanged)
	if in.changesInsts() {
		clear(in.hidden)
		out.Instances = make([]meta.Instance, 0, len(r.Instances))
		for _, inst := range r.Instances {
			if changed, keep := in.instance(inst, false); keep {
				out.Instances = append(out.Instances, changed)
			} else {
				in.hidden[inst.ID] = true
			}
		}
		slices.SortStableFunc(out.Instances, func(a, b meta.Instance) int { return cmp.Compare(a.ID, b.ID) })
		if len(out.Instances) == 0 {
			return
		}
	}
	if !in.cull {
		out.ID = in.to
		p.emit(out)
	}
}

// original writes a record of the original of an instance domain that is copied, which the
// clauses for instances do not change.
func (p *Plan) original(in *indom, r archive.Record) {
	if in.duplicate && !in.cull {
		p.emit(r)
	}
}

// deltaRecord writes a change of an instance domain after its changes.
func (p *Plan) deltaRecord(r *meta.InDomDelta) {
	out := &meta.InDomDelta{Stamp: p.moved(r.Stamp), ID: r.ID, Changes: r.Changes}
	in, ok := p.indoms[r.ID]
	if !ok {
		p.emit(out)
		return
	}
	if in.changesInsts() {
		out.Changes = make([]meta.Change, 0, len(r.Changes))
		for _, c := range r.Changes {
			if c, keep := in.change(c); keep {
				out.Changes = append(out.Changes, c)
			}
		}
		slices.SortStableFunc(out.Changes, func(a, b meta.Change) int { return cmp.Compare(a.ID, b.ID) })
		if len(out.Changes) == 0 {
			// As pmlogrewrite does, repeat the complete domain.
			if now, _ := p.store.InDomAt(r.ID, r.Stamp); now != nil {
				p.inDomRecord(&meta.InDom{Stamp: r.Stamp, ID: r.ID, Instances: now.Instances})
			}
			return
		}
	}
	p.original(in, &meta.InDomDelta{Stamp: out.Stamp, ID: r.ID, Changes: r.Changes})
	if !in.cull {
		out.ID = in.to
		p.emit(out)
	}
}

// change returns one change of an instance domain after its changes.
func (in *indom) change(c meta.Change) (meta.Change, bool) {
	if c.Remove {
		if in.hidden[c.ID] {
			delete(in.hidden, c.ID)
			return c, false
		}
		if number, ok := in.numbers[c.ID]; ok && !number.Delete {
			c.ID = number.New
		}
		return c, true
	}
	inst, keep := in.instance(c.Instance, false)
	if !keep {
		in.hidden[c.ID] = true
		return c, false
	}
	c.Instance = inst
	return c, true
}

// copies calls emit for each instance domain that in becomes.
func (p *Plan) copies(in *indom, emit func(pcp.InDomID)) {
	if in.cull {
		return
	}
	if in.duplicate {
		emit(in.id)
	}
	emit(in.to)
}
