package naming

import (
	"strings"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// The item labels that keep a metric's identity in Prometheus. All are optional
// labels: PCP does not count them as part of the metric's own identity.
const (
	LabelFamily = "prom_name"   // name of the family; every metric from Prometheus has it
	LabelType   = "prom_type"   // type of the family
	LabelUnit   = "prom_unit"   // declared unit of the family; absent if none is declared
	labelSuffix = "prom_suffix" // the end of the sample's name, after the family's name
	labelSample = "prom_sample" // the sample's name, if it does not begin with the family's
	// LabelEncoding is the encoding of an aggregate's bytes or of an event metric's
	// records: EncodingHistogram or EncodingExemplar. Metrics with numbers lack it.
	LabelEncoding = "prom_encoding"
)

// IdentityLabels returns the item labels that keep a metric's identity: the name
// of its samples, their family, and their encoding, "" for numbers. The error
// wraps [pcp.ErrLimit] if the labels are too long for a set.
func IdentityLabels(sample string, f prom.Family, encoding string) (labelset.Set, error) {
	labels := []labelset.Label{labelset.String(LabelFamily, f.Name), labelset.String(LabelType, f.Type)}
	if f.Unit != "" {
		labels = append(labels, labelset.String(LabelUnit, f.Unit))
	}
	switch {
	case !strings.HasPrefix(sample, f.Name):
		labels = append(labels, labelset.String(labelSample, sample))
	case sample != f.Name:
		labels = append(labels, labelset.String(labelSuffix, Suffix(sample, f.Name)))
	}
	if encoding != "" {
		labels = append(labels, labelset.String(LabelEncoding, encoding))
	}
	for i := range labels {
		labels[i].Flags = labelset.Optional
	}
	return labelset.New(labelset.Item, labels...)
}

// SampleOf returns the name of the samples of a metric that came from Prometheus:
// family is its LabelFamily, item are all its item labels.
func SampleOf(family string, item labelset.Set) string {
	if sample, ok := item.Lookup(labelSample); ok {
		return sample.Text()
	}
	return family + item.Text(labelSuffix)
}

// SampleName returns the Prometheus name of a metric's samples in the style
// [NamesPCP]. If two metrics want one name, a Flattener renames the later one;
// SampleName cannot foresee this.
func SampleName(store *meta.Store, d *meta.Desc) string {
	item := itemLabels(store, d)
	if family, ok := item.Lookup(LabelFamily); ok {
		return SampleOf(family.Text(), item)
	}
	return PrometheusName(d.Name())
}

// HoldsHistograms is [IsHistogram] for a descriptor: it looks the labels up in
// store.
func HoldsHistograms(store *meta.Store, d *meta.Desc) bool {
	return d.Type == pcp.TypeAggregate && itemLabels(store, d).Text(LabelEncoding) == EncodingHistogram
}

// HoldsExemplars is [IsExemplar] for a descriptor: it looks the labels up in store.
func HoldsExemplars(store *meta.Store, d *meta.Desc) bool {
	return isEvent(d.Type) && itemLabels(store, d).Text(LabelEncoding) == EncodingExemplar
}

func isEvent(t pcp.Type) bool { return t == pcp.TypeHighResEvent || t == pcp.TypeEvent }

// FromPrometheus reports whether a metric came from Prometheus. A Flattener gives
// it its original name back.
func FromPrometheus(store *meta.Store, d *meta.Desc) bool {
	_, ok := itemLabels(store, d).Lookup(LabelFamily)
	return ok
}

// itemLabels returns the item labels that a metric has at the archive's end.
func itemLabels(store *meta.Store, d *meta.Desc) labelset.Set {
	l, _ := store.LabelsAt(labelset.Item, uint32(d.PMID), pcp.MaxTime)
	item, _ := l.Find(pcp.InstNull)
	return item
}

// IsHealth reports whether a metric describes scrapes, such as
// openmetrics.control.up. Its instances are endpoints.
func IsHealth(id pcp.PMID) bool {
	return id.Domain() == OpenMetricsDomain && id.Cluster() == ControlCluster
}

// IsHistogram reports whether the values of a metric are native histograms.
func IsHistogram(metric *history.Metric) bool {
	return metric.Desc.Type == pcp.TypeAggregate && metric.Labels[labelset.AtItem].Text(LabelEncoding) == EncodingHistogram
}

// IsExemplar reports whether the values of a metric are exemplars.
func IsExemplar(metric *history.Metric) bool {
	return isEvent(metric.Desc.Type) && metric.Labels[labelset.AtItem].Text(LabelEncoding) == EncodingExemplar
}

// OpenMetricsDomain is the PMID domain of PCP's openmetrics agent. A Mapper uses
// the agent's names and numbers, so views and configurations for the agent fit.
const OpenMetricsDomain = 144

// EncodingHistogram is the encoding of native histograms: the message of this
// name in Prometheus' remote write.
const EncodingHistogram = "prometheus.Histogram"

// EncodingExemplar is the encoding of exemplars: event records as
// [prom.ExemplarRecord] makes them.
const EncodingExemplar = "exemplar"

// ControlCluster is the PMID cluster of the metrics that describe scrapes.
const ControlCluster = 0
