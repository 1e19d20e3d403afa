package edit

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite/rules"
)

// indom is what changes of an instance domain.
type indom struct {
	id, to    pcp.InDomID
	duplicate bool // the original stays beside the copy
	cull      bool // no metric uses it any more
	set       map[string]rules.Pos

	numbers map[pcp.InstID]*rules.RenumberInst
	clauses []rules.Clause       // the other clauses for instances
	matched map[rules.Clause]int // how many instances a clause matches
	// ids are the instances whose number changes or that are removed, whatever their name
	// is. For those in byName the name matters, which may change in time.
	ids    map[pcp.InstID]renumbered
	byName map[pcp.InstID]bool
	hidden map[pcp.InstID]bool // removed instances since the last complete record
}

// renumbered is what becomes of an instance.
type renumbered struct {
	id   pcp.InstID
	gone bool
}

func (in *indom) changesInsts() bool { return len(in.numbers) > 0 || len(in.clauses) > 0 }

// changesIDs reports whether values get other instances or vanish.
func (in *indom) changesIDs() bool { return len(in.ids) > 0 || len(in.byName) > 0 }

// indom returns the changes of an instance domain, at first none.
func (b *binder) indom(id pcp.InDomID) *indom {
	in, ok := b.indoms[id]
	if !ok {
		in = &indom{
			id: id, to: id, set: map[string]rules.Pos{}, numbers: map[pcp.InstID]*rules.RenumberInst{}, matched: map[rules.Clause]int{},
			ids: map[pcp.InstID]renumbered{}, byName: map[pcp.InstID]bool{}, hidden: map[pcp.InstID]bool{},
		}
		b.indoms[id] = in
	}
	return in
}

// indomRule binds a rule for instance domains.
func (b *binder) indomRule(r *rules.InDom) {
	found := false
	for id := range b.store.InDoms() {
		if !r.Target.Matches(id) {
			continue
		}
		found = true
		in := b.indom(id)
		for _, c := range r.Clauses {
			b.indomClause(in, c)
		}
	}
	if !found {
		b.warn(r.Pos, "no instance domain %s", r.Target)
	}
}

func (b *binder) indomClause(in *indom, c rules.Clause) {
	pos := c.Position()
	switch c := c.(type) {
	case *rules.ToInDom:
		if to := c.Target.Apply(in.id); to == in.id {
			b.warn(pos, "the instance domain is %s already", in.id)
		} else if b.once(in.set, pos, "number", in.id.String()) {
			in.to, in.duplicate = to, c.Duplicate
		}
	case *rules.RenumberInst:
		if c.New == c.Old && !c.Delete {
			b.warn(pos, "the instance has the number %d already", c.Old)
		} else if b.once(in.set, pos, "instance "+strconv.Itoa(int(c.Old)), in.id.String()) {
			in.numbers[c.Old] = c
		}
	case *rules.RenameInst:
		if c.New == c.Old && !c.Delete {
			b.warn(pos, "the instance is called %q already", c.Old)
		} else if b.once(in.set, pos, `instance "`+c.Old+`"`, in.id.String()) {
			in.clauses = append(in.clauses, c)
		}
	default:
		in.clauses = append(in.clauses, c)
	}
}

// scan applies the clauses to all versions of an instance domain, to find instances that
// are missing or would not be unique.
func (b *binder) scan(id pcp.InDomID) {
	in, ok := b.indoms[id]
	if !ok || !in.changesInsts() {
		return
	}
	fates := map[pcp.InstID]renumbered{}
	seen := map[meta.Instance]bool{}
	reported := map[string]bool{}
	for version := range b.store.InDomVersions(id) {
		for _, inst := range version.Instances {
			if seen[inst] {
				continue
			}
			seen[inst] = true
			b.contradictions(in, inst, reported)
			fate := renumbered{inst.ID, true}
			if out, keep := in.instance(inst, true); keep {
				fate = renumbered{out.ID, false}
			}
			if other, ok := fates[inst.ID]; ok && other != fate {
				in.byName[inst.ID] = true
			}
			fates[inst.ID] = fate
		}
		b.unique(in, version, reported)
	}
	for old, fate := range fates {
		if !in.byName[old] && (fate.gone || fate.id != old) {
			in.ids[old] = fate
		}
	}
	for _, c := range in.clauses {
		if in.matched[c] == 0 {
			b.warn(c.Position(), "no instance%s in the instance domain %s", clauseInst(c), id)
		}
	}
	for old, c := range in.numbers {
		if _, ok := fates[old]; !ok {
			b.warn(c.Pos, "no instance %d in the instance domain %s", old, id)
		}
	}
}

func clauseInst(c rules.Clause) string {
	switch c := c.(type) {
	case *rules.RenameInst:
		return ` "` + c.Old + `"`
	case *rules.ReplaceNames:
		return " that /" + c.Pattern + "/ matches"
	}
	return ""
}

// unique reports instances of a version whose number or name the clauses make equal.
func (b *binder) unique(in *indom, version *meta.InDom, reported map[string]bool) {
	ids := make(map[pcp.InstID]bool, len(version.Instances)) // whether a clause gives the number
	names := make(map[string]string, len(version.Instances))
	for _, inst := range version.Instances {
		out, keep := in.instance(inst, false)
		if !keep {
			continue
		}
		key, _, _ := strings.Cut(out.Name, " ")
		other, taken := names[key]
		given, twice := ids[out.ID]
		switch {
		case twice && (given || out.ID != inst.ID):
			b.failOnce(in, reported, "two instances of the instance domain %s get the number %d", in.id, out.ID)
		case taken && (out.Name != inst.Name || in.renames(key)):
			b.failOnce(in, reported, "two instances of the instance domain %s get the names %q and %q, which are the same up to the first blank", in.id, other, out.Name)
		}
		ids[out.ID], names[key] = out.ID != inst.ID, out.Name
	}
}

// renames reports whether a clause gives an instance a name with this unique part.
func (in *indom) renames(key string) bool {
	return slices.ContainsFunc(in.clauses, func(c rules.Clause) bool {
		r, ok := c.(*rules.RenameInst)
		return ok && !r.Delete && rules.SameName(r.New, key)
	})
}

// failOnce reports an error of the clauses for instances, unless it is reported already.
func (b *binder) failOnce(in *indom, reported map[string]bool, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !reported[text] {
		reported[text] = true
		b.fail(in.position(), "%s", text)
	}
}

// contradictions reports an instance that is renamed twice, or removed and changed.
func (b *binder) contradictions(in *indom, inst meta.Instance, reported map[string]bool) {
	changed, renamed, removed := 0, 0, 0
	for _, c := range in.clauses {
		if r, ok := c.(*rules.RenameInst); ok && rules.SameName(r.Old, inst.Name) {
			if r.Delete {
				removed++
			} else {
				renamed++
			}
		}
	}
	if c, ok := in.numbers[inst.ID]; ok {
		if c.Delete {
			removed++
		} else {
			changed++
		}
	}
	if renamed > 1 || removed > 1 || removed == 1 && renamed+changed > 0 {
		b.failOnce(in, reported, "instance %d %q of the instance domain %s is renamed twice, or removed and changed", inst.ID, inst.Name, in.id)
	}
}

// position returns the position of the first clause for instances.
func (in *indom) position() rules.Pos {
	var first rules.Pos
	consider := func(pos rules.Pos) {
		if first.Line == 0 || cmp.Or(cmp.Compare(pos.Line, first.Line), cmp.Compare(pos.Column, first.Column)) < 0 {
			first = pos
		}
	}
	for _, c := range in.clauses {
		consider(c.Position())
	}
	for _, c := range in.numbers {
		consider(c.Pos)
	}
	return first
}

// instance returns an instance after its changes, or false if it is removed. count counts
// which clauses match.
func (in *indom) instance(inst meta.Instance, count bool) (meta.Instance, bool) {
	out := inst
	if c, ok := in.numbers[inst.ID]; ok {
		if c.Delete {
			return out, false
		}
		out.ID = c.New
	}
	for _, c := range in.clauses {
		matched, gone := changeName(c, inst, &out)
		if matched && count {
			in.matched[c]++
		}
		if gone {
			return out, false
		}
	}
	return out, true
}

// changeName applies a clause to the name of an instance.
func changeName(c rules.Clause, inst meta.Instance, out *meta.Instance) (matched, gone bool) {
	switch c := c.(type) {
	case *rules.RenameInst:
		if !rules.SameName(c.Old, inst.Name) {
			return false, false
		}
		out.Name = c.New
		return true, c.Delete
	case *rules.ReplaceNames:
		name, ok := c.Apply(out.Name)
		if !ok || c.Delete {
			return ok, ok
		}
		out.Name = name
	case *rules.RedactNames:
		out.Name = strconv.Itoa(int(out.ID)) + " [redacted]"
	}
	return true, false
}
