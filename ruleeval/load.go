package ruleeval

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// Rules are the groups of rule files.
type Rules struct {
	groups []*Group
	digest [sha256.Size]byte // hash of the files' names and contents
}

// Equal reports whether other was read from files with the same names and contents. other
// may be nil.
func (r *Rules) Equal(other *Rules) bool { return other != nil && r.digest == other.digest }

// Groups returns the groups in the order of the files.
func (r *Rules) Groups() []*Group { return r.groups }

// Group is a group of rules.
type Group struct {
	Name, File string
	Interval   time.Duration // zero means that of the [Options]
	Limit      int           // maximum number of series or alerts of a rule; zero means no limit
	Rules      []*Rule
}

// Rule is a recording rule or an alerting rule.
type Rule struct {
	Name     string // of the series or of the alert
	Alerting bool
	Query    string      // the expression as the file has it
	Expr     parser.Expr // the expression
	// For and KeepFiringFor are those of an alerting rule.
	For, KeepFiringFor time.Duration
	// Labels and Annotations may have templates in alerting rules.
	Labels, Annotations labels.Labels
}

// maxFile is the largest size of a rule file in bytes.
const maxFile = 16 << 20

// Load reads rule files. The error names the file and the line of each mistake.
func Load(files ...string) (*Rules, error) {
	r := &Rules{}
	hash := sha256.New()
	var failed []error
	for _, file := range files {
		content, err := readFile(file)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		fmt.Fprintf(hash, "%q %d\n%s", file, len(content), content)
		groups, err := parse(file, content)
		r.groups = append(r.groups, groups...)
		failed = append(failed, err)
	}
	hash.Sum(r.digest[:0])
	return r, errors.Join(failed...)
}

// readFile returns the content of a rule file.
func readFile(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, fmt.Errorf("rules: %s is not a file of at most %d bytes", file, maxFile)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	return content, nil
}

// parse parses the content of a rule file.
func parse(file string, content []byte) ([]*Group, error) {
	p := parser.NewParser(parser.Options{})
	parsed, failed := rulefmt.Parse(content, false, model.UTF8Validation, p, slog.New(slog.DiscardHandler))
	if len(failed) > 0 {
		for i, err := range failed {
			failed[i] = fmt.Errorf("%s: %w", file, err)
		}
		return nil, errors.Join(failed...)
	}
	var groups []*Group
	for _, g := range parsed.Groups {
		group := &Group{Name: g.Name, File: file, Interval: time.Duration(g.Interval), Limit: g.Limit}
		for _, def := range g.Rules {
			rule, err := newRule(p, &def, g.Labels)
			if err != nil {
				return nil, fmt.Errorf("%s: group %q: %w", file, g.Name, err)
			}
			group.Rules = append(group.Rules, rule)
		}
		groups = append(groups, group)
	}
	return groups, nil
}

func newRule(p parser.Parser, def *rulefmt.Rule, common map[string]string) (*Rule, error) {
	expr, err := p.ParseExpr(def.Expr)
	if err != nil {
		return nil, err
	}
	b := labels.NewBuilder(labels.FromMap(common))
	for name, v := range def.Labels {
		b.Set(name, v)
	}
	return &Rule{
		Name: def.Record + def.Alert, Alerting: def.Alert != "", Query: def.Expr, Expr: expr,
		For: time.Duration(def.For), KeepFiringFor: time.Duration(def.KeepFiringFor),
		Labels: b.Labels(), Annotations: labels.FromMap(def.Annotations),
	}, nil
}

// ordered returns the groups so that a group follows those whose series it reads, as far
// as they do not depend on each other.
func (r *Rules) ordered() []*Group {
	var out []*Group
	const begun, done = 1, 2
	state := map[*Group]int{}
	var visit func(g *Group)
	visit = func(g *Group) {
		if state[g] != 0 {
			return
		}
		state[g] = begun
		for _, other := range r.groups {
			if other != g && g.reads(other) {
				visit(other)
			}
		}
		state[g] = done
		out = append(out, g)
	}
	for _, g := range r.groups {
		visit(g)
	}
	return out
}

// reads reports whether a rule of g names a series that a rule of other records.
func (g *Group) reads(other *Group) bool {
	return slices.ContainsFunc(g.Rules, func(rule *Rule) bool {
		for _, selector := range parser.ExtractSelectors(rule.Expr) {
			if slices.ContainsFunc(other.Rules, func(o *Rule) bool { return selects(selector, o) }) {
				return true
			}
		}
		return false
	})
}

// selects reports whether a selector allows the name of the series that a rule makes.
func selects(selector []*labels.Matcher, rule *Rule) bool {
	name := rule.Name
	if rule.Alerting {
		name = alertsMetric
	}
	found := false
	for _, m := range selector {
		if m.Name == model.MetricNameLabel {
			if !m.Matches(name) {
				return false
			}
			found = true
		}
	}
	return found
}
