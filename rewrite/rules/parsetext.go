package rules

// textRule parses a rule for help texts.
func (p *parser) textRule(pos Pos) (Rule, error) {
	r := &Text{Pos: pos}
	t, err := p.word("metric or indom after text")
	if err != nil {
		return nil, err
	}
	switch {
	case t.is("metric"):
		id, err := p.metricID()
		if err != nil {
			return nil, err
		}
		r.Metric = &id
	case t.is("indom"):
		id, err := p.indomID()
		if err != nil {
			return nil, err
		}
		r.InDom = &id
	default:
		return nil, want(t, "metric or indom after text")
	}
	if err := p.textSelection(r); err != nil {
		return nil, err
	}
	r.Clauses, err = p.clauses("delete, indom, metric, text", r.clause)
	return r, err
}

// textSelection parses which texts a rule selects, until a brace.
func (p *parser) textSelection(r *Text) error {
	for {
		t, err := p.peek()
		switch {
		case err != nil:
			return err
		case t.is("oneline"):
			r.OneLine = true
		case t.is("help"):
			r.Help = true
		case t.is("all") || t.is("*"):
			r.OneLine, r.Help = true, true
		case t.kind == kindString && r.Content == nil:
			content := unescape(t.text)
			r.Content = &content
		case t.kind == kindPunct && t.text == "{":
			if !r.OneLine && !r.Help {
				r.OneLine = true
			}
			return nil
		default:
			return want(t, "oneline, help, all, a text in quotes or {")
		}
		p.ahead = false
	}
}

// clause parses a clause of a rule for texts.
func (r *Text) clause(p *parser, keyword string, t token) (Clause, error) {
	switch {
	case keyword == "delete":
		return &Delete{t.pos}, nil
	case keyword != "text" && (keyword != "metric" || r.Metric == nil) && (keyword != "indom" || r.InDom == nil):
		return nil, nil
	}
	if err := p.arrow(keyword); err != nil {
		return nil, err
	}
	switch keyword {
	case "indom":
		id, err := p.indomID()
		return &ToInDom{Pos: t.pos, Target: id}, err
	case "metric":
		id, err := p.pmid()
		return &ToMetric{t.pos, id}, err
	}
	text, err := p.str("the new text")
	return &SetText{t.pos, text}, err
}
