package naming

import (
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/labelset"
)

// sourceLabels are the labels of a cluster that describe its source to PCP. Series in
// Prometheus do not have them.
var sourceLabels = map[string]bool{"source": true, "url": true, "hostname": true, "script": true}

// TargetLabel returns the PCP label of a cluster for a label of a Prometheus target. A
// name that PCP rejects, or that describes the source, is escaped as in [LeafName].
func TargetLabel(name string) string {
	if sourceLabels[name] {
		return escape(name)
	}
	return LabelName(name)
}

// TargetLabels returns the labels that all series of a source have in Prometheus, such as
// job and instance, from the labels of its cluster.
func TargetLabels(cluster labelset.Set) (all []prom.Label) {
	for l := range cluster.All() {
		if v := l.Text(); v != "" && !sourceLabels[l.Name] && l.Flags&labelset.Optional == 0 {
			all = append(all, prom.Label{Name: OriginalLabel(l.Name), Value: v})
		}
	}
	return all
}
