package rules

import (
	"strings"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

var levels = map[string]labelset.Level{
	"context": labelset.Context, "domain": labelset.Domain, "cluster": labelset.Cluster,
	"item": labelset.Item, "indom": labelset.InDom, "instances": labelset.Instances,
}

// label parses a rule for labels.
func (p *parser) label(pos Pos) (Rule, error) {
	const form = "context, domain, cluster, item, indom or instances after label"
	r := &Label{Pos: pos}
	t, err := p.word(form)
	if err != nil {
		return nil, err
	}
	level, ok := levels[strings.ToLower(t.text)]
	if !ok {
		return nil, want(t, form)
	}
	r.Level = level
	owner, err := p.owner(level, true)
	if err != nil {
		return nil, err
	}
	r.Domain, r.Cluster, r.Metric, r.InDom = owner.Domain, owner.Cluster, owner.Metric, owner.InDom
	if err := p.labelSelection(r); err != nil {
		return nil, err
	}
	r.Clauses, err = p.clauses("delete, new, label, value, "+levelName(level), r.clause)
	return r, err
}

// levelName returns the keyword of a level.
func levelName(level labelset.Level) string {
	for name, l := range levels {
		if l == level {
			return name
		}
	}
	return ""
}

// owner parses the owner of labels. byName says that a metric may have a name.
func (p *parser) owner(level labelset.Level, byName bool) (o MoveLabel, err error) {
	switch level {
	case labelset.Domain:
		n, err := p.number("domain", 1, maxDomain)
		o.Domain = uint32(n)
		return o, err
	case labelset.Cluster:
		o.Domain, o.Cluster, err = p.cluster()
	case labelset.Item:
		var id MetricPattern
		if byName {
			id, err = p.metricID()
		} else {
			id, err = p.pmid()
		}
		o.Metric = &id
	case labelset.InDom, labelset.Instances:
		var id InDomPattern
		id, err = p.indomID()
		o.InDom = &id
	}
	return o, err
}

// cluster parses DOMAIN.CLUSTER. The cluster is nil for an asterisk.
func (p *parser) cluster() (domain uint32, cluster *uint32, err error) {
	const form = "DOMAIN.CLUSTER or DOMAIN.*"
	t, err := p.word(form)
	if err != nil {
		return 0, nil, err
	}
	parts := strings.Split(t.text, ".")
	if len(parts) != 2 {
		return 0, nil, want(t, form)
	}
	if domain, err = domainOf(t, parts[0]); err != nil {
		return 0, nil, err
	}
	n, star, err := numberOrStar(t, parts[1], "cluster", maxCluster)
	if err != nil || star {
		return domain, nil, err
	}
	return domain, &n, nil
}

// labelSelection parses which labels a rule selects, until a brace: for the level instances
// an instance, then a name, then a value. An asterisk selects all.
func (p *parser) labelSelection(r *Label) error {
	steps := []func(t token) error{selectText(&r.Name, "the name"), selectText(&r.Value, "the value")}
	if r.Level == labelset.Instances {
		steps = append([]func(t token) error{r.selectInst}, steps...)
	}
	for {
		t, err := p.peek()
		switch {
		case err != nil:
			return err
		case t.kind == kindPunct && t.text == "{":
			return nil
		case len(steps) == 0:
			return want(t, "{")
		case !t.is("*"):
			if err := steps[0](t); err != nil {
				return err
			}
		}
		steps = steps[1:]
		p.ahead = false
	}
}

func (r *Label) selectInst(t token) error {
	if t.kind == kindString {
		r.Inst = &InstPattern{Name: unescape(t.text)}
		return nil
	}
	n, err := numberOf(t, t.text, "an instance: its number, its name in quotes, or *", 0, maxInst)
	if t.kind != kindWord || err != nil {
		return want(t, "an instance: its number, its name in quotes, or *")
	}
	r.Inst = &InstPattern{ID: pcp.InstID(n)}
	return nil
}

// selectText selects labels by their name or by their value.
func selectText(text **string, what string) func(token) error {
	return func(t token) error {
		if t.kind != kindString {
			return want(t, what+" of a label in quotes, or *")
		}
		selected := unescape(t.text)
		*text = &selected
		return nil
	}
}

// clause parses a clause of a rule for labels.
func (r *Label) clause(p *parser, keyword string, t token) (Clause, error) {
	switch keyword {
	case "delete":
		return &Delete{t.pos}, nil
	case "new":
		name, err := p.labelName("the name of the new label")
		if err != nil {
			return nil, err
		}
		value, err := p.str("the value of the new label")
		return &NewLabel{t.pos, name, value}, err
	case "label", "value":
		if err := p.arrow(keyword); err != nil {
			return nil, err
		}
		if keyword == "label" {
			name, err := p.labelName("the new name")
			return &SetLabelName{t.pos, name}, err
		}
		value, err := p.str("the new value")
		return &SetLabelValue{t.pos, value}, err
	}
	if r.Level == labelset.Context || keyword != levelName(r.Level) {
		return nil, nil
	}
	if err := p.arrow(keyword); err != nil {
		return nil, err
	}
	o, err := p.owner(r.Level, false)
	o.Pos = t.pos
	return &o, err
}

// labelName parses the name of a label.
func (p *parser) labelName(what string) (string, error) {
	t, err := p.peek()
	if err != nil {
		return "", err
	}
	name, err := p.str(what)
	if err != nil {
		return "", err
	}
	if _, err := labelset.New(labelset.Context, labelset.String(name, "")); err != nil {
		return "", fail(t, "%v", err)
	}
	return name, nil
}
