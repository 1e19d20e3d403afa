package edit

import (
	"maps"
	"slices"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite/rules"
)

// bindLabels binds the rules for labels, and works out where the labels of moved metrics and
// instance domains go.
func (b *binder) bindLabels(all []rules.Rule) {
	b.labels = labels{rules: map[owner][]*rules.Label{}, follow: map[owner][]owner{}, sources: map[owner][]owner{}, written: map[owner]bool{}}
	recorded := map[owner]bool{}
	for l := range b.store.AllLabels() {
		recorded[owner{l.Level, l.Ident}] = true
	}
	owners := maps.Clone(recorded)
	for _, r := range all {
		if r, ok := r.(*rules.Label); ok {
			b.labelRule(r, recorded, owners)
		}
	}
	m := b.metricMoves()
	for o := range owners {
		b.labels.follow[o] = b.follow(o, m, recorded)
	}
	for _, o := range sortedOwners(owners) {
		targets := slices.Clone(b.labels.follow[o])
		for _, r := range b.labels.rules[o] {
			for _, c := range r.Clauses {
				if c, ok := c.(*rules.MoveLabel); ok {
					targets = append(targets, b.moveLabels(c, o))
				}
			}
		}
		slices.SortFunc(targets, compareOwners)
		for _, to := range slices.Compact(targets) {
			b.labels.sources[to] = append(b.labels.sources[to], o)
		}
	}
	for _, o := range sortedOwners(owners) {
		if !recorded[o] && len(b.errs) == 0 {
			b.addFirst(o)
		}
	}
}

func compareOwners(a, b owner) int {
	if a.level != b.level {
		return int(a.level) - int(b.level)
	}
	return int(int64(a.ident) - int64(b.ident))
}

func sortedOwners(owners map[owner]bool) []owner {
	return slices.SortedFunc(maps.Keys(owners), compareOwners)
}

// labelRule binds a rule for labels to the owners that it selects.
func (b *binder) labelRule(r *rules.Label, recorded, owners map[owner]bool) {
	candidates := recorded
	if adds(r) {
		if r.Name != nil || r.Value != nil {
			b.warn(r.Pos, "a new label does not depend on the name and the value of another one")
		}
		candidates = maps.Clone(recorded)
		for _, o := range b.possible(r.Level) {
			candidates[o] = true
		}
	}
	found, selected := false, adds(r)
	for _, o := range sortedOwners(candidates) {
		if !b.selectsOwner(r, o) {
			continue
		}
		found = true
		owners[o] = true
		b.labels.rules[o] = append(b.labels.rules[o], r)
		selected = selected || b.selectsAny(r, o)
	}
	switch {
	case !found && adds(r):
		b.warn(r.Pos, "nothing to which the new label could belong")
	case !found || !selected:
		b.warn(r.Pos, "no such label")
	}
}

// possible returns the owners that labels of a level may have.
func (b *binder) possible(level labelset.Level) (all []owner) {
	switch level {
	case labelset.Context:
		return []owner{{level, meta.ContextIdent}}
	case labelset.InDom, labelset.Instances:
		for id := range b.store.InDoms() {
			all = append(all, owner{level, uint32(id)})
		}
		return all
	}
	for d := range b.store.Metrics() {
		all = append(all, owner{level, ownerIdent(level, d.PMID)})
	}
	return all
}

// ownerIdent returns the identifier of the owner of a metric's labels.
func ownerIdent(level labelset.Level, id pcp.PMID) uint32 {
	switch level {
	case labelset.Domain:
		return id.Domain()
	case labelset.Cluster:
		return uint32(id.ClusterID())
	}
	return uint32(id)
}

// selectsOwner reports whether a rule selects an owner.
func (b *binder) selectsOwner(r *rules.Label, o owner) bool {
	if r.Level != o.level {
		return false
	}
	switch o.level {
	case labelset.Domain:
		return o.ident == r.Domain
	case labelset.Cluster:
		id := pcp.PMID(o.ident)
		return id.Domain() == r.Domain && (r.Cluster == nil || *r.Cluster == id.Cluster())
	case labelset.Item:
		if r.Metric.Name == "" {
			return r.Metric.MatchesID(pcp.PMID(o.ident))
		}
		d, ok := b.store.Desc(pcp.PMID(o.ident))
		return ok && r.Metric.Matches(d)
	case labelset.InDom, labelset.Instances:
		return r.InDom.Matches(pcp.InDomID(o.ident))
	}
	return true
}

// selectsAny reports whether a rule selects a label of an owner at any time.
func (b *binder) selectsAny(r *rules.Label, o owner) bool {
	for l := range b.store.LevelLabels(o.level) {
		if l.Ident != o.ident && o.level != labelset.Context {
			continue
		}
		for _, in := range l.Sets {
			if !b.selectsInst(r, o, in.Inst, l.Stamp) {
				continue
			}
			for label := range in.Set.All() {
				if selectsLabel(r, label) {
					return true
				}
			}
		}
	}
	return false
}

// moveLabels returns the owner to which a clause moves labels, after checks.
func (b *binder) moveLabels(c *rules.MoveLabel, o owner) owner {
	to := moveTarget(c, o)
	if to == o {
		b.warn(c.Pos, "the labels are there already")
	}
	if o.level == labelset.InDom || o.level == labelset.Instances {
		if _, ok := b.source(pcp.InDomID(to.ident)); !ok {
			b.fail(c.Pos, "the new instance domain %s of the labels does not exist in the output", pcp.InDomID(to.ident))
		}
	}
	return to
}

// addFirst makes the first record of an owner whose new labels have no record to join.
func (b *binder) addFirst(o owner) {
	start := b.header.Start
	sets := []labelset.Instance{{Inst: pcp.InstNull}}
	if o.level == labelset.Instances {
		sets = nil
		seen := map[pcp.InstID]bool{}
		for version := range b.store.InDomVersions(pcp.InDomID(o.ident)) {
			for _, inst := range version.Instances {
				if !seen[inst.ID] {
					seen[inst.ID] = true
					sets = append(sets, labelset.Instance{Inst: inst.ID})
				}
			}
		}
		sortSets(sets)
	}
	parts, err := b.transform(o, sets, start)
	if err != nil {
		b.fail(b.labels.rules[o][0].Pos, "%v", err)
		return
	}
	for _, part := range parts {
		part.sets = slices.DeleteFunc(part.sets, func(in labelset.Instance) bool { return in.Set.Len() == 0 })
		if len(part.sets) > 0 {
			b.labels.written[part.owner] = true
			b.labels.first = append(b.labels.first, &meta.Labels{Stamp: b.moved(start), Level: part.level, Ident: part.ident, Sets: part.sets})
		}
	}
}

// moves are where the metrics of each domain and each cluster go.
type moves map[owner]map[owner]bool

func (b *binder) metricMoves() moves {
	all := moves{}
	for d := range b.store.Metrics() {
		to, gone := d.PMID, false
		if m, ok := b.metrics[d.PMID]; ok {
			to, gone = m.pmid, m.remove
		}
		for _, level := range []labelset.Level{labelset.Domain, labelset.Cluster} {
			from := owner{level, ownerIdent(level, d.PMID)}
			if all[from] == nil {
				all[from] = map[owner]bool{}
			}
			if !gone {
				all[from][owner{level, ownerIdent(level, to)}] = true
			}
		}
	}
	return all
}

// follow returns the owners of the output that get the labels of an owner of the input.
func (b *binder) follow(o owner, m moves, recorded map[owner]bool) []owner {
	switch o.level {
	case labelset.Item:
		if m, ok := b.metrics[pcp.PMID(o.ident)]; ok {
			if m.remove {
				return nil
			}
			return []owner{{o.level, uint32(m.pmid)}}
		}
	case labelset.InDom, labelset.Instances:
		in, ok := b.indoms[pcp.InDomID(o.ident)]
		if !ok {
			break
		}
		var to []owner
		b.copies(in, func(id pcp.InDomID) { to = append(to, owner{o.level, uint32(id)}) })
		return to
	case labelset.Domain, labelset.Cluster:
		var to []owner
		for _, there := range sortedOwners(m[o]) {
			if there == o || !recorded[there] { // another owner keeps its own labels
				to = append(to, there)
			}
		}
		if len(to) > 0 {
			return to
		}
	}
	return []owner{o}
}
