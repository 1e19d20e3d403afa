package metricset

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/values"
)

// ErrIncompatible is the reason why the option ignore_incompat leaves a metric out.
var ErrIncompatible = errors.New("incompatible")

// predicates returns the metrics of the option predicate.
func (x *selector) predicates() []string { return list(x.options.Text("predicate")) }

// list returns the parts of a text between commas.
func list(text string) (parts []string) {
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// rank reads the options that choose and sort instances by their values. The metrics of the
// set are known.
func (x *selector) rank() error {
	n, _, err := x.options.Int("rank")
	if err != nil {
		return err
	}
	live := x.options.Bool("live_filter", false)
	x.Ranking = values.Ranking{Count: n, Predicates: x.predicates(), First: live && x.options.Bool("invert_filter", false)}
	for _, name := range x.Ranking.Predicates {
		if err := x.reference("predicate", name); err != nil {
			return err
		}
	}
	for _, name := range list(x.options.Text("sort_metric")) {
		key := SortKey{Metric: strings.TrimPrefix(name, "-"), Ascending: strings.HasPrefix(name, "-")}
		if err := x.reference("sort_metric", key.Metric); err != nil {
			return err
		}
		x.Sort = append(x.Sort, key)
	}
	return nil
}

// reference checks a metric by which an option chooses or sorts instances.
func (x *selector) reference(option, name string) error {
	if !slices.ContainsFunc(x.Metrics, func(m Metric) bool { return m.Name == name }) {
		i := slices.IndexFunc(x.Missing, func(m Missing) bool { return m.Metric.Name == name })
		if i < 0 {
			return fmt.Errorf("option %s: the set does not have the metric %s", option, name)
		}
		return fmt.Errorf("option %s: metric %s: %w", option, name, x.Missing[i].Reason)
	}
	switch d := x.samples[name]; {
	case d.InDom == pcp.InDomNull:
		return fmt.Errorf("option %s: metric %s has no instances", option, name)
	case option == "predicate" && !d.Type.IsNumeric():
		return fmt.Errorf("option %s: the values of metric %s are not numbers", option, name)
	}
	return nil
}

// isRaw reports whether a counter is not turned into a rate.
func (x *selector) isRaw(m Metric) bool {
	return m.Raw || x.options.Text("type") == "raw" || x.options.Text("type_prefer") == "raw" && !m.Rate
}

// incompatible returns the reason why pmrep cannot show a metric: its type, or the unit that
// its values are wanted in.
func incompatible(s values.Spec, d *meta.Desc) error {
	if !d.Type.IsNumeric() && d.Type != pcp.TypeString {
		return fmt.Errorf("%w: type %s", ErrIncompatible, d.Type)
	}
	if s.Unit == "" || !d.Type.IsNumeric() {
		return nil
	}
	if err := s.Fits(d); err != nil {
		return fmt.Errorf("%w: %w", ErrIncompatible, err)
	}
	return nil
}

// Without returns the options of the set that change which values pmrep shows and that
// Select does not know.
func (s *Set) Without() (names []string) {
	for _, name := range []string{"overall_rank", "overall_rank_alt", "include_labels", "source"} {
		if s.Options.Has(name) && s.Options.Bool(name, true) {
			names = append(names, name)
		}
	}
	return names
}
