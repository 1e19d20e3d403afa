package main

import (
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// labelRecordOf returns the printed form of a label record.
func labelRecordOf(host string, l store.LabelRecord) labelRecord {
	rec := labelRecord{Host: host, Level: l.Level.String(), Ident: l.Owner(), Time: l.Stamp.Time(), Sets: []labelsSet{}}
	for i, set := range l.Sets {
		out := labelsSet{Labels: printedLabels(set.Set, false), Name: l.Names[i]}
		if l.Level == labelset.Instances {
			id := int32(set.Inst)
			out.Instance = &id
		}
		if set.Err < 0 {
			out.Error = set.Err.Error()
		}
		if err := set.Set.Invalid(); err != nil {
			out.Error = err.Error()
		}
		rec.Sets = append(rec.Sets, out)
	}
	return rec
}

// mergedLabelsOf returns the printed form of a series' labels.
func mergedLabelsOf(host string, l store.SeriesLabels) mergedLabels {
	m := mergedLabels{Host: host, Metric: l.Metric, Labels: printedLabels(l.Labels, true)}
	if l.Series.Inst.ID != pcp.InstNull {
		id := int32(l.Series.Inst.ID)
		m.Instance, m.Name = &id, l.Series.Inst.Name
	}
	return m
}

// printedLabels returns the printed form of labels, with their level if asked.
func printedLabels(set labelset.Set, level bool) []labelOutput {
	out := []labelOutput{}
	for l := range set.All() {
		o := labelOutput{Name: l.Name, Value: jsonValue(l.Value)}
		if l.Flags&labelset.Optional != 0 {
			o.Flags = append(o.Flags, "optional")
		}
		if l.Flags&labelset.Compound != 0 {
			o.Flags = append(o.Flags, "compound")
		}
		if level {
			o.Level = l.Level.String()
		}
		out = append(out, o)
	}
	return out
}
