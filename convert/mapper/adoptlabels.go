package mapper

import (
	"cmp"
	"slices"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// labelsAtEnd returns the labels that a metric has at the archive's end at a level
// above the instances.
func labelsAtEnd(s *meta.Store, level labelset.Level, d *meta.Desc) labelset.Set {
	if l, _ := s.LabelsAt(level, history.LabelIdent(level, d), pcp.MaxTime); l != nil {
		set, _ := l.Find(pcp.InstNull)
		return set
	}
	return labelset.Set{}
}

// instanceLabels returns the newest labels of every instance, as keys of
// [prom.LabelsKey]. It skips optional labels: other programs set them, and they do
// not identify an instance.
func instanceLabels(s *meta.Store) map[pcp.InDomID]map[pcp.InstID]string {
	all := map[pcp.InDomID]map[pcp.InstID]string{}
	for l := range s.AllLabels() { // ascending in time for each domain
		if l.Level != labelset.Instances {
			continue
		}
		id := pcp.InDomID(l.Ident)
		if all[id] == nil {
			all[id] = map[pcp.InstID]string{}
		}
		for _, in := range l.Sets {
			var own []prom.Label
			for label := range in.Set.All() {
				if label.Flags&labelset.Optional == 0 {
					own = append(own, prom.Label{Name: naming.OriginalLabel(label.Name), Value: label.Text()})
				}
			}
			slices.SortFunc(own, func(a, b prom.Label) int { return cmp.Compare(a.Name, b.Name) })
			all[id][in.Inst] = prom.LabelsKey(own)
		}
	}
	return all
}

// instanceIDs returns the numbers of a domain's instances by their labels, and
// the number after the highest that the domain ever had.
func instanceIDs(s *meta.Store, id pcp.InDomID, labels map[pcp.InstID]string) (ids map[string]pcp.InstID, next int64) {
	ids = map[string]pcp.InstID{}
	for in := range s.InDomVersions(id) {
		for _, inst := range in.Instances {
			next = max(next, int64(inst.ID)+1)
			if key := labels[inst.ID]; key != "" && inst.ID >= ids[key] {
				ids[key] = inst.ID
			}
		}
	}
	return ids, next
}
