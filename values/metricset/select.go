package metricset

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/derive"
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
	if spec.Patterns, err = x.patterns(m, sample); err != nil {
		return err
	}
	x.Specs = append(x.Specs, spec)
	x.Metrics = append(x.Metrics, m)
	x.samples[m.Name] = sample
	return nil
}

// patterns returns the patterns of a metric's instances, or those of the option instances.
// A metric without instances gets none.
func (x *selector) patterns(m Metric, d *meta.Desc) (all []values.Pattern, err error) {
	texts := m.Instances
	if len(texts) == 0 && x.options.Has("instances") {
		if texts, err = instances(x.options["instances"]); err != nil {
			return nil, err
		}
	}
	if d.InDom == pcp.InDomNull {
		return nil, nil
	}
	for _, text := range texts {
		p, err := values.ParsePattern(text)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
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
