package mapper

import (
	"iter"
	"strings"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// RecordedMetric is a metric of a source in an archive that a Mapper wrote.
type RecordedMetric struct {
	Source string // name of the source
	Job    string // job of its target
	ID     MetricID
	Unit   string // declared unit
	Desc   *meta.Desc
	// Next is greater than the number of every instance that the metric ever had.
	Next int64
	// Instances are the numbers of instances by the keys of their labels, see
	// prom.LabelsKey. It is empty for a metric without instances.
	Instances map[string]pcp.InstID
}

// Recorded yields the metrics of sources in an archive whose names begin with prefix,
// ascending by number. It leaves out metrics without identity labels.
func Recorded(s *meta.Store, prefix string) iter.Seq[RecordedMetric] {
	return func(yield func(RecordedMetric) bool) {
		labels := instanceLabels(s)
		for d := range s.Metrics() {
			if d.PMID.Domain() != naming.OpenMetricsDomain || d.PMID.Cluster() == naming.ControlCluster {
				continue
			}
			cluster := labelsAtEnd(s, labelset.Cluster, d)
			source := cluster.Text("source")
			id, unit, known := identityOf(s, d)
			if !known || !ValidSource(source) || !strings.HasPrefix(d.Name(), prefix+"."+source+".") {
				continue
			}
			m := RecordedMetric{Source: source, Job: cluster.Text("job"), ID: id, Unit: unit, Desc: d}
			if d.InDom != pcp.InDomNull {
				m.Instances, m.Next = instanceIDs(s, d.InDom, labels[d.InDom])
			}
			if !yield(m) {
				return
			}
		}
	}
}
