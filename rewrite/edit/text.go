package edit

import (
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite/rules"
)

type textKey struct {
	typ   meta.TextType
	ident uint32
}

// text is what changes of a help text.
type text struct {
	remove bool
	ident  *uint32
	text   *string
	set    map[string]rules.Pos
}

// textRule binds a rule for help texts.
func (b *binder) textRule(r *rules.Text) {
	if r.Metric != nil && r.Metric.Name != "" && len(b.selected(*r.Metric)) == 0 {
		b.warn(r.Pos, "no metric %s", *r.Metric)
		return
	}
	found := false
	for t := range b.store.Texts() {
		if !b.selectsText(r, t) {
			continue
		}
		found = true
		key := textKey{t.Type, t.Ident}
		x, ok := b.texts[key]
		if !ok {
			x = &text{set: map[string]rules.Pos{}}
			b.texts[key] = x
		}
		for _, c := range r.Clauses {
			b.textClause(x, t, c)
		}
	}
	if !found {
		b.warn(r.Pos, "no such help text")
	}
}

// selectsText reports whether a rule selects a text.
func (b *binder) selectsText(r *rules.Text, t meta.Text) bool {
	if t.Type&meta.TextOneLine != 0 && !r.OneLine || t.Type&meta.TextHelp != 0 && !r.Help || r.Content != nil && *r.Content != t.Text {
		return false
	}
	if t.Type&meta.TextInDom != 0 {
		return r.InDom != nil && r.InDom.Matches(pcp.InDomID(t.Ident))
	}
	switch {
	case r.Metric == nil:
		return false
	case r.Metric.Name == "":
		return r.Metric.MatchesID(pcp.PMID(t.Ident))
	}
	d, ok := b.store.Desc(pcp.PMID(t.Ident))
	return ok && r.Metric.Matches(d)
}

func (b *binder) textClause(x *text, t meta.Text, c rules.Clause) {
	pos := c.Position()
	of := "the help text of " + ownerOfText(t)
	switch c := c.(type) {
	case *rules.Delete:
		x.remove = b.once(x.set, pos, "existence", of) || x.remove
	case *rules.SetText:
		if c.Text == t.Text {
			b.warn(pos, "%s is this text already", of)
		} else if b.once(x.set, pos, "content", of) {
			x.text = &c.Text
		}
	case *rules.ToMetric:
		b.moveText(x, t, uint32(c.Target.Apply(pcp.PMID(t.Ident))), pos)
	case *rules.ToInDom:
		if _, ok := b.source(c.Target.Apply(pcp.InDomID(t.Ident))); !ok {
			b.fail(pos, "the new instance domain %s of the help text does not exist in the output", c.Target.Apply(pcp.InDomID(t.Ident)))
			return
		}
		b.moveText(x, t, uint32(c.Target.Apply(pcp.InDomID(t.Ident))), pos)
	}
}

func (b *binder) moveText(x *text, t meta.Text, ident uint32, pos rules.Pos) {
	of := "the help text of " + ownerOfText(t)
	if ident == t.Ident {
		b.warn(pos, "%s is there already", of)
	} else if b.once(x.set, pos, "owner", of) {
		x.ident = &ident
	}
}

// ownerOfText returns the metric or instance domain of a text.
func ownerOfText(t meta.Text) string {
	if t.Type&meta.TextInDom != 0 {
		return pcp.InDomID(t.Ident).String()
	}
	return pcp.PMID(t.Ident).String()
}

// textRecord writes a help text after its changes.
func (p *Plan) textRecord(r *meta.Text) {
	x, ok := p.texts[textKey{r.Type, r.Ident}]
	if ok && x.remove {
		return
	}
	out := *r
	if ok && x.text != nil {
		out.Text = *x.text
	}
	if ok && x.ident != nil {
		out.Ident = *x.ident
		p.emit(&out)
		return
	}
	if r.Type&meta.TextInDom == 0 {
		if m, changed := p.metrics[pcp.PMID(r.Ident)]; changed {
			if m.remove {
				return
			}
			out.Ident = uint32(m.pmid)
		}
		p.emit(&out)
		return
	}
	in, changed := p.indoms[pcp.InDomID(r.Ident)]
	if !changed {
		p.emit(&out)
		return
	}
	p.copies(in, func(id pcp.InDomID) {
		c := out
		c.Ident = uint32(id)
		p.emit(&c)
	})
}
