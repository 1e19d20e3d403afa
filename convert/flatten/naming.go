package flatten

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

// sampleNaming is the form that a PCP metric has in Prometheus.
type sampleNaming struct {
	sample string // name of the samples
	suffix string // its end, after which a number that tells names apart is not put
	family prom.Family
	scale  naming.Scale    // converts the values
	native *history.Metric // the metric with scaled values; nil if it came from Prometheus
	target []prom.Label    // labels of the target of a metric that came from Prometheus, such as instance and job
	origin bool            // the metric came from Prometheus

	counter   bool // the samples are values of a counter
	text      bool // the values are text
	histogram bool // the values are native histograms
	exemplars bool // the values are exemplars of the samples
}

// name returns the naming of a metric. It renames the metric if another one has its name.
func (f *Flattener) name(metric *history.Metric) sampleNaming {
	n := f.naming(metric)
	if n.origin {
		return n
	}
	n.native = f.hostMetric(n.scale.Scaled(metric))
	base := strings.TrimSuffix(n.sample, n.suffix)
	for i := 2; ; i++ {
		owner, taken := f.owners[n.sample]
		if !taken || owner == metric.Name {
			break
		}
		f.opts.Report.Add(prom.LossRenamed, metric.Name)
		n.sample = fmt.Sprintf("%s_%d%s", base, i, n.suffix)
	}
	f.owners[n.sample] = metric.Name
	if len(metric.Desc.Names) > 1 && !f.opts.AllNames {
		for _, other := range metric.Desc.Names {
			if other != metric.Name && !f.reportedNames[other] {
				f.reportedNames[other] = true
				f.opts.Report.Add(prom.LossNames, other)
			}
		}
	}
	n.nameFamily()
	return n
}

// nameFamily names the family of PCP's own metric after its samples.
func (n *sampleNaming) nameFamily() {
	n.family.Name = n.sample
	if n.text {
		n.family.Name = strings.TrimSuffix(n.sample, infoSuffix)
	}
}

// naming returns the naming that a metric has if no other metric has its name.
func (f *describer) naming(metric *history.Metric) sampleNaming {
	item := metric.Labels[labelset.AtItem]
	if family, ok := item.Lookup(naming.LabelFamily); ok {
		n := originNaming(metric, family.Text(), item)
		n.text, n.histogram = metric.Desc.Type == pcp.TypeString, naming.IsHistogram(metric)
		n.counter = metric.Desc.Sem == pcp.SemCounter
		if n.exemplars = naming.IsExemplar(metric); n.exemplars {
			n.counter = naming.SemanticsOf(n.sample, n.family) == pcp.SemCounter
		}
		return n
	}
	base, suffix, unit, scale := f.opts.Names.Metric(metric.Name, metric.Desc)
	n := sampleNaming{suffix: suffix, scale: scale, counter: metric.Desc.Sem == pcp.SemCounter}
	n.family = prom.Family{Type: prom.TypeGauge, Unit: unit, Help: cmp.Or(metric.Help, metric.OneLine)}
	switch {
	case metric.Desc.Type == pcp.TypeString:
		n.text, n.family.Type, n.suffix = true, prom.TypeInfo, infoSuffix
	case n.counter:
		n.family.Type = prom.TypeCounter
	}
	n.sample = base + n.suffix
	n.nameFamily()
	return n
}

// hostMetric returns a metric with the label hostname that its series get.
func (f *describer) hostMetric(m *history.Metric) *history.Metric {
	if _, known := m.Labels[labelset.AtContext].Lookup(labelHostname); !known && f.opts.Host != "" {
		m = withHostname(m, labelset.AtContext, f.opts.Host)
	}
	return f.opts.Clashes.rehostMetric(m, f.opts.Host)
}

// originNaming restores the naming of a metric that came from Prometheus.
func originNaming(metric *history.Metric, family string, item labelset.Set) sampleNaming {
	n := sampleNaming{
		origin: true,
		sample: naming.SampleOf(family, item),
		family: prom.Family{Name: family, Type: item.Text(naming.LabelType), Unit: item.Text(naming.LabelUnit), Help: metric.Help},
	}
	n.target = naming.TargetLabels(metric.Labels[labelset.AtCluster])
	return n
}

// labels returns the labels of a series of a metric, sorted by name. twin says that another
// instance has the name of this one.
func (f *describer) labels(n *sampleNaming, s *history.Series, twin bool) ([]prom.Label, error) {
	out := slices.Clone(f.opts.Labels)
	var err error
	if n.origin {
		out = n.originLabels(out, s, f.opts.TargetLabels)
		if f.opts.Host != "" && f.opts.Clashes.target(n.target) {
			out = append(out, prom.Label{Name: labelHostname, Value: f.opts.Host})
		}
	} else if out, err = f.nativeLabels(out, s, twin); err != nil {
		return nil, err
	} else {
		out = f.opts.Clashes.rehostLabels(out, f.opts.Host)
	}
	if f.since != "" && n.counter {
		out = append(out, prom.Label{Name: "since", Value: f.since})
	}
	if slices.ContainsFunc(out, func(l prom.Label) bool { return !utf8.ValidString(l.Value) }) {
		f.counted = true
		f.opts.Report.Add(prom.LossText, s.Metric.Name)
	}
	return normalizeLabels(out), nil
}

// nativeLabels appends the merged labels of a series and its instance. An instance whose
// name does not identify it also has its number.
func (f *describer) nativeLabels(out []prom.Label, s *history.Series, twin bool) ([]prom.Label, error) {
	merged, err := s.Merged()
	if err != nil {
		return nil, err
	}
	if f.opts.Host != "" {
		out = append(out, prom.Label{Name: labelHostname, Value: f.opts.Host})
	}
	out = f.ownLabels(out, s, merged)
	if s.Inst.ID == pcp.InstNull {
		return out, nil
	}
	out = append(out, prom.Label{Name: "instname", Value: s.Inst.Name})
	if f.opts.InstanceIDs || twin || s.Inst.Name == "" {
		out = append(out, prom.Label{Name: "instid", Value: strconv.FormatInt(int64(s.Inst.ID), 10)})
	}
	return out, nil
}

// ownLabels appends the labels of a set. A label whose name Prometheus allows keeps
// it. If a changed name clashes with another, as a.b with a_b or 1st with _st, the
// changed one gets a number and is counted.
func (f *describer) ownLabels(out []prom.Label, s *history.Series, set labelset.Set) []prom.Label {
	used := map[string]bool{"instname": true, "instid": true}
	var changed []labelset.Label
	for l := range set.All() {
		switch {
		case l.Flags&labelset.Optional != 0 && !f.opts.OptionalLabels:
		case f.opts.Names.Label(l.Name) != l.Name || used[l.Name]:
			changed = append(changed, l)
		default:
			used[l.Name] = true
			out = append(out, prom.Label{Name: l.Name, Value: l.Text()})
		}
	}
	for _, l := range changed {
		name := f.opts.Names.Label(l.Name)
		for n := 2; used[name]; n++ {
			name = fmt.Sprintf("%s_%d", f.opts.Names.Label(l.Name), n)
		}
		if name != f.opts.Names.Label(l.Name) {
			f.counted = true
			f.opts.Report.Add(prom.LossLabelRenamed, s.Metric.Name+"{"+l.Name+"}")
		}
		used[name] = true
		out = append(out, prom.Label{Name: name, Value: l.Text()})
	}
	return out
}

// originLabels appends the own labels of a series and, if target is set, the labels
// of its target before them. Later labels win, see normalizeLabels.
func (n *sampleNaming) originLabels(out []prom.Label, s *history.Series, target bool) []prom.Label {
	if target {
		out = append(out, n.target...)
	}
	for l := range s.Labels.All() {
		out = append(out, prom.Label{Name: naming.OriginalLabel(l.Name), Value: l.Text()})
	}
	return out
}

// normalizeLabels sorts labels by name, keeps the last one of each name and drops
// empty ones, which Prometheus ignores.
func normalizeLabels(labels []prom.Label) []prom.Label {
	slices.SortStableFunc(labels, func(a, b prom.Label) int { return strings.Compare(a.Name, b.Name) })
	kept := labels[:0]
	for i, l := range labels {
		if i+1 < len(labels) && labels[i+1].Name == l.Name || l.Value == "" {
			continue
		}
		kept = append(kept, prom.Label{Name: l.Name, Value: PromText(l.Value)})
	}
	return kept
}
