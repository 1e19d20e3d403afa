package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itchyny/timefmt-go"

	"github.com/pcparchive/pcparchive/derive"
	"github.com/pcparchive/pcparchive/internal/safetext"
	"github.com/pcparchive/pcparchive/internal/timespec"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/values"
	"github.com/pcparchive/pcparchive/values/metricset"
)

// chosenMetrics are the metrics on a command line: names, and sets of pmrep.
type chosenMetrics struct {
	specs   []values.Spec
	derived []derive.Definition
	set     *metricset.Set // nil if there are names alone
	shown   []shownMetric  // of each of specs; empty if set is nil
	ranking values.Ranking
	sort    []metricset.SortKey
}

// shownMetric is the form of a column of a set.
type shownMetric struct {
	label         string
	width, digits int
}

// metricFlags are the flags that say what the names of metrics mean.
type metricFlags struct {
	config  string
	derived []string
}

// add adds the flags to a command.
func (o *metricFlags) add(f flagSet) {
	f.StringVar(&o.config, "config", "", "file or folder with pmrep's sets of metrics; default: ./pmrep.conf, ~/.pmrep.conf, ~/.pcp/pmrep or /etc/pcp/pmrep")
	f.StringArrayVar(&o.derived, "derive", nil, "metric computed from others, as 'NAME = EXPRESSION', or a file of them; see pmRegisterDerived(3); may be repeated")
}

// flagSet is what add needs of a set of flags.
type flagSet interface {
	StringVar(p *string, name, value, usage string)
	StringArrayVar(p *[]string, name string, value []string, usage string)
}

// definitions returns the derived metrics of the flags and those that PCP's tools know.
func (o *metricFlags) definitions() (all []derive.Definition, err error) {
	for _, text := range o.derived {
		if !strings.Contains(text, "=") {
			found, err := derive.Load(text)
			if err != nil {
				return nil, fmt.Errorf("--derive: %w", err)
			}
			all = append(all, found...)
			continue
		}
		found, wrong := derive.ParseConfig(text)
		if len(wrong) > 0 {
			return nil, usageError{fmt.Errorf("--derive %q: %s", text, wrong[0].Reason)}
		}
		all = append(all, found...)
	}
	system, err := derive.Load(derive.SystemPath())
	if err != nil {
		return all, nil // the tools of PCP go on without them, too
	}
	return append(all, system...), nil
}

// choose looks up the metrics of a command line. Names that begin with a colon are sets.
func (o *metricFlags) choose(h *hosts, names []string) (*chosenMetrics, error) {
	definitions, err := o.definitions()
	if err != nil {
		return nil, err
	}
	c := &chosenMetrics{}
	var sets, plain []string
	for _, name := range names {
		if set, ok := strings.CutPrefix(name, ":"); ok {
			sets = append(sets, set)
			continue
		}
		plain = append(plain, name)
	}
	if len(sets) > 0 {
		if err := c.addSets(h, o.config, sets, definitions); err != nil {
			return nil, err
		}
	}
	return c, c.addPlain(h, plain, definitions)
}

// addSets adds the metrics of sets, and names those that have no values.
func (c *chosenMetrics) addSets(h *hosts, config string, names []string, definitions []derive.Definition) error {
	all, err := metricset.Open(config)
	if err != nil {
		return err
	}
	if c.set, err = all.Set(names...); err != nil {
		return usageError{err}
	}
	selection, err := c.set.Select(h.Hosts, definitions)
	if err != nil {
		return err
	}
	c.reportMissing(h, selection.Missing)
	if without := c.set.Without(); len(without) > 0 {
		fmt.Fprintf(h.s.err, "set %s: without effect here: %s\n", c.set.Name, strings.Join(without, ", "))
	}
	if len(selection.Specs) == 0 {
		return cmp.Or(h.Unusable(), fmt.Errorf("set %s: the archive has none of its metrics", c.set.Name))
	}
	c.specs, c.derived, c.ranking, c.sort = selection.Specs, selection.Derived, selection.Ranking, selection.Sort
	for _, m := range selection.Metrics {
		shown := shownMetric{label: cmp.Or(strings.TrimSpace(m.Label), shortName(m.Name))}
		if shown.width, err = c.set.Width(m); err != nil {
			return fmt.Errorf("set %s: %w", c.set.Name, err)
		}
		if shown.digits, err = c.set.Precision(m); err != nil {
			return fmt.Errorf("set %s: %w", c.set.Name, err)
		}
		c.shown = append(c.shown, shown)
	}
	return nil
}

// reportMissing names the metrics of a set that have no values.
func (c *chosenMetrics) reportMissing(h *hosts, missing []metricset.Missing) {
	var absent []string
	for _, m := range missing {
		var unknown *derive.UnknownError
		switch {
		case errors.Is(m.Reason, metricset.ErrNoMetric):
			absent = append(absent, m.Metric.Name)
		case errors.As(m.Reason, &unknown):
			absent = append(absent, fmt.Sprintf("%s (needs %s)", m.Metric.Name, unknown.Operand))
		default:
			fmt.Fprintf(h.s.err, "set %s: %s left out: %s\n", c.set.Name, m.Metric.Name, m.Reason)
		}
	}
	if len(absent) > 0 {
		fmt.Fprintf(h.s.err, "set %s: left out, as the archive does not have them: %s\n", c.set.Name, strings.Join(absent, ", "))
	}
}

// shortName shortens a name as pmrep does: mem.util.free becomes m.u.free.
func shortName(name string) string {
	words := strings.Split(name, ".")
	for i := range len(words) - 1 {
		if words[i] != "" {
			words[i] = words[i][:1]
		}
	}
	return strings.Join(words, ".")
}

// addPlain adds metrics by name: those of the archives, and derived ones.
func (c *chosenMetrics) addPlain(h *hosts, names []string, definitions []derive.Definition) error {
	specs, err := values.ParseSpecs(names)
	if err != nil {
		return usageError{err}
	}
	for _, spec := range specs {
		if !h.HasMetric(spec.Name) {
			if err := c.derive(h, spec.Name, definitions); err != nil {
				return err
			}
		}
		if c.set != nil {
			c.shown = append(c.shown, shownMetric{label: spec.Name, digits: 3})
		}
		c.specs = append(c.specs, spec)
	}
	return nil
}

// derive adds the derived metrics of a name, which no metric of the archives has.
func (c *chosenMetrics) derive(h *hosts, name string, definitions []derive.Definition) error {
	found := false
	var unbound error
	for _, d := range definitions {
		if d.Name != name && !strings.HasPrefix(d.Name, name+".") {
			continue
		}
		for _, set := range h.Sets() {
			if _, err := values.Bind(set, d); err != nil {
				unbound = err
				continue
			}
			found = true
		}
		if !slices.ContainsFunc(c.derived, func(x derive.Definition) bool { return x.Name == d.Name }) {
			c.derived = append(c.derived, d)
		}
	}
	if found {
		return nil
	}
	return cmp.Or(h.Unusable(), unbound, fmt.Errorf("metric %s: the archive has no metric of this name and none below it%s", name, h.didYouMean(name)))
}

// apply takes the step, the number of rows and the time format of a set, unless the flags
// have them.
func (c *chosenMetrics) apply(o *valuesOptions) error {
	if c.set == nil {
		return nil
	}
	if text := c.set.Options.Text("interval"); text != "" && o.step == 0 && c.set.Options.Bool("interpol", true) {
		step, err := timespec.Interval(text)
		if err != nil {
			return fmt.Errorf("set %s: option interval: %w", c.set.Name, err)
		}
		o.step = step
	}
	n, ok, err := c.set.Options.Int("samples")
	if err != nil {
		return fmt.Errorf("set %s: %w", c.set.Name, err)
	}
	if ok && o.samples == 0 {
		o.samples = max(n, 0)
	}
	return nil
}

// stamp formats the time of a row for people: as the option timefmt says.
func (c *chosenMetrics) stamp(t pcp.Timestamp, zone *time.Location) string {
	if c.set == nil || c.set.Options.Text("timefmt") == "" {
		return formatTime(t, zone)
	}
	return safetext.Line(timefmt.Format(t.Time().In(zone), c.set.Options.Text("timefmt")))
}
