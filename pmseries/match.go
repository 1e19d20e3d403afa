package pmseries

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/glob"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

// verdict is what is known about a condition: it holds, or not, or that depends on the
// instance.
type verdict int

const (
	no verdict = iota
	yes
	unknown
)

func verdictOf(ok bool) verdict {
	if ok {
		return yes
	}
	return no
}

// candidate is what a condition judges: a metric, or an instance of it.
type candidate struct {
	metric   *Metric
	sources  []string   // names of its source
	instance *Described // nil for all instances, unless singular
	singular bool       // the metric has no instances
}

// judge judges a candidate. A nil condition holds.
func (c *condition) judge(x *candidate) verdict {
	switch {
	case c == nil:
		return yes
	case c.how == both || c.how == either:
		a, b := c.left.judge(x), c.right.judge(x)
		decisive := no
		if c.how == either {
			decisive = yes
		}
		switch {
		case a == decisive || b == decisive:
			return decisive
		case a == unknown || b == unknown:
			return unknown
		}
		return a
	}
	switch c.about {
	case ofMetric:
		return verdictOf(c.compare(x.metric.Name, true))
	case ofSource:
		found := slices.ContainsFunc(x.sources, func(name string) bool { return c.positive().compare(name, true) })
		return verdictOf(found != c.negative())
	case ofInstance:
		switch {
		case x.instance != nil:
			return verdictOf(c.compare(x.instance.Name, true))
		case x.singular:
			return verdictOf(c.compare("", false))
		}
		return unknown
	}
	if x.instance == nil && !x.singular && x.metric.labelled {
		return unknown
	}
	l, ok := x.label(c.label)
	return verdictOf(c.compareLabel(l, ok))
}

// label returns a label of a candidate: that of the instance, or else that of the metric.
func (x *candidate) label(name string) (labelset.Label, bool) {
	if x.instance != nil {
		if l, ok := x.instance.Labels.Lookup(name); ok && l.Level == labelset.Instances {
			return l, true
		}
	}
	return x.metric.Labels.Lookup(name)
}

// negative reports whether the condition holds where the opposite comparison does not.
func (c *condition) negative() bool { return c.how == unequal || c.how == missing }

// positive returns the opposite of a negative condition.
func (c *condition) positive() *condition {
	if !c.negative() {
		return c
	}
	opposite := *c
	opposite.how = map[comparison]comparison{unequal: equal, missing: matching}[c.how]
	return &opposite
}

// compare compares a text, which may be absent.
func (c *condition) compare(s string, present bool) bool {
	if c.negative() {
		return !present || !c.positive().compare(s, present)
	}
	if !present {
		return false
	}
	switch c.how {
	case equal:
		return s == c.value
	case pattern:
		return glob.Match(c.value, s)
	case matching:
		return c.re.MatchString(s)
	case exists:
		return true
	}
	return false
}

// compareLabel compares a label, which may be absent.
func (c *condition) compareLabel(l labelset.Label, present bool) bool {
	if c.number == nil {
		return c.compare(l.Text(), present)
	}
	f, err := strconv.ParseFloat(l.Value, 64) // a label with quotes is no number
	if err != nil || !present {
		return c.compare(l.Text(), present)
	}
	switch c.how {
	case equal:
		return f == *c.number
	case unequal:
		return f != *c.number
	case less:
		return f < *c.number
	case lessEq:
		return f <= *c.number
	case greater:
		return f > *c.number
	case greatEq:
		return f >= *c.number
	}
	return c.compare(l.Text(), present)
}

// named returns the metrics with a name or a pattern of names; "" stands for all.
func (t *tables) named(name string) []*Metric {
	switch {
	case name == "":
		return t.metrics
	case !isPattern(name):
		return t.byName[plainName(name)]
	}
	pattern := strings.NewReplacer("%*", `\*`, "%?", `\?`).Replace(name)
	var all []*Metric
	for _, n := range t.names {
		if glob.Match(pattern, n) {
			all = append(all, t.byName[n]...)
		}
	}
	return all
}

// selected returns the metrics that an operand selects, each ID once.
func (v *View) selected(ctx context.Context, t *tables, o *operand) ([]*Metric, error) {
	verdicts := map[ID]verdict{}
	var order []*Metric
	open := map[domainKey][]*candidate{} // those whose verdict depends on the instance
	for i, m := range t.named(o.name) {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if _, known := verdicts[m.ID]; !known {
			order = append(order, m)
		}
		x := &candidate{metric: m, sources: t.sources[m.Source], singular: m.InDom == pcp.InDomNull}
		judged := o.where.judge(x)
		if judged == unknown && verdicts[m.ID] != yes {
			key := domainKey{m.Host, m.InDom}
			open[key] = append(open[key], x)
		}
		verdicts[m.ID] = strongest(verdicts[m.ID], judged)
	}
	if err := v.judgeInstances(ctx, o.where, open, verdicts); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(order, func(m *Metric) bool { return verdicts[m.ID] != yes }), nil
}

// strongest returns the stronger of two verdicts of metrics with the same ID: they are one
// series.
func strongest(a, b verdict) verdict {
	if a == yes || b == yes {
		return yes
	}
	return max(a, b)
}

// domainKey is an instance domain of a host.
type domainKey struct {
	host  string
	indom pcp.InDomID
}

// judgeInstances decides about metrics by their instances. It opens each archive once.
func (v *View) judgeInstances(ctx context.Context, where *condition, open map[domainKey][]*candidate, verdicts map[ID]verdict) error {
	for _, a := range v.archive {
		if err := ctx.Err(); err != nil {
			return err
		}
		var r *archive.Reader
		for id := range a.part.domains {
			key := domainKey{a.set.Host(), id}
			if len(open[key]) == 0 {
				continue
			}
			if r == nil {
				if r = a.open(ctx); r == nil {
					break
				}
			}
			left := open[key]
			walkInstances(r, id, func(d *Described) bool {
				left = slices.DeleteFunc(left, func(x *candidate) bool {
					if x.metric.Source != d.Source {
						return false
					}
					x.instance = d
					if where.judge(x) == yes {
						verdicts[x.metric.ID] = yes
					}
					return verdicts[x.metric.ID] == yes
				})
				return len(left) > 0 && ctx.Err() == nil
			})
			open[key] = left
		}
	}
	return ctx.Err()
}
