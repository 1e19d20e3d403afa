package flatten

import (
	"iter"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// NativeMetrics yields the metrics of archives that did not come from Prometheus.
func NativeMetrics(readers iter.Seq[*archive.Reader]) iter.Seq[*meta.Desc] {
	return func(yield func(*meta.Desc) bool) {
		for r := range readers {
			for d := range r.Meta().Metrics() {
				if !naming.FromPrometheus(r.Meta(), d) && !yield(d) {
					return
				}
			}
		}
	}
}

// CountEndpoints counts the Prometheus endpoints that archives were recorded from.
func CountEndpoints(readers iter.Seq[*archive.Reader]) int {
	type endpoint struct{ host, name string }
	found := map[endpoint]bool{}
	for r := range readers {
		for l := range r.Meta().AllLabels() {
			if l.Level != labelset.Cluster || pcp.PMID(l.Ident).Domain() != naming.OpenMetricsDomain {
				continue
			}
			set, _ := l.Find(pcp.InstNull)
			found[endpoint{r.Header().Host, set.Text("source")}] = true
		}
	}
	return len(found)
}
