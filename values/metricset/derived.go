package metricset

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/derive"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/values"
)

// nextDefinition matches the comma before a definition.
var nextDefinition = regexp.MustCompile(`,\s*([A-Za-z][\w.]*\s*=[^=]|[/.])`)

// derived returns the definitions of the option derived: NAME = EXPRESSION, or a file of
// them, with semicolons between, or commas if there is no semicolon.
func (s *Set) derived() (all []derive.Definition, err error) {
	text := s.Options.Text("derived")
	if !strings.Contains(text, ";") {
		text = nextDefinition.ReplaceAllString(text, ";$1")
	}
	for part := range strings.SplitSeq(text, ";") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		var found []derive.Definition
		if strings.HasPrefix(part, "/") || strings.HasPrefix(part, ".") {
			found, err = derive.Load(part)
		} else {
			found, err = define(part)
		}
		if err != nil {
			return nil, fmt.Errorf("set %s: option derived: %w", s.Name, err)
		}
		all = append(all, found...)
	}
	return all, nil
}

// define parses a definition.
func define(text string) ([]derive.Definition, error) {
	found, wrong := derive.ParseConfig(text)
	if len(wrong) > 0 {
		return nil, wrong[0]
	}
	return found, nil
}

// find looks up a metric or the operands of its formula. sample describes the metric, or
// the first one below its name.
func (x *selector) find(m Metric) (sample *meta.Desc, reason, err error) {
	if d := describe(x.hosts, m.Name); d != nil {
		return d, nil, nil
	}
	var def derive.Definition
	switch i := slices.IndexFunc(x.system, func(d derive.Definition) bool { return d.Name == m.Name }); {
	case m.Formula != "":
		expr, err := derive.Parse(strings.Join(strings.Fields(m.Formula), " "))
		if err != nil {
			return nil, nil, fmt.Errorf("formula %q: %w", m.Formula, err)
		}
		def = derive.Definition{Name: m.Name, Expr: expr}
	case i >= 0:
		def = x.system[i]
	default:
		return nil, ErrNoMetric, nil
	}
	sample, reason = bind(x.hosts, def)
	if reason == nil {
		x.Derived = append(x.Derived, def)
	}
	return sample, reason, nil
}

// bind describes a derived metric of the first host that has its operands.
func bind(hosts *store.Hosts, def derive.Definition) (*meta.Desc, error) {
	reason := ErrNoMetric
	for _, set := range hosts.Sets() {
		var m *derive.Metric
		if m, reason = values.Bind(set, def); reason == nil {
			return &meta.Desc{Type: m.Type, InDom: m.InDom, Sem: m.Sem, Units: m.Units, Names: []string{m.Name}}, nil
		}
	}
	return nil, reason
}
