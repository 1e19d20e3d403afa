package expo

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
)

// part is a family in the form in which a format writes it.
type part struct {
	familyKey
	help, unit string
	origin     *history.Metric // the PCP metric that the family is made from; nil if there is none
	suffixed   bool            // sample names may differ from the family's
	samples    []placedSample
}

// partsOf arranges families for a format. No two parts claim the same name.
func partsOf(format Format, families []Family) []*part {
	var parts []*part
	index := map[familyKey]*part{}
	for i := range families {
		f := &families[i]
		var at *part // part of the previous sample, most likely of this one, too
		for j := range f.Samples {
			k, s := placeOf(format, &f.Family, &f.Samples[j])
			if at == nil || at.familyKey != k {
				if at = index[k]; at == nil {
					at = newPart(format, k, f)
					index[k] = at
					parts = append(parts, at)
				}
				at.help, at.unit = cmp.Or(at.help, f.Help), cmp.Or(at.unit, f.Unit)
			}
			at.add(s)
		}
	}
	if format == OpenMetrics {
		parts = adoptCreated(parts)
	}
	return resolveClashes(format, parts)
}

func newPart(format Format, k familyKey, f *Family) *part {
	_, suffixed := roles[format][k.typ]
	return &part{familyKey: k, help: f.Help, unit: f.Unit, origin: f.PCPMetric, suffixed: suffixed, samples: make([]placedSample, 0, len(f.Samples))}
}

func (p *part) add(s placedSample) {
	p.samples = append(p.samples, s)
}

// adoptCreated moves the samples of each gauge foo_created to the counter,
// histogram or summary foo. The text format has no other form for them.
func adoptCreated(parts []*part) []*part {
	owners := map[string]*part{}
	for _, p := range parts {
		switch p.typ {
		case prom.TypeCounter, prom.TypeHistogram, prom.TypeSummary:
			owners[p.family] = p
		}
	}
	return slices.DeleteFunc(parts, func(p *part) bool {
		base, ok := strings.CutSuffix(p.family, created.suffix)
		owner := owners[base]
		if !ok || owner == nil || p.typ != prom.TypeGauge {
			return false
		}
		for _, s := range p.samples {
			s.role = created
			owner.add(s)
		}
		return true
	})
}

// resolveClashes rearranges parts until no two claim the same name. A suffixed part
// in a clash becomes one plain part for each sample name. Plain parts of one name
// become one.
func resolveClashes(format Format, parts []*part) []*part {
	for {
		claims := map[string]int{}
		for _, p := range parts {
			for _, name := range p.claims(format) {
				claims[name]++
			}
		}
		clash := false
		var next []*part
		singles := map[string]*part{}
		for _, p := range parts {
			split := p.suffixed && slices.ContainsFunc(p.claims(format), func(name string) bool { return claims[name] > 1 })
			clash = clash || split
			switch {
			case split:
				next = p.split(format, next, singles)
			case p.suffixed:
				next = append(next, p)
			default:
				next = p.join(format, next, singles)
			}
		}
		parts = next
		if !clash {
			return parts
		}
	}
}

// claims returns the names that a strict parser reserves for p.
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

// split adds p to parts as one plain part for each sample name.
func (p *part) split(format Format, parts []*part, singles map[string]*part) []*part {
	typ := prom.TypeUnknown
	if format == Text {
		typ = typeUntyped
	}
	own := map[string]*part{}
	var order []*part
	for _, s := range p.samples {
		single := own[s.Name]
		if single == nil {
			single = &part{familyKey: familyKey{s.Name, typ}, help: p.help, unit: p.unit, origin: p.origin}
			own[s.Name] = single
			order = append(order, single)
		}
		s.role = plain
		single.samples = append(single.samples, s)
	}
	for _, single := range order {
		parts = single.join(format, parts, singles)
	}
	return parts
}

// join adds the plain part p to parts. If one of them has its name, join adds the
// samples to that part.
func (p *part) join(format Format, parts []*part, singles map[string]*part) []*part {
	first := singles[p.family]
	if first == nil {
		singles[p.family] = p
		return append(parts, p)
	}
	if first.typ != p.typ {
		first.typ = prom.TypeUnknown
		if format == Text {
			first.typ = typeUntyped
		}
	}
	first.help, first.unit = cmp.Or(first.help, p.help), cmp.Or(first.unit, p.unit)
	first.samples = append(first.samples, p.samples...)
	return parts
}
