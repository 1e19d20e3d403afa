package metricset

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/derive"
	"github.com/pcparchive/pcparchive/internal/scale"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/values"
)

// Selection holds the metrics of sets as package values takes them.
type Selection struct {
	Specs   []values.Spec
	Metrics []Metric // of each of Specs
	Derived []derive.Definition
	// Missing are the metrics that no archive has and that cannot be computed.
	Missing []Missing
	// Ranking chooses instances by their values.
	Ranking values.Ranking
	// Sort orders the lines of instances in a table of the option colxrow.
	Sort []SortKey
}

// SortKey is a metric by whose values instances are sorted, by default from high to low.
type SortKey struct {
	Metric    string
	Ascending bool
}

// Missing is a metric without values.
type Missing struct {
	Metric Metric
	Reason error
}

// ErrNoMetric is the reason why a metric without a formula has no values.
var ErrNoMetric = errors.New("the archive has no metric of this name")

// selector chooses the metrics of a set.
type selector struct {
	*Selection
	set     *Set
	hosts   *store.Hosts
	system  []derive.Definition
	options Options
	samples map[string]*meta.Desc // of the selected metrics
}

// Select looks up the metrics of a set in the archives of hosts. system are definitions of
// derived metrics that every set may name.
func (s *Set) Select(hosts *store.Hosts, system []derive.Definition) (*Selection, error) {
	own, err := s.derived()
	if err != nil {
		return nil, err
	}
	x := &selector{Selection: &Selection{}, set: s, hosts: hosts, system: slices.Concat(own, system), options: s.Options, samples: map[string]*meta.Desc{}}
	for _, m := range x.metrics() {
		if err := x.metric(m); err != nil {
			return nil, fmt.Errorf("set %s: metric %s: %w", s.Name, m.Name, err)
		}
	}
	if err := x.rank(); err != nil {
		return nil, fmt.Errorf("set %s: %w", s.Name, err)
	}
	return x.Selection, nil
}

// metrics returns the metrics of the set, those below a name in place of the name, and the
// predicates that the set does not list.
func (x *selector) metrics() (all []Metric) {
	seen := map[string]bool{}
	add := func(m Metric) {
		if !seen[m.Name] {
			seen[m.Name] = true
			all = append(all, m)
		}
	}
	for _, m := range x.set.Metrics {
		names := x.below(m.Name)
		for _, name := range names {
			leaf := m
			leaf.Name = name
			add(leaf)
		}
		if len(names) == 0 {
			add(m)
		}
	}
	for _, name := range x.predicates() {
		add(Metric{Name: name, Key: name, Width: -1, Precision: -1})
	}
	return all
}

// below returns the names of the metrics below a name, none if it is that of a metric.
func (x *selector) below(name string) (names []string) {
	for r := range x.hosts.Readers() {
		if _, ok := r.Meta().Lookup(name); ok {
			return nil
		}
	}
	for r := range x.hosts.Readers() {
		for d := range r.Meta().Metrics() {
			for _, n := range d.Names {
				if strings.HasPrefix(n, name+".") && !slices.Contains(names, n) {
					names = append(names, n)
				}
			}
		}
	}
	return names
}

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

// metric adds a metric, or says why it has no values.
func (x *selector) metric(m Metric) error {
	sample, reason, err := x.find(m)
	if err != nil {
		return err
	}
	if reason != nil {
		x.Missing = append(x.Missing, Missing{m, reason})
		return nil
	}
	if x.options.Bool("omit_flat", false) && sample.InDom == pcp.InDomNull {
		return nil
	}
	spec := values.Spec{Name: m.Name, Raw: x.isRaw(m), Unit: x.unit(m, sample)}
	if x.options.Bool("ignore_incompat", false) {
		if reason := incompatible(spec, sample); reason != nil {
			x.Missing = append(x.Missing, Missing{m, reason})
			return nil
		}
	}
	if spec.Limit, err = x.limit(m); err != nil {
		return err
	}
	patterns := m.Instances
	if len(patterns) == 0 && x.options.Has("instances") {
		if patterns, err = instances(x.options["instances"]); err != nil {
			return err
		}
	}
	if sample.InDom == pcp.InDomNull {
		patterns = nil
	}
	for _, text := range patterns {
		p, err := values.ParsePattern(text)
		if err != nil {
			return err
		}
		spec.Patterns = append(spec.Patterns, p)
	}
	x.Specs = append(x.Specs, spec)
	x.Metrics = append(x.Metrics, m)
	x.samples[m.Name] = sample
	return nil
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

// describe returns the descriptor of a metric, or of one below its name; nil if there is
// none.
func describe(hosts *store.Hosts, name string) *meta.Desc {
	var below *meta.Desc
	for r := range hosts.Readers() {
		if d, ok := r.Meta().Lookup(name); ok {
			return d
		}
		if below != nil {
			continue
		}
		for d := range r.Meta().Metrics() {
			if d.Matches(name) {
				below = d
				break
			}
		}
	}
	return below
}

// unit returns the unit of the values, as pmrep chooses it: that of the metric, that of
// the option for its dimension, or its own. pmrep does not cancel the time out of the rate
// of a counter of time.
func (x *selector) unit(m Metric, d *meta.Desc) string {
	if !d.Type.IsNumeric() {
		return ""
	}
	option := ""
	switch u := d.Units; {
	case u.DimCount == 1 && u.DimSpace == 0 && u.DimTime == 0:
		option = "count_scale"
	case u.DimSpace == 1 && u.DimCount == 0 && u.DimTime == 0:
		option = "space_scale"
	case u.DimTime == 1 && u.DimCount == 0 && u.DimSpace == 0:
		option = "time_scale"
	}
	switch {
	case option != "" && x.options.Has(option+"_force"):
		return x.options.Text(option + "_force")
	case m.Unit != "":
		return m.Unit
	case option != "" && x.options.Has(option):
		return x.options.Text(option)
	}
	if text := d.Units.String(); d.Sem == pcp.SemCounter && d.Units.DimTime == 1 {
		if _, err := scale.Parse(text); err == nil {
			return text
		}
	}
	return ""
}

// limit returns the limit of a metric.
func (x *selector) limit(m Metric) (float64, error) {
	n := m.Limit
	for _, option := range []string{"limit_filter", "limit_filter_force"} {
		value, ok, err := x.options.Int(option)
		if err != nil {
			return 0, err
		}
		if ok && value != 0 && (m.Limit == 0 || option == "limit_filter_force") {
			n = value
		}
	}
	return float64(n), nil
}

// Precision returns the digits after the decimal point of a metric.
func (s *Set) Precision(m Metric) (int, error) { return s.choose("precision", m.Precision, 3) }

// Width returns the least width of the column of a metric.
func (s *Set) Width(m Metric) (int, error) { return s.choose("width", m.Width, 0) }

// choose returns the number of a metric, or else that of an option, or else a default. The
// option with _force at the end of its name comes first.
func (s *Set) choose(option string, own, otherwise int) (int, error) {
	forced, ok, err := s.Options.Int(option + "_force")
	if ok || err != nil {
		return max(forced, 0), err
	}
	if own >= 0 {
		return own, nil
	}
	n, ok, err := s.Options.Int(option)
	if ok || err != nil {
		return max(n, 0), err
	}
	return otherwise, nil
}

// Open loads a path, or the first place of SearchPath if it is empty. It fails if there
// is none.
func Open(path string) (*Config, error) {
	if path == "" {
		if path = DefaultPath(); path == "" {
			return nil, fmt.Errorf("no configuration of pmrep in %s: %w", strings.Join(SearchPath(), ", "), os.ErrNotExist)
		}
	}
	return Load(path)
}
