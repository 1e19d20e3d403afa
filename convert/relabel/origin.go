package relabel

import (
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
)

// origins has the relabelled copies of singular PCP metrics, by the original.
type origins map[*history.Metric]*history.Metric

// originOf returns the PCP origin of a relabelled series: that of in, with the
// labels that the rules added. A series that the rules renamed or took labels from
// has no PCP origin any more.
func (o origins) originOf(in, out *prom.Series) (*history.Metric, *history.Series) {
	if in.PCPMetric == nil || in.PCPSeries == nil || in.Name != out.Name {
		return nil, nil
	}
	had := map[string]string{}
	for _, l := range in.Labels {
		had[l.Name] = l.Value
	}
	var more []labelset.Label
	for _, l := range out.Labels {
		if v, ok := had[l.Name]; !ok || v != l.Value {
			if l.Name == "instname" || l.Name == "instid" || l.Name == in.TextLabel {
				return nil, nil
			}
			more = append(more, labelset.String(l.Name, l.Value))
		}
		delete(had, l.Name)
	}
	if len(had) > 0 {
		return nil, nil
	}
	if len(more) == 0 {
		return in.PCPMetric, in.PCPSeries
	}
	member := *in.PCPSeries
	if in.PCPSeries.Inst.ID >= 0 {
		set, err := extended(labelset.Instances, in.PCPSeries.Labels, more)
		if err != nil {
			return nil, nil
		}
		member.Labels = set
		return in.PCPMetric, &member
	}
	origin, ok := o[in.PCPMetric]
	if !ok {
		set, err := extended(labelset.Item, in.PCPMetric.Labels[labelset.AtItem], more)
		if err != nil {
			return nil, nil
		}
		copied := *in.PCPMetric
		copied.Labels[labelset.AtItem] = set
		origin = &copied
		o[in.PCPMetric] = origin
	}
	return origin, &member
}

// extended returns a set with more labels, which win over those of the set.
func extended(level labelset.Level, set labelset.Set, more []labelset.Label) (labelset.Set, error) {
	var all []labelset.Label
	replaced := map[string]bool{}
	for _, l := range more {
		replaced[l.Name] = true
	}
	for l := range set.All() {
		if !replaced[l.Name] {
			all = append(all, l)
		}
	}
	return labelset.New(level, append(all, more...)...)
}
