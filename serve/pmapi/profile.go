package pmapi

import (
	"maps"

	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/serve/exporter"
)

// profile says which instances a context fetches. It does not change. The zero profile has
// all.
type profile struct {
	none    bool // domains without a rule have no instances
	domains map[pcp.InDomID]rule
}

// rule says which instances of a domain a context fetches: those listed, or all but those.
type rule struct {
	only   bool
	listed map[pcp.InstID]bool
}

// has reports whether the profile has an instance of a domain.
func (p *profile) has(domain pcp.InDomID, id pcp.InstID) bool {
	if domain == pcp.InDomNull {
		return true
	}
	r, ok := p.domains[domain]
	if !ok {
		return !p.none
	}
	return r.listed[id] == r.only
}

// with returns the profile after instances of a domain were added or deleted. Nil ids stand
// for all instances.
func (p *profile) with(domain pcp.InDomID, ids []pcp.InstID, add bool) profile {
	next := profile{none: p.none, domains: maps.Clone(p.domains)}
	if next.domains == nil {
		next.domains = map[pcp.InDomID]rule{}
	}
	r, ok := next.domains[domain]
	switch {
	case ids == nil:
		next.domains[domain] = rule{only: !add}
		return next
	case !ok: // what is added to a domain without a rule are its only instances
		r = rule{only: add || p.none}
	}
	r.listed = maps.Clone(r.listed)
	if r.listed == nil {
		r.listed = map[pcp.InstID]bool{}
	}
	for _, id := range ids {
		if r.only == add {
			r.listed[id] = true
		} else {
			delete(r.listed, id)
		}
	}
	next.domains[domain] = r
	return next
}

// profile adds instances to those that the context fetches, or deletes them.
func (x *request) profile() error {
	expr := x.form.Get("expr")
	if expr != "" && expr != "add" && expr != "del" {
		return exporter.Refusal("%s - invalid 'expr' parameter value", expr)
	}
	c, err := x.choice()
	if err != nil {
		return err
	}
	if expr == "" {
		return exporter.Refusal("invalid profile parameters")
	}
	if err := x.open(); err != nil {
		return err
	}
	n, err := x.namespace()
	if err != nil {
		return err
	}
	if x.form.Get("name") == "" && x.form.Get("indom") == "" {
		x.ctx.mu.Lock()
		x.ctx.profile = profile{none: expr == "del"}
		x.ctx.mu.Unlock()
		return x.done()
	}
	id, err := x.domain(n)
	if err != nil {
		return err
	}
	var ids []pcp.InstID // nil: all
	if !c.all {
		ids = n.chosen(id, c)
	}
	const perInstance, perRequest = 40, 200
	if !x.api.contexts.grow(x.ctx, perRequest+perInstance*len(ids)) {
		return exporter.Refusal("the profiles of all contexts together take too much memory")
	}
	x.ctx.mu.Lock()
	x.ctx.profile = x.ctx.profile.with(id, ids, expr == "add")
	x.ctx.mu.Unlock()
	return x.done()
}

// chosen returns the instances of a domain that a request names. It is not nil.
func (n *namespace) chosen(id pcp.InDomID, c *choice) []pcp.InstID {
	ids := []pcp.InstID{}
	for in := range n.instances(id) {
		if c.has(in) {
			ids = append(ids, in.ID)
		}
	}
	for inst := range c.ids { // an instance may come later
		ids = append(ids, inst)
	}
	return ids
}
