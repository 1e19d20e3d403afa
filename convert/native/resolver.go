package native

import (
	"iter"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Natives knows Prometheus series that are PCP metrics of their own, such as
// those of a page with "# PCP5" lines or of an exporter whose metrics PCP has,
// too. What it does not know becomes an openmetrics metric.
type Resolver interface {
	// Places returns where the values of a series go, nothing if it is not a
	// native one. It is asked once for each series.
	Places(s *prom.Series) []Place
}

// ClaimingNatives is a Natives with metrics whose names or numbers a [mapper.Mapper] could
// give to its own, as PCP's openmetrics agent has the same scheme.
type ClaimingResolver interface {
	Resolver
	// Claims yields the metrics that may be among the places, at least those of
	// [naming.OpenMetricsDomain].
	Claims() iter.Seq[*meta.Desc]
}

// NativeMetric is a PCP metric as its own agent would have it. Places of one
// metric share the pointer.
type Metric struct {
	Desc    meta.Desc
	OneLine string
	Help    string
	Labels  [5]labelset.Set // as in [history.Metric]; an empty context is the archive's
	// Timely says that the labels are all that there were at the time of the
	// values, those that metrics share included.
	Timely bool
	// Recorded says that the input tells what the metric is. A label "instance" of
	// its series is then no sign of another host.
	Recorded bool
}

// Place is an instance of a native metric that a series gives values to.
type Place struct {
	Metric   *Metric
	Instance string       // its name; a singular metric has none
	ID       pcp.InstID   // its number, InstNull for the next free one
	Labels   labelset.Set // of the instance
	Pick     Picker       // what of a value counts; nil: all of it
	Factor   float64      // by which values are then multiplied; 0 is 1
	Combine  Combine      // with other series of one time
	Text     string       // the value of a string metric, whatever the series' is
	Alone    bool         // no other instance has its name while it has a value

	// Parts is how many kinds of series the place needs: the minuend and the
	// subtrahend of a difference are 2. Part tells which kind this one is, from
	// 0. Where one is missing, there is no value. 0 and 1 mean no such need; no
	// more than 64 are told apart.
	Part, Parts int

	// Known says that the metric is only to be known to the archive, with or
	// without values: programs refuse to run without the names they ask for.
	Known bool
}

// A Picker makes of a value what counts of it, and reports whether there is one.
type Picker func(v float64) (float64, bool)

// Combine says what several series that share a place make of their values.
type Combine int

// The ways. Those that add up can be mixed in one place.
const (
	CombineNot   Combine = iota // the series has the place until it ends; another, meanwhile, is none of it
	CombineLast                 // the one whose sample comes last has the place
	CombineSum                  // added up
	CombineCount                // how many have a value
	CombineTimes                // multiplied, and the sum of the others with the product
	CombineOver                 // added up, for the sum of the others to be divided by
)
