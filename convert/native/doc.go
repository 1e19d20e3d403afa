// Package native turns Prometheus series into the PCP metrics that they stand for,
// such as those of node_exporter or of a page with "# PCP5" lines: a [Resolver]
// tells the places of a series, and a [SeriesGatherer] or [Gatherer] gathers their values.
package native
