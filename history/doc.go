// Package history defines the joined view of performance data, in which each
// value carries its metadata:
//
//	Step ── MetricValues ── Point ── Value
//	             │            │
//	          Metric        Series
//
// A [Step] holds all values recorded at one time, or is a mark. Its points
// carry their [Metric] and [Series] with the labels, help and instance names of
// that time. A [Query] selects steps, a [Source] yields them and a [Sink] takes
// them.
//
// The package knows no files: package archive reads and writes steps, and a
// live source can yield the same types.
package history
