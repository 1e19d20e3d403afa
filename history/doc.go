// Package history has the nouns of the joined view of performance data:
//
//	Step ── MetricValues ── Point ── Value
//	             │            │
//	          Metric        Series
//
// A [Step] is everything that was recorded at one time, or a mark; its points
// carry their [Metric] and [Series] with labels, help and instance names as they
// were at that time. A [Query] selects steps, a [Source] yields them and a [Sink]
// takes them. Package archive reads and writes them, and so can a live source:
// nothing here knows of files.
package history
