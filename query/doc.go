// Package query answers PromQL from archives, with Prometheus' own engine over
// a storage that reads archives.
//
// # What is read
//
// A selection finds in the metadata the metrics that its matchers allow. It reads
// the records of the times it needs, which it finds by the index, and decodes the
// values of those metrics only. The engine holds the samples that match while the
// query runs: the first million of a query as they are, the others compressed.
// [Options].MaxSamples bounds them; a query that needs more fails with a
// [LimitError]. The engine reads a selection once even if the expression repeats it.
//
// # What ends a query
//
// Exec returns within a second when its context ends. It returns a [TimeoutError]
// when [Options].Timeout has passed. Instant and Range reject a subquery that has
// more steps than the query may hold samples, with a [StepsError], because the
// engine reserves memory for each step.
//
// # What differs from Prometheus
//
// PCP records a discrete metric once or seldom, so that a look-back of minutes would
// miss it. A discrete metric therefore holds its value until the next value or a
// mark. A selection searches backwards for the last value before its times, but not
// beyond a mark.
//
// Without [Options].Lookback, each metric has a look-back of its own: five minutes, or two
// and a half of the intervals at which the host's last archive records it, if that is longer.
// The engine looks back for the longest of the metrics that the query selects, and the
// series of the others end earlier. A selector over a range sees the
// samples recorded, and nothing else.
//
// Native histograms are samples like numbers. A selection leaves out damaged ones,
// with a [LossWarning].
//
// A mark says that nothing was recorded for a time. Where the window of rate, irate
// or increase holds a mark, these functions add nothing for the time between the
// last value before the mark and the first value after it. Prometheus would take the
// difference for an increase. Other functions, and these functions over subqueries,
// do not treat marks specially.
//
// Of a damaged record, a query reads the metrics that it selects if they are whole. An
// export reads all metrics and loses the record. Where two PCP metrics want one name, the
// one that is read later gets a number, so that the number may depend on the times of the
// query.
//
// # Columns
//
// With [Options].Columns, a selection reads the samples of closed archives series by
// series from a cache, and makes what is missing there. Answers, warnings and limits
// are those of the volumes: where they could differ, the selection reads the volumes.
//
// # Explanations
//
// [Parse] suggests names in PromQL for PCP's dotted names. [Engine.Explain] says why
// a result is empty, and [Engine.Remarks] returns the warnings of a result.
package query
