package history

import (
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Step is one data record, joined with its metadata: all values that were
// recorded at one time, or a mark. It is the record type that every converter
// reads and writes.
type Step struct {
	Stamp   pcp.Timestamp
	Mark    bool // history does not continue from before this step to after it
	Metrics []MetricValues
	// Shape, unless it is nil, is the same for steps that differ in nothing but
	// Stamp and the values of their points. What a consumer works out for a
	// step's metrics and series it may keep by Shape.
	Shape *Shape
}

// Shape is what the records of a logging group have in common: as a rule all but
// time and values. A Shape is compared by pointer.
type Shape struct {
	points int
}

// NewShape returns a Shape of steps with that many points.
func NewShape(points int) *Shape { return &Shape{points: points} }

// Points returns the number of points of all metrics together.
func (s *Shape) Points() int { return s.points }

// MetricValues is what a step holds of one metric.
type MetricValues struct {
	Metric *Metric
	Err    pcp.Errno // negative: why there are no values
	// InDom and Labels are the instance domain in force and its instance
	// labels. Both are nil for a singular metric, and where none is known.
	InDom  *meta.InDom
	Labels *meta.Labels
	Points []Point
}

// Point is one value.
type Point struct {
	Series *Series
	Value  Value
}

// Metric is a metric with what is attached to it at a time. A Metric does not
// change: when its labels do, later steps carry another one.
type Metric struct {
	Name    string // "" for a metric that has none
	Desc    *meta.Desc
	OneLine string // one-line help
	Help    string // long help
	// Labels of the five levels above the instance, by precedence: context,
	// domain, instance domain, cluster, item.
	Labels [5]labelset.Set
	// Params are the metrics of which event records of this one have values, as far
	// as there were any up to now. A writer must describe them, too.
	Params []*Metric
}

// Series is one instance of a metric, or all of a singular one. A Series does
// not change: when its name or labels do, later steps carry another one, so
// what a consumer derives from it may be kept by pointer.
type Series struct {
	Metric *Metric
	Inst   meta.Instance // ID InstNull for a singular metric
	Labels labelset.Set  // of the instance alone
}

// Merged returns the labels that a client sees.
func (s *Series) Merged() (labelset.Set, error) {
	var sets [len(labelset.Levels)]labelset.Set
	copy(sets[:], s.Metric.Labels[:])
	sets[len(sets)-1] = s.Labels
	return labelset.Merge(sets[:]...)
}

// LabelIdent returns the identifier under which labels of a level are stored
// for a metric.
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
