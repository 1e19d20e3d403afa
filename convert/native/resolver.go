package native

import (
	"iter"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Resolver knows Prometheus series that are PCP metrics, such as the series of a
// page with "# PCP5" lines, or of an exporter whose metrics PCP has, too. A series
// that the Resolver does not know becomes an openmetrics metric.
type Resolver interface {
	// Places returns where the values of a series go. It returns nothing for a
	// series that is not a PCP metric. The caller asks once for each series.
	Places(s *prom.Series) []Place
}

// ClaimingResolver is a Resolver whose metrics may have names or numbers that a
// [mapper.Mapper] would give to its own metrics: PCP's openmetrics agent numbers
// them in the same way.
type ClaimingResolver interface {
	Resolver
	// Claims yields the metrics that places may have. It may leave out metrics
	// outside [naming.OpenMetricsDomain].
	Claims() iter.Seq[*meta.Desc]
}

// Metric is a PCP metric as its own agent describes it. All places of one metric
// share the pointer.
type Metric struct {
	Desc    meta.Desc
	OneLine string
	Help    string
	// Labels are ordered by level as in [history.Metric]. An empty context stands
	// for the archive's.
	Labels [labelset.MetricLevels]labelset.Set
	// Timely is set if Labels are complete for the time of the values, including
	// the labels that several metrics share.
	Timely bool
	// Recorded is set if the input itself describes the metric. The label
	// "instance" of its series then does not mean another host.
	Recorded bool
}

// Place is an instance of a native metric that gets values from a series.
type Place struct {
	Metric   *Metric
	Instance string       // name of the instance; "" for a singular metric
	ID       pcp.InstID   // number of the instance; InstNull stands for the next free one
	Labels   labelset.Set // labels of the instance
	Pick     Picker       // applied to each value first; nil leaves it as it is
	Factor   float64      // multiplies each value after Pick; zero means 1
	Combine  Combine      // how the values of several series make one
	Text     string       // the value of a string metric; it replaces the series' value
	Alone    bool         // while the instance has a value, no other may have its name

	// Parts is the number of kinds of series that the place needs. A difference needs two,
	// the minuend and the subtrahend. Part is the kind of this series, from 0. The
	// place has no value while a kind is missing. Parts of 0 and 1 need nothing;
	// the maximum is 64.
	Part, Parts int

	// Known is set if the archive only has to know the metric, with or without a
	// value: some programs stop if a name that they ask for is missing.
	Known bool
}

// Picker returns the part of a value that counts. It returns false if the place
// has no value then.
type Picker func(v float64) (float64, bool)

// Combine is the way in which the values of several series make the value of one
// place.
type Combine int

// The ways to combine values. One place may mix CombineSum, CombineCount,
// CombineTimes and CombineOver: its value is sum · times / over.
const (
	CombineNot   Combine = iota // the first series wins until it ends; others are ignored
	CombineLast                 // the series whose sample comes last wins
	CombineSum                  // the value adds to the sum
	CombineCount                // each series with a value adds 1 to the sum
	CombineTimes                // the value multiplies the product times, 1 at first
	CombineOver                 // the value adds to the divisor over, 1 if no series adds to it
)
