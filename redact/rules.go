package redact

import (
	_ "embed" // for builtinRules
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v2"

	"github.com/pcparchive/pcparchive/internal/glob"
	"github.com/pcparchive/pcparchive/internal/lazyregexp"
	"github.com/pcparchive/pcparchive/meta"
)

//go:embed rules.yml
var builtinRules string

// BuiltinRules returns the text of the rules that always count.
func BuiltinRules() string { return builtinRules }

// Kind is what a text names, such as user. Pseudonyms begin with it.
type Kind string

// The kinds that have a form of their own, or a special meaning.
const (
	KindNone      Kind = "none" // of a rule: the texts are not replaced as a whole
	KindHost      Kind = "host"
	KindDomain    Kind = "domain"
	KindUser      Kind = "user"
	KindProcess   Kind = "process"
	KindCommand   Kind = "command"
	KindContainer Kind = "container"
	KindAddress   Kind = "address"
	KindSecret    Kind = "secret"
)

var kindName = lazyregexp.New(`^[a-z][a-z0-9]{1,15}$`)

// Rule says which texts are of a kind. See the head of the built-in rules.
type Rule struct {
	Kind      Kind     `yaml:"kind"`
	Optional  bool     `yaml:"optional"`
	Metrics   []string `yaml:"metrics"`
	Instances []string `yaml:"instances"`
	Labels    []string `yaml:"labels"`
	Pattern   string   `yaml:"pattern"`

	re *regexp.Regexp // Pattern, or nil
}

// Rules describe texts to replace.
type Rules struct {
	Rules        []Rule   `yaml:"rules"`
	Keep         []string `yaml:"keep"`
	KeepNetworks []string `yaml:"keep-networks"`
	Common       []string `yaml:"common"`

	keep   map[string]bool
	common map[string]bool
	nets   []netip.Prefix
}

// ParseRules parses rules in YAML.
func ParseRules(text []byte) (*Rules, error) {
	r := &Rules{}
	if err := yaml.UnmarshalStrict(text, r); err != nil {
		return nil, err
	}
	for i := range r.Rules {
		if err := r.Rules[i].check(); err != nil {
			return nil, fmt.Errorf("rule %d: %w", i+1, err)
		}
	}
	for _, text := range r.KeepNetworks {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("keep-networks: %w", err)
		}
		r.nets = append(r.nets, p.Masked())
	}
	return r, nil
}

// check completes a rule.
func (r *Rule) check() (err error) {
	switch {
	case !kindName().MatchString(string(r.Kind)):
		return fmt.Errorf("kind %q: want a word of 2 to 16 small letters and digits", r.Kind)
	case r.Kind == KindAddress:
		return fmt.Errorf("kind %s needs no rule", r.Kind)
	case r.Pattern == "" && len(r.Metrics)+len(r.Instances)+len(r.Labels) == 0:
		return fmt.Errorf("kind %s: want metrics, instances, labels or a pattern", r.Kind)
	case r.Pattern == "":
		return nil
	}
	if r.re, err = regexp.Compile(r.Pattern); err != nil {
		return fmt.Errorf("kind %s: %w", r.Kind, err)
	}
	if r.re.NumSubexp() != 1 {
		return fmt.Errorf("kind %s: pattern %q: want one group", r.Kind, r.Pattern)
	}
	return nil
}

// LoadRules returns the rules of files, in their order, and then the built-in ones.
func LoadRules(files ...string) (*Rules, error) {
	all := &Rules{keep: map[string]bool{}, common: map[string]bool{}}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		r, err := ParseRules(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all.add(r)
	}
	r, err := ParseRules([]byte(builtinRules))
	if err != nil {
		return nil, fmt.Errorf("built-in rules: %w", err)
	}
	all.add(r)
	return all, nil
}

// add appends rules.
func (r *Rules) add(more *Rules) {
	r.Rules = append(r.Rules, more.Rules...)
	r.nets = append(r.nets, more.nets...)
	for _, text := range more.Keep {
		r.keep[text] = true
	}
	for _, text := range more.Common {
		r.common[text] = true
	}
}

// Kinds returns the kinds of the rules, sorted, and those that are optional.
func (r *Rules) Kinds() (all, optional []Kind) {
	for i := range r.Rules {
		k := r.Rules[i].Kind
		if k == KindNone {
			continue
		}
		if !slices.Contains(all, k) {
			all = append(all, k)
		}
		if r.Rules[i].Optional && !slices.Contains(optional, k) {
			optional = append(optional, k)
		}
	}
	slices.Sort(all)
	slices.Sort(optional)
	return all, optional
}

// choose drops optional rules of kinds other than those of also, and rules of the kinds of
// except.
func (r *Rules) choose(also, except []Kind) {
	r.Rules = slices.DeleteFunc(slices.Clone(r.Rules), func(rule Rule) bool {
		return rule.Optional && !slices.Contains(also, rule.Kind) || slices.Contains(except, rule.Kind)
	})
}

// matches reports whether patterns name a metric, a subtree with it, or match it.
func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return meta.Matches(name, p) || glob.Match(p, name) })
}

// first returns the kind of the first rule that holds, or KindNone.
func (r *Rules) first(holds func(*Rule) bool) Kind {
	for i := range r.Rules {
		if holds(&r.Rules[i]) {
			return r.Rules[i].Kind
		}
	}
	return KindNone
}

// ofValue returns the kind of the values of a metric.
func (r *Rules) ofValue(names []string) Kind {
	return r.first(func(rule *Rule) bool {
		return slices.ContainsFunc(names, func(name string) bool { return matches(rule.Metrics, name) })
	})
}

// ofInstance returns the kind of the instances of a metric.
func (r *Rules) ofInstance(names []string) Kind {
	return r.first(func(rule *Rule) bool {
		return slices.ContainsFunc(names, func(name string) bool { return matches(rule.Instances, name) })
	})
}

// ofLabel returns the kind of the values of a label. A label inside another one has a name
// with dots, of which the last part counts, too.
func (r *Rules) ofLabel(name string) Kind {
	last := name[strings.LastIndexByte(name, '.')+1:]
	return r.first(func(rule *Rule) bool {
		return slices.ContainsFunc(rule.Labels, func(p string) bool { return glob.Match(p, name) || glob.Match(p, last) })
	})
}

// keepsAddress reports whether an address stays as it is.
func (r *Rules) keepsAddress(a netip.Addr) bool {
	return slices.ContainsFunc(r.nets, func(p netip.Prefix) bool { return p.Contains(a.WithZone("").Unmap()) || p.Contains(a.WithZone("")) })
}
