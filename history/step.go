package history

import (
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Step is one data record, joined with its metadata: all values recorded at one
// time, or a mark. All converters read and write steps.
type Step struct {
	Stamp   pcp.Timestamp
	Mark    bool // recording stopped before this step and started again after it
	Implied bool // no record holds the mark: it stands for a gap between archives, or for damage
	Metrics []MetricValues
	// Part tells the archives of a host apart that were written at the same time: what a
	// step lacks may be in another part. It is 0 where archives do not overlap. A mark
	// concerns its part, or all parts if it is AllParts.
	Part int
	// Target is that of the archive. A mark ends the values of its Target alone, unless
	// it concerns all parts.
	Target Target
	// Shape may be nil. Steps with the same Shape differ only in Stamp and in
	// the values of their points. A consumer may cache by Shape all data
	// that it derives from a step's metrics and series.
	Shape *Shape
}

// AllParts is the Part of marks that concern all archives of a host.
const AllParts = -1

// Shape identifies records that have the same metrics and series in the same
// order, as the records of a logging group usually do. Compare Shapes by
// pointer.
type Shape struct {
	points int
}

// NewShape returns a Shape of steps with the given total number of points.
func NewShape(points int) *Shape { return &Shape{points: points} }

// Points returns the number of points of all metrics together.
func (s *Shape) Points() int { return s.points }

// MetricValues holds the values of one metric in a step.
type MetricValues struct {
	Metric *Metric
	Err    pcp.Errno // if negative, the reason why Points is empty
	// InDom and Labels are the instance domain and the instance labels in
	// force. Both are nil for a singular metric, and if the archive has none.
	InDom  *meta.InDom
	Labels *meta.Labels
	Points []Point
}

// Point is the value of one series at the time of the step.
type Point struct {
	Series *Series
	Value  Value
}

// Metric is a metric with its metadata at a time. A Metric is immutable: when
// the labels of a metric change, later steps carry a new Metric.
type Metric struct {
	Name    string // "" for a nameless metric
	Desc    *meta.Desc
	Target  Target // that of the archive
	OneLine string // one-line help
	Help    string // long help
	// Labels are the sets of the five levels above the instance, in the order
	// of precedence: context, domain, instance domain, cluster, item.
	Labels [labelset.MetricLevels]labelset.Set
	// Params are the metrics of the parameters seen so far in event records of
	// this metric. A writer must describe them, too.
	Params []*Metric
}

// Series is one instance of a metric, or the only value of a singular metric. A
// Series is immutable: when the instance name or labels change, later steps
// carry a new Series. A consumer may therefore cache by pointer the data
// that it derives from a Series.
type Series struct {
	Metric *Metric
	Inst   meta.Instance // ID InstNull for a singular metric
	Labels labelset.Set  // labels of the Instances level only
}

// Merged returns the labels that a client sees: those of the instance merged
// with those of the metric.
func (s *Series) Merged() (labelset.Set, error) {
	var sets [len(labelset.Levels)]labelset.Set
	copy(sets[:], s.Metric.Labels[:])
	sets[len(sets)-1] = s.Labels
	return labelset.Merge(sets[:]...)
}

// LabelIdent returns the identifier under which the metric's labels of a level
// are stored.
func LabelIdent(level labelset.Level, d *meta.Desc) uint32 {
	switch level {
	case labelset.Domain:
		return d.PMID.Domain()
	case labelset.Cluster:
		return uint32(d.PMID.ClusterID())
	case labelset.Item:
		return uint32(d.PMID)
	case labelset.InDom, labelset.Instances:
		return uint32(d.InDom)
	}
	return meta.ContextIdent
}
