package edit

import (
	"slices"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite/rules"
)

// owner is what labels belong to.
type owner struct {
	level labelset.Level
	ident uint32
}

// labels is what changes of labels.
type labels struct {
	rules   map[owner][]*rules.Label // that select labels of an owner, or add some
	follow  map[owner][]owner        // where the labels of an owner go that no clause moves
	sources map[owner][]owner        // from where the labels of an owner of the output come
	first   []*meta.Labels           // labels of owners without a record in the input
	written map[owner]bool           // owners of the output that have a record
}

// owned are label sets and their owner in the output.
type owned struct {
	owner
	sets []labelset.Instance
}

// labelRecord writes a label record after its changes. If the labels of several owners come
// together, the record has those of the others that are in force at its time.
func (p *Plan) labelRecord(r *meta.Labels) error {
	o := owner{r.Level, r.Ident}
	if r.Level == labelset.Context {
		o.ident = meta.ContextIdent
	}
	if p.untouched(o) {
		out := *r
		out.Stamp = p.moved(r.Stamp)
		p.emit(&out)
		return nil
	}
	parts, err := p.transform(o, r.Sets, r.Stamp)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if part.sets, err = p.join(part, o, r.Stamp); err != nil {
			return err
		}
		p.emitLabels(part, r.Stamp)
	}
	return nil
}

// untouched reports whether the records of an owner stay as they are.
func (p *Plan) untouched(o owner) bool {
	if len(p.labels.rules[o]) > 0 || len(p.labels.sources[o]) > 1 {
		return false
	}
	if in, ok := p.indoms[pcp.InDomID(o.ident)]; ok && o.level == labelset.Instances && in.changesIDs() {
		return false
	}
	to, known := p.labels.follow[o]
	return !known || len(to) == 1 && to[0] == o
}

// emitLabels writes label sets. An owner that had labels and has none now gets an empty set.
func (p *Plan) emitLabels(part owned, t pcp.Timestamp) {
	if len(part.sets) == 0 {
		if !p.labels.written[part.owner] {
			return
		}
		part.sets = []labelset.Instance{{Inst: pcp.InstNull}}
	}
	p.labels.written[part.owner] = true
	p.emit(&meta.Labels{Stamp: p.moved(t), Level: part.level, Ident: part.ident, Sets: part.sets})
}

// join adds the labels that come to an owner from others than o.
func (p *Plan) join(part owned, o owner, t pcp.Timestamp) ([]labelset.Instance, error) {
	sources := p.labels.sources[part.owner]
	if len(sources) < 2 {
		return part.sets, nil
	}
	var sets []labelset.Instance
	slices.SortStableFunc(sources, func(a, b owner) int { // its own labels first: those that come win
		switch part.owner {
		case a:
			return -1
		case b:
			return 1
		}
		return 0
	})
	for _, s := range sources {
		more := part.sets
		if s != o {
			record, _ := p.store.LabelsAt(s.level, s.ident, t)
			if record == nil {
				continue
			}
			parts, err := p.transform(s, record.Sets, t)
			if err != nil {
				return nil, err
			}
			at := slices.IndexFunc(parts, func(other owned) bool { return other.owner == part.owner })
			if at < 0 {
				continue
			}
			more = parts[at].sets
		}
		var err error
		if sets, err = mergeSets(sets, more, part.level); err != nil {
			return nil, err
		}
	}
	return sets, nil
}

// mergeSets adds label sets to others. Of two labels with one name the later wins.
func mergeSets(sets, more []labelset.Instance, level labelset.Level) ([]labelset.Instance, error) {
	out := slices.Clone(sets)
	for _, in := range more {
		at := slices.IndexFunc(out, func(other labelset.Instance) bool { return other.Inst == in.Inst })
		if at < 0 {
			out = append(out, in)
			continue
		}
		both := append(slices.Collect(out[at].Set.All()), slices.Collect(in.Set.All())...)
		set, err := labelset.New(level, both...)
		if err != nil {
			return nil, err
		}
		out[at] = labelset.Instance{Inst: in.Inst, Set: set}
	}
	sortSets(out)
	return out, nil
}

func sortSets(sets []labelset.Instance) {
	slices.SortStableFunc(sets, func(a, b labelset.Instance) int { return int(int64(a.Inst) - int64(b.Inst)) })
}

// transform returns what becomes of the label sets that an owner has at a time.
func (p *Plan) transform(o owner, sets []labelset.Instance, t pcp.Timestamp) ([]owned, error) {
	sets = slices.Clone(sets)
	var moved []owned
	for _, r := range p.labels.rules[o] {
		if r.Level == labelset.Instances && adds(r) {
			sets = p.complete(o, sets, t)
		}
		kept := sets[:0]
		for _, in := range sets {
			if !p.selectsInst(r, o, in.Inst, t) {
				kept = append(kept, in)
				continue
			}
			out, away, err := applyLabels(r, o, in)
			if err != nil {
				return nil, err
			}
			for _, part := range away {
				if moved, err = addMoved(moved, part); err != nil {
					return nil, err
				}
			}
			if out.Set.Len() > 0 || in.Set.Len() == 0 {
				kept = append(kept, out)
			}
		}
		sets = kept
	}
	follow, known := p.labels.follow[o]
	if !known {
		follow = []owner{o}
	}
	var all []owned
	for _, to := range follow {
		all = append(all, owned{to, p.renumberSets(o, to, sets)})
	}
	return append(all, moved...), nil
}

// addMoved adds labels to those that move to an owner.
func addMoved(moved []owned, part owned) ([]owned, error) {
	at := slices.IndexFunc(moved, func(other owned) bool { return other.owner == part.owner })
	if at < 0 {
		return append(moved, part), nil
	}
	sets, err := mergeSets(moved[at].sets, part.sets, part.level)
	moved[at].sets = sets
	return moved, err
}

// renumberSets returns the sets of instances with their new numbers, without those of
// removed instances. The original of a domain that is copied keeps its numbers.
func (p *Plan) renumberSets(o, to owner, sets []labelset.Instance) []labelset.Instance {
	in, ok := p.indoms[pcp.InDomID(o.ident)]
	if !ok || o.level != labelset.Instances || len(in.ids) == 0 || in.duplicate && to == o {
		return sets
	}
	out := make([]labelset.Instance, 0, len(sets))
	for _, set := range sets {
		if fate, changed := in.ids[set.Inst]; changed {
			if fate.gone {
				continue
			}
			set.Inst = fate.id
		}
		out = append(out, set)
	}
	sortSets(out)
	return out
}

// adds reports whether a rule adds labels.
func adds(r *rules.Label) bool {
	return slices.ContainsFunc(r.Clauses, func(c rules.Clause) bool { _, ok := c.(*rules.NewLabel); return ok })
}

// complete adds an empty set for each instance that has none.
func (p *Plan) complete(o owner, sets []labelset.Instance, t pcp.Timestamp) []labelset.Instance {
	version, _ := p.store.InDomAt(pcp.InDomID(o.ident), t)
	if version == nil {
		return sets
	}
	have := make(map[pcp.InstID]bool, len(sets))
	for _, in := range sets {
		have[in.Inst] = true
	}
	for _, inst := range version.Instances {
		if !have[inst.ID] {
			sets = append(sets, labelset.Instance{Inst: inst.ID})
		}
	}
	sortSets(sets)
	return sets
}

// selectsInst reports whether a rule selects the labels of an instance.
func (p *Plan) selectsInst(r *rules.Label, o owner, id pcp.InstID, t pcp.Timestamp) bool {
	if r.Inst == nil || r.Inst.Name == "" {
		return r.Inst == nil || r.Inst.ID == id
	}
	version, until := p.store.InDomAt(pcp.InDomID(o.ident), t)
	if version == nil { // loggers write labels before instances
		version, _ = p.store.InDomAt(pcp.InDomID(o.ident), until)
	}
	if version == nil {
		return false
	}
	inst, ok := version.Lookup(id)
	return ok && r.Inst.Matches(inst)
}
