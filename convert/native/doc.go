// Package native turns Prometheus series into the PCP metrics that they stand for,
// such as those of node_exporter or of a page with "# PCP5" lines.
//
//	Resolver        says which PCP metrics a series stands for
//	Metric, Place   a PCP metric, and an instance of it that a series gives values to
//	Gatherer        gathers the values of one time into records of an archive
//	SeriesGatherer  the same for live series, which end and are forgotten
//
// Several series may give values to one place; [Combine] says how. Inside the
// package a place that has been resolved is a slot, and the part of a series in a
// slot is a [Share].
package native
