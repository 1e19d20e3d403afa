package values

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Spec selects metrics and instances.
type Spec struct {
	// Name is a metric or a subtree such as disk.dev; "" selects all metrics.
	Name string
	// Instances are names of instances; none means all.
	Instances []string
	// Patterns select instances in addition, as pmrep's configuration files do. They hide no
	// metric without instances.
	Patterns []Pattern
	// Raw keeps counters as recorded, even if Options.Rates is true.
	Raw bool
	// Unit is the unit of the values, such as KB: for a counter that becomes a rate, the
	// unit of its increase per second. "" means Options.Units, or the units of the metric.
	Unit string
	// Limit leaves out values below it or, if it is negative, those above its absolute
	// value. Zero means no limit.
	Limit float64
}

// ParseSpec parses NAME or NAME[instance,…]. An instance may stand in double quotes, in
// which it may hold commas and brackets.
func ParseSpec(text string) (Spec, error) {
	name, rest, bracket := strings.Cut(text, "[")
	if name == "" {
		return Spec{}, fmt.Errorf("metric %q: the name is missing", text)
	}
	if !bracket {
		return Spec{Name: name}, nil
	}
	body, closed := strings.CutSuffix(rest, "]")
	if !closed {
		return Spec{}, fmt.Errorf("metric %q: want ] at the end", text)
	}
	instances, err := splitInstances(body)
	if err != nil {
		return Spec{}, fmt.Errorf("metric %q: %w", text, err)
	}
	return Spec{Name: name, Instances: instances}, nil
}

// ParseSpecs parses several Specs.
func ParseSpecs(texts []string) ([]Spec, error) {
	specs := make([]Spec, 0, len(texts))
	for _, text := range texts {
		s, err := ParseSpec(text)
		if err != nil {
			return nil, err
		}
		specs = append(specs, s)
	}
	return specs, nil
}

// splitInstances splits names at commas outside quotes.
func splitInstances(text string) (names []string, err error) {
	for {
		text = strings.TrimLeft(text, " ")
		var name string
		if quoted, ok := strings.CutPrefix(text, `"`); ok {
			if name, text, ok = strings.Cut(quoted, `"`); !ok {
				return nil, fmt.Errorf("a quote is not closed")
			}
			text = strings.TrimLeft(text, " ")
			if text != "" && text[0] != ',' {
				return nil, fmt.Errorf("want a comma after %q", name)
			}
		} else if end := strings.IndexByte(text, ','); end >= 0 {
			name, text = strings.TrimRight(text[:end], " "), text[end:]
		} else {
			name, text = strings.TrimRight(text, " "), ""
		}
		if name == "" {
			return nil, fmt.Errorf("the name of an instance is empty")
		}
		names = append(names, name)
		if text == "" {
			return names, nil
		}
		text = text[1:]
	}
}

// String returns the form that ParseSpec reads.
func (s Spec) String() string {
	if len(s.Instances) == 0 {
		return s.Name
	}
	names := slices.Clone(s.Instances)
	for i, name := range names {
		if strings.ContainsAny(name, `,[]`) || strings.TrimSpace(name) != name {
			names[i] = `"` + name + `"`
		}
	}
	return s.Name + "[" + strings.Join(names, ",") + "]"
}

// matches reports whether s selects an instance of a metric. Instances of a metric are
// known by their names; as in PCP's tools, a name without a blank also selects the
// instance whose name has more words after it.
func (s Spec) matches(d *meta.Desc, in *meta.Instance) bool {
	if !d.Matches(s.Name) {
		return false
	}
	if len(s.Patterns) > 0 && len(s.Instances) == 0 && d.InDom == pcp.InDomNull {
		return true
	}
	if len(s.Patterns) > 0 && slices.ContainsFunc(s.Patterns, func(p Pattern) bool { return p.Match(in.Name) }) {
		return true
	}
	return len(s.Instances)+len(s.Patterns) == 0 || slices.ContainsFunc(s.Instances, func(name string) bool { return sameInstance(in.Name, name) })
}

// sameInstance reports whether name selects the instance called have.
func sameInstance(have, name string) bool {
	if have == name {
		return true
	}
	first, _, more := strings.Cut(have, " ")
	return more && first == name
}
