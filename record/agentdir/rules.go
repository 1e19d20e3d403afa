package agentdir

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/dlclark/regexp2"

	"github.com/pcparchive/pcparchive/pcp"
)

// Rules are the filters and the metadata of a .url file. The first rule that matches
// decides. The zero value has no rules.
type Rules struct {
	metrics  []filter
	labels   []filter
	metadata []metadataRule
}

// use says what a filter does with a metric or a label.
type use string

const (
	include  use = "INCLUDE"
	exclude  use = "EXCLUDE"
	optional use = "OPTIONAL" // only for labels: recorded, but not in instance names
)

type filter struct {
	use   use
	names *pattern
}

// metadataRule says what the metrics with some names are.
type metadataRule struct {
	names *pattern
	Metadata
}

// Metadata is what a METADATA line, or a "# PCP5" or "# PCP" line of a page, says about a
// metric.
type Metadata struct {
	Name     string // PCP name after that of the source; empty means that of the sample
	Type     pcp.Type
	Singular bool // the metric has no instances, whatever labels it has
	Sem      pcp.Semantics
	Units    pcp.Units
}

// addFilter reads "INCLUDE METRIC regex".
func (r *Rules) addFilter(text string) error {
	words := strings.Fields(text)
	if len(words) < 3 {
		return errors.New("FILTER: want INCLUDE, EXCLUDE or OPTIONAL, then METRIC or LABEL, then a regular expression")
	}
	names, err := compile(strings.Join(words[2:], " "))
	if err != nil {
		return fmt.Errorf("FILTER: %w", err)
	}
	f := filter{use(words[0]), names}
	known := f.use == include || f.use == exclude
	switch {
	case words[1] == "METRIC" && known:
		r.metrics = append(r.metrics, f)
	case words[1] == "LABEL" && (known || f.use == optional):
		r.labels = append(r.labels, f)
	default:
		return errors.New("FILTER: want INCLUDE or EXCLUDE METRIC, or INCLUDE, EXCLUDE or OPTIONAL LABEL")
	}
	return nil
}

// addMetadata reads "regex type indom semantics units…".
func (r *Rules) addMetadata(text string) error {
	words := strings.Fields(text)
	if len(words) < 4 {
		return errors.New("METADATA: want a regular expression, type, instance domain, semantics and units")
	}
	names, err := compile(words[0])
	if err != nil {
		return fmt.Errorf("METADATA: %w", err)
	}
	m, err := metadataOf(words[1], words[2], words[3], words[4:])
	r.metadata = append(r.metadata, metadataRule{names, m})
	if err != nil {
		return fmt.Errorf("METADATA: %w; the metrics get none", err) // as in the agent
	}
	return nil
}

// Excludes reports whether a filter excludes the metric of a sample's name.
func (r *Rules) Excludes(sample string) bool { return useOf(r.metrics, sample) == exclude }

// label returns what becomes of a label.
func (r *Rules) label(name string) use { return useOf(r.labels, name) }

// metadataFor returns the metadata for the metric of a sample's name.
func (r *Rules) metadataFor(sample string) (m Metadata, ok bool) {
	i := slices.IndexFunc(r.metadata, func(rule metadataRule) bool { return rule.names.matches(sample) })
	if i < 0 {
		return m, false
	}
	return r.metadata[i].Metadata, true
}

func useOf(filters []filter, name string) use {
	for _, f := range filters {
		if f.names.matches(name) {
			return f.use
		}
	}
	return include
}

// pattern is a regular expression of Python's that a name must begin with.
type pattern struct {
	fast *regexp.Regexp  // nil if only slow can express it
	slow *regexp2.Regexp // with lookarounds and back references
}

// matchTimeout ends a match that backtracks for too long. The name then does not match.
const matchTimeout = 100 * time.Millisecond

// compile makes a pattern. Go's expressions suffice for all but a few of Python's.
func compile(text string) (*pattern, error) {
	if fast, err := regexp.Compile(`\A(?:` + text + `)`); err == nil {
		return &pattern{fast: fast}, nil
	}
	slow, err := regexp2.Compile(`\A(?:`+strings.ReplaceAll(text, "(?P<", "(?<")+`)`, regexp2.None)
	if err != nil {
		return nil, fmt.Errorf("%q is not a regular expression", text)
	}
	slow.MatchTimeout = matchTimeout
	return &pattern{slow: slow}, nil
}

func (p *pattern) matches(name string) bool {
	if p.fast != nil {
		return p.fast.MatchString(name)
	}
	ok, err := p.slow.MatchString(name)
	return ok && err == nil
}
