package history

import (
	"cmp"
	"slices"
	"unique"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Target is the exporter that an archive was recorded from. It is the zero Target if the
// archive holds PCP's own metrics or several exporters.
//
// Archives of several targets of one host overlap, and one number of a metric and of an
// instance stands for a series of each target. What keeps values by these numbers must
// keep them by Target, too: see [SeriesID]. Targets are compared with ==.
type Target struct{ text unique.Handle[targetText] }

// targetText is what a Target stands for. labels is JSON.
type targetText struct{ name, labels string }

// NewTarget returns the Target with the labels that a recording gives all series of an
// exporter. It is the zero Target if no label names an exporter.
func NewTarget(labels labelset.Set) Target {
	name := cmp.Or(labels.Text("instance"), labels.Text("url"))
	if name == "" {
		return Target{}
	}
	return Target{unique.Make(targetText{name, labels.JSON()})}
}

// String returns the name of the exporter, mostly its host and port; "" for the zero
// Target.
func (t Target) String() string {
	if t == (Target{}) {
		return ""
	}
	return t.text.Value().name
}

// Labels returns the texts of the labels that name the exporter; nil for the zero Target.
func (t Target) Labels() map[string]string {
	if t == (Target{}) {
		return nil
	}
	set, err := labelset.Parse(t.text.Value().labels, labelset.Cluster)
	if err != nil { // it is the text of a set
		return nil
	}
	texts := map[string]string{}
	for l := range set.All() {
		texts[l.Name] = l.Text()
	}
	return texts
}

// MetricID identifies a metric over time.
type MetricID struct {
	Target Target
	PMID   pcp.PMID
}

// SeriesID identifies a series over time, while its labels and its help change.
type SeriesID struct {
	MetricID
	Inst pcp.InstID
}

// ID identifies the metric.
func (m *Metric) ID() MetricID { return MetricID{m.Target, m.Desc.PMID} }

// SeriesID identifies the series of an instance. The instance that is stored for a singular
// metric has no meaning.
func (m *Metric) SeriesID(inst pcp.InstID) SeriesID {
	if m.Desc.InDom == pcp.InDomNull {
		inst = pcp.InstNull
	}
	return SeriesID{m.ID(), inst}
}

// Ends reports whether a step is a mark that ends the values of a target.
func (s *Step) Ends(t Target) bool { return s.Mark && (s.Part == AllParts || s.Target == t) }

// TargetOf returns the Target of an archive with some metadata.
func TargetOf(store *meta.Store) Target {
	if all := TargetsOf(store); len(all) == 1 {
		return all[0]
	}
	return Target{}
}

// TargetsOf returns the exporters that an archive with some metadata was recorded from.
func TargetsOf(store *meta.Store) (all []Target) {
	for _, l := range store.FirstOfClusters() {
		set, _ := l.Find(pcp.InstNull)
		if t := NewTarget(set); t != (Target{}) && !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	return all
}
