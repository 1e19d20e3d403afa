package naming

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
)

// LeafName turns the name of a Prometheus sample into the last components of a
// PCP name. ':' becomes '.'. A component that PCP rejects is escaped as in
// Prometheus' "values" scheme: "U__", then '_' doubled and every other character
// outside [A-Za-z0-9] as its code point in hexadecimal, such as _3a_.
func LeafName(name string) string {
	components := strings.Split(strings.ReplaceAll(name, ":", "."), ".")
	for i, c := range components {
		if !ValidComponent(c) {
			components[i] = escape(c)
		}
	}
	return strings.Join(components, ".")
}

// ValidComponent reports whether c is a valid component of a PCP name: a letter,
// then letters, digits and underscores.
func ValidComponent(c string) bool {
	for i, r := range c {
		if !isLetter(r) && (i == 0 || r != '_' && !isDigit(r)) {
			return false
		}
	}
	return c != ""
}

// escape writes text in the "values" scheme, see [LeafName].
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

// unescape undoes escape. ok is false if escape did not write name.
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

// LabelName returns the PCP name of a Prometheus label. A name with characters
// that PCP rejects is escaped as in [LeafName], and so is one that looks escaped.
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

// OriginalLabel undoes LabelName.
func OriginalLabel(name string) string {
	if plain, ok := unescape(name); ok {
		return plain
	}
	return name
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
func isDigit(r rune) bool  { return r >= '0' && r <= '9' }

// SourceName turns any text, such as a host, into a valid component of a PCP
// name. Every character except letters and digits becomes an underscore. If the
// first character is no letter, an s comes before it.
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

// PrometheusName turns the name of a PCP metric into a classic Prometheus name:
// every character that is invalid there, such as a dot, becomes an underscore.
func PrometheusName(metric string) string { return legacyName(metric, true) }

// legacyName replaces the characters that classic Prometheus names cannot hold.
// colon allows colons: metrics may have them, labels may not.
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

// Suffix returns the end of a sample's name after the name of its family. It
// returns "" if the sample's name does not begin with the family's.
func Suffix(sample, family string) string {
	s, ok := strings.CutPrefix(sample, family)
	if !ok {
		return ""
	}
	return s
}

// SemanticsOf returns the semantics of a sample: counter or instant. The type of
// the family decides. If the type is unknown, names in _total are counters.
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
	// CountUnits are the units of plain counts, such as those of a histogram.
	CountUnits = pcp.Units{DimCount: 1}
	// unitWords maps words of a name, between underscores, to units.
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

// UnitsOf returns the units of a sample: from the family's declared unit, else
// from the words of the sample's name, else none. Counts and buckets of
// histograms and summaries have [CountUnits].
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
	for word := range strings.SplitSeq(sample, "_") {
		if u, ok := unitWords[word]; ok {
			return u
		}
	}
	return pcp.Units{}
}
