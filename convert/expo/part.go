package expo

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/convert"
)

// part is a family as it will be written.
type part struct {
	family, typ string
	help, unit  string
	suffixed    bool // sample names may differ from the family's
	samples     []placed
	// Some samples got a _total that they do not have; some have one. Both at
	// once means two counters, foo and foo_total.
	renamed, totals bool
}

// placed is a sample in its part.
type placed struct {
	*Sample
	place place
	group int // number of its label set, bound label aside
}

// partsOf arranges families as a format has them.
func partsOf(format Format, families []Family) []*part {
	type key struct{ family, typ string }
	var parts []*part
	index := map[key]*part{}
	for i := range families {
		f := &families[i]
		var at *part // of the sample before, most likely this one's too
		for j := range f.Samples {
			s := &f.Samples[j]
			p := placeOf(format, &f.Family, s)
			if at == nil || at.family != p.family || at.typ != p.typ {
				k := key{p.family, p.typ}
				if at = index[k]; at == nil {
					at = newPart(format, p, &f.Family)
					index[k] = at
					parts = append(parts, at)
				}
			}
			at.add(s, p)
		}
	}
	if format == OpenMetrics {
		parts = adopt(parts)
	}
	return settle(format, parts)
}

func newPart(format Format, p place, f *convert.Family) *part {
	_, suffixed := roles[format][p.typ]
	return &part{family: p.family, typ: p.typ, help: f.Help, unit: f.Unit, suffixed: suffixed}
}

func (p *part) add(s *Sample, at place) {
	p.renamed = p.renamed || at.sample != s.Name
	p.totals = p.totals || at.sample == s.Name && at.role.suffix == "_total"
	p.samples = append(p.samples, placed{Sample: s, place: at})
}

// adopt moves each gauge foo_created, which is how the text format has it, to
// the counter, histogram or summary foo.
func adopt(parts []*part) []*part {
	owners := map[string]*part{}
	for _, p := range parts {
		switch p.typ {
		case convert.TypeCounter, convert.TypeHistogram, convert.TypeSummary:
			owners[p.family] = p
		}
	}
	return slices.DeleteFunc(parts, func(p *part) bool {
		base, ok := strings.CutSuffix(p.family, created.suffix)
		owner := owners[base]
		if !ok || owner == nil || p.typ != convert.TypeGauge {
			return false
		}
		for _, s := range p.samples {
			owner.add(s.Sample, place{family: base, typ: owner.typ, sample: s.Name, role: created})
		}
		return true
	})
}

// settle makes parts of which no two claim a name: suffixed ones that do become
// one plain part per sample name, and plain ones of one name become one.
func settle(format Format, parts []*part) []*part {
	for {
		claims := map[string]int{}
		for _, p := range parts {
			for _, name := range p.claims(format) {
				claims[name]++
			}
		}
		clash := false
		var next []*part
		plain := map[string]*part{}
		for _, p := range parts {
			split := p.suffixed && (p.renamed && p.totals ||
				slices.ContainsFunc(p.claims(format), func(name string) bool { return claims[name] > 1 }))
			clash = clash || split
			switch {
			case split:
				next = p.split(format, next, plain)
			case p.suffixed:
				next = append(next, p)
			default:
				next = p.join(format, next, plain)
			}
		}
		parts = next
		if !clash {
			return parts
		}
	}
}

// claims returns the names that a strict parser takes to belong to p.
func (p *part) claims(format Format) []string {
	names := []string{p.family}
	if p.suffixed {
		for _, r := range roles[format][p.typ] {
			if r.suffix != "" {
				names = append(names, p.family+r.suffix)
			}
		}
	}
	return names
}

// split adds p to parts as plain parts.
func (p *part) split(format Format, parts []*part, plain map[string]*part) []*part {
	typ := convert.TypeUnknown
	if format == Text {
		typ = typeUntyped
	}
	singles := map[string]*part{}
	var order []*part
	for _, s := range p.samples {
		single := singles[s.Name]
		if single == nil {
			single = &part{family: s.Name, typ: typ, help: p.help, unit: p.unit}
			singles[s.Name] = single
			order = append(order, single)
		}
		s.place = place{family: s.Name, typ: typ, sample: s.Name}
		single.samples = append(single.samples, s)
	}
	for _, single := range order {
		parts = single.join(format, parts, plain)
	}
	return parts
}

// join adds the plain part p to parts, or its samples to the one that has its
// name already.
func (p *part) join(format Format, parts []*part, plain map[string]*part) []*part {
	first := plain[p.family]
	if first == nil {
		plain[p.family] = p
		return append(parts, p)
	}
	if first.typ != p.typ {
		first.typ = convert.TypeUnknown
		if format == Text {
			first.typ = typeUntyped
		}
	}
	first.help, first.unit = cmp.Or(first.help, p.help), cmp.Or(first.unit, p.unit)
	first.samples = append(first.samples, p.samples...)
	return parts
}
