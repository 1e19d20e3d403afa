package edit

import (
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite/rules"
)

// applyLabels applies a rule to the labels of one instance or owner. It also returns the
// labels that move to other owners.
func applyLabels(r *rules.Label, o owner, in labelset.Instance) (out labelset.Instance, moved []owned, err error) {
	var kept []labelset.Label
	changed := false
	for l := range in.Set.All() {
		if !selectsLabel(r, l) {
			kept = append(kept, l)
			continue
		}
		l, to, keep, touched := changeLabel(r, o, l)
		changed = changed || touched
		switch {
		case !keep:
		case to == nil:
			kept = append(kept, l)
		default:
			set, err := labelset.New(r.Level, l)
			if err != nil {
				return in, nil, err
			}
			if moved, err = addMoved(moved, owned{*to, []labelset.Instance{{Inst: in.Inst, Set: set}}}); err != nil {
				return in, nil, err
			}
		}
	}
	for _, c := range r.Clauses {
		if c, ok := c.(*rules.NewLabel); ok {
			kept = append(kept, labelset.String(c.Name, c.Value))
			changed = true
		}
	}
	if !changed {
		return in, nil, nil
	}
	set, err := labelset.New(r.Level, kept...)
	return labelset.Instance{Inst: in.Inst, Set: set}, moved, err
}

// selectsLabel reports whether a rule selects a label by its name and its value.
func selectsLabel(r *rules.Label, l labelset.Label) bool {
	return (r.Name == nil || *r.Name == l.Name) && (r.Value == nil || *r.Value == l.Text())
}

// changeLabel applies the clauses of a rule to a label. to is where it moves, nil if it
// stays. keep is false if it is deleted, touched if anything changes.
func changeLabel(r *rules.Label, o owner, l labelset.Label) (out labelset.Label, to *owner, keep, touched bool) {
	keep = true
	for _, c := range r.Clauses {
		switch c := c.(type) {
		case *rules.Delete:
			return l, nil, false, true
		case *rules.SetLabelName:
			l.Name, touched = c.Name, true
			l.Flags &^= labelset.Compound
		case *rules.SetLabelValue:
			l.Value, touched = labelset.String(l.Name, c.Value).Value, true
		case *rules.MoveLabel:
			there := moveTarget(c, o)
			to, touched = &there, true
		}
	}
	return l, to, keep, touched
}

// moveTarget returns the owner to which a clause moves labels of o.
func moveTarget(c *rules.MoveLabel, o owner) owner {
	to := o
	switch o.level {
	case labelset.Domain:
		to.ident = c.Domain
	case labelset.Cluster:
		cluster := pcp.PMID(o.ident).Cluster()
		if c.Cluster != nil {
			cluster = *c.Cluster
		}
		to.ident = uint32(pcp.NewPMID(c.Domain, cluster, 0))
	case labelset.Item:
		to.ident = uint32(c.Metric.Apply(pcp.PMID(o.ident)))
	case labelset.InDom, labelset.Instances:
		to.ident = uint32(c.InDom.Apply(pcp.InDomID(o.ident)))
	}
	return to
}
