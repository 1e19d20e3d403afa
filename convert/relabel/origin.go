package relabel

import (
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
)

// origins are PCP metrics without instances that got labels, by what they were
// before.
type origins map[*history.Metric]*history.Metric

// of returns the PCP metric and the instance that a relabelled series remains,
// with the labels that it got beside those that it has there. One that was renamed
// or lost labels is another one, of Prometheus, and has none.
func (o origins) of(in, out *prom.Series) (*history.Metric, *history.Series) {
	if in.Origin == nil || in.Member == nil || in.Name != out.Name {
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
		return in.Origin, in.Member
	}
	const item = 4 // the level of a metric without instances
	member := *in.Member
	if in.Member.Inst.ID >= 0 {
		set, err := extended(labelset.Instances, in.Member.Labels, more)
		if err != nil {
			return nil, nil
		}
		member.Labels = set
		return in.Origin, &member
	}
	origin, ok := o[in.Origin]
	if !ok {
		set, err := extended(labelset.Item, in.Origin.Labels[item], more)
		if err != nil {
			return nil, nil
		}
		copied := *in.Origin
		copied.Labels[item] = set
		origin = &copied
		o[in.Origin] = origin
	}
	return origin, &member
}

// extended returns a set with more labels, which win.
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
