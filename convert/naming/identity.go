package naming

import (
	"strings"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Names of the item labels that keep what PCP has no place for.
const (
	LabelFamily = "prom_name"
	LabelType   = "prom_type"
	LabelUnit   = "prom_unit"
	labelSuffix = "prom_suffix" // the sample's name is the family's with this after it
	labelSample = "prom_sample" // or this, where it does not begin with the family's
	// labelEncoding says what the bytes of an aggregate are, or the records of an
	// event metric.
	LabelEncoding = "prom_encoding"
)

// originLabels returns the item labels that make the way back exact.
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

// originSample returns the name of the samples of a metric that came from
// Prometheus.
func SampleOf(family string, item labelset.Set) string {
	if sample, ok := item.Lookup(labelSample); ok {
		return sample.Text()
	}
	return family + item.Text(labelSuffix)
}

// SampleName returns the name that the samples of a metric get, as far as it
// can be told without reading values: of two metrics that want one name, a
// Flattener renames the later one.
func SampleName(store *meta.Store, d *meta.Desc) string {
	item := itemLabels(store, d)
	if family, ok := item.Lookup(LabelFamily); ok {
		return SampleOf(family.Text(), item)
	}
	return PrometheusName(d.Name())
}

// HoldsHistograms reports whether the values of a metric are native histograms,
// which a Flattener hands on as [prom.Sample.Histogram].
func HoldsHistograms(store *meta.Store, d *meta.Desc) bool {
	return d.Type == pcp.TypeAggregate && itemLabels(store, d).Text(LabelEncoding) == EncodingHistogram
}

// FromPrometheus reports whether a metric is a Prometheus metric, which a
// Flattener gives its own name back.
func FromPrometheus(store *meta.Store, d *meta.Desc) bool {
	_, ok := itemLabels(store, d).Lookup(LabelFamily)
	return ok
}

// itemLabels returns the labels that a metric had last.
func itemLabels(store *meta.Store, d *meta.Desc) labelset.Set {
	l, _ := store.LabelsAt(labelset.Item, uint32(d.PMID), pcp.MaxTime)
	item, _ := l.Find(pcp.InstNull)
	return item
}

// IsHealth reports whether a metric tells how scrapes went: its instances are
// endpoints, and may have their labels job and instance.
func IsHealth(id pcp.PMID) bool {
	return id.Domain() == OpenMetricsDomain && id.Cluster() == ControlCluster
}

// holdsHistograms reports whether the values of a metric are native histograms.
func IsHistogram(metric *history.Metric) bool {
	return metric.Desc.Type == pcp.TypeAggregate && metric.Labels[4].Text(LabelEncoding) == EncodingHistogram
}

// holdsExemplars reports whether the values of a metric are exemplars.
func IsExemplar(metric *history.Metric) bool {
	t := metric.Desc.Type
	return (t == pcp.TypeHighResEvent || t == pcp.TypeEvent) && metric.Labels[4].Text(LabelEncoding) == EncodingExemplar
}

// OpenMetricsDomain is the PMID domain of the reference's openmetrics agent,
// whose names and numbers a Mapper uses so that views and configurations made
// for it fit.
const OpenMetricsDomain = 144

// encodingHistogram is the encoding of native histograms: the message of that
// name in Prometheus' remote write.
const EncodingHistogram = "prometheus.Histogram"

// encodingExemplar is the encoding of exemplars: event records, see
// exemplarRecord.
const EncodingExemplar = "exemplar"

// controlCluster is the cluster of the metrics that say how scrapes went.
const ControlCluster = 0
