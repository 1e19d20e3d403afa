package naming

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
)

// LeafName turns the name of a Prometheus sample into one that a PCP name may
// end with: ':' becomes '.', and a component that PCP does not allow is escaped
// as Prometheus escapes names in its "values" scheme: "U__", then '_' doubled
// and every other character outside [A-Za-z0-9] as its code point, _3a_.
func LeafName(name string) string {
	components := strings.Split(strings.ReplaceAll(name, ":", "."), ".")
	for i, c := range components {
		if !ValidComponent(c) {
			components[i] = escape(c)
		}
	}
	return strings.Join(components, ".")
}

// ValidComponent reports whether c may stand between the dots of a PCP name: a
// letter, then letters, digits and underscores.
func ValidComponent(c string) bool {
	for i, r := range c {
		if !isLetter(r) && (i == 0 || r != '_' && !isDigit(r)) {
			return false
		}
	}
	return c != ""
}

func escape(c string) string {
	var b strings.Builder
	b.WriteString("U__")
	for _, r := range c {
		switch {
		case r == '_':
			b.WriteString("__")
		case isLetter(r) || isDigit(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "_%x_", r)
		}
	}
	return b.String()
}

// unescape undoes escape. ok is false if name is not an escaped one.
func unescape(name string) (plain string, ok bool) {
	rest, ok := strings.CutPrefix(name, "U__")
	var b strings.Builder
	for ok && rest != "" {
		before, after, found := strings.Cut(rest, "_")
		b.WriteString(before)
		if !found {
			break
		}
		code, tail, closed := strings.Cut(after, "_")
		r, err := strconv.ParseUint(code, 16, 31)
		switch {
		case !closed:
			return "", false
		case code == "":
			b.WriteByte('_')
		case err != nil:
			return "", false
		default:
			b.WriteRune(rune(r))
		}
		rest = tail
	}
	return b.String(), ok
}

// labelName returns the PCP name of a Prometheus label: itself or, where it has
// characters that PCP's label names may not have, escaped as in [LeafName].
func LabelName(name string) string {
	for _, r := range name {
		if !isLetter(r) && !isDigit(r) && r != '_' {
			return escape(name)
		}
	}
	if strings.HasPrefix(name, "U__") {
		return escape(name)
	}
	return name
}

// originalLabel undoes labelName.
func OriginalLabel(name string) string {
	if plain, ok := unescape(name); ok {
		return plain
	}
	return name
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
func isDigit(r rune) bool  { return r >= '0' && r <= '9' }

// SourceName turns any text, such as a host, into a valid PCP name component:
// what is not a letter or digit becomes an underscore.
func SourceName(text string) string {
	name := strings.Map(func(r rune) rune {
		if isLetter(r) || isDigit(r) {
			return r
		}
		return '_'
	}, text)
	if name == "" || !isLetter(rune(name[0])) {
		name = "s" + name
	}
	return name
}

// PrometheusName turns a PCP metric name into a Prometheus one.
func PrometheusName(metric string) string { return legacyName(metric, true) }

// legacyName replaces what Prometheus' classic names may not hold.
func legacyName(name string, colon bool) string {
	ok := func(i int, r rune) bool {
		return isLetter(r) || r == '_' || colon && r == ':' || i > 0 && isDigit(r)
	}
	var b strings.Builder
	for i, r := range name {
		if ok(i, r) {
			b.WriteRune(r)
		} else {
			b.WriteByte('_')
		}
	}
	return b.String()
}

// Suffix returns what a sample's name has beyond its family's, "" if nothing or
// if the family's name is not its beginning.
func Suffix(sample, family string) string {
	s, ok := strings.CutPrefix(sample, family)
	if !ok {
		return ""
	}
	return s
}

// SemanticsOf returns the semantics of a sample of a family: what its type says
// and, for a family without a type alone, whether the name ends in _total.
func SemanticsOf(sample string, f prom.Family) pcp.Semantics {
	suffix := Suffix(sample, f.Name)
	counter := false
	switch f.Type {
	case prom.TypeCounter:
		counter = suffix != "_created"
	case prom.TypeHistogram:
		counter = suffix == "_bucket" || suffix == "_sum" || suffix == "_count"
	case prom.TypeSummary:
		counter = suffix == "_sum" || suffix == "_count"
	case prom.TypeUnknown, "":
		counter = strings.HasSuffix(sample, "_total")
	}
	if counter {
		return pcp.SemCounter
	}
	return pcp.SemInstant
}

var (
	CountUnits = pcp.Units{DimCount: 1}
	// unitWords are the words of a name, between underscores, that tell a unit.
	unitWords = map[string]pcp.Units{
		"seconds":      {DimTime: 1, ScaleTime: pcp.TimeSec},
		"milliseconds": {DimTime: 1, ScaleTime: pcp.TimeMillisec},
		"microseconds": {DimTime: 1, ScaleTime: pcp.TimeMicrosec},
		"nanoseconds":  {DimTime: 1, ScaleTime: pcp.TimeNanosec},
		"bytes":        {DimSpace: 1, ScaleSpace: pcp.SpaceByte},
		"kilobytes":    {DimSpace: 1, ScaleSpace: pcp.SpaceKbyte},
		"megabytes":    {DimSpace: 1, ScaleSpace: pcp.SpaceMbyte},
		"gigabytes":    {DimSpace: 1, ScaleSpace: pcp.SpaceGbyte},
	}
)

// UnitsOf returns the units of a sample of a family, from its declared unit or
// else from the words of its name. Observations and buckets are counts.
func UnitsOf(sample string, f prom.Family) pcp.Units {
	suffix := Suffix(sample, f.Name)
	switch f.Type {
	case prom.TypeHistogram, prom.TypeGaugeHistogram, prom.TypeSummary:
		if suffix == "_count" || suffix == "_bucket" || suffix == "_gcount" {
			return CountUnits
		}
	}
	if suffix == "_created" && f.Type != "" && f.Type != prom.TypeUnknown {
		return unitWords["seconds"]
	}
	if u, ok := unitWords[f.Unit]; ok {
		return u
	}
	for _, word := range strings.Split(sample, "_") {
		if u, ok := unitWords[word]; ok {
			return u
		}
	}
	return pcp.Units{}
}
