// Package query answers PromQL from archives, with Prometheus' own engine over
// a storage that reads archives.
//
// # What is read
//
// A selection looks in the metadata for the metrics that its matchers allow,
// reads the records of the times that it asks for, found by the index, and
// decodes the values of those metrics alone. The samples that match are held
// compressed while the query runs; [Options].MaxSamples bounds them, and a query
// beyond it fails with a [LimitError]. A selection that an expression repeats is
// read once.
//
// # What ends a query
//
// Exec returns within a second when its context ends, and when [Options].Timeout
// has passed, with a [TimeoutError]. Subqueries with more steps than the query may
// hold samples are refused with a [StepsError]: the engine reserves memory for
// each step.
//
// # What differs from Prometheus
//
// Discrete metrics, which PCP records once or seldom, hold their value until the
// next one or a mark: a look-back of minutes would not see them otherwise. Their
// last value before the times asked for is looked for backwards, no further than
// to the mark before.
//
// Native histograms are samples as numbers are. One that is damaged is left out,
// with a [LossWarning].
//
// A mark says that history does not go on across it: nobody counted in between.
// Where the window of rate, irate or increase holds a mark, they add nothing for
// the time between the last value before it and the first after it, where
// Prometheus would take the difference for an increase. All else, and these
// functions over subqueries, see the values as they are.
package query
