// Package exporter answers /metrics from archives, as PCP's web daemon does for live hosts:
// the values of all metrics, or of some, at one instant.
//
// # Parameters
//
//	names            metrics and subtrees, a list with commas; also name, prefix and target
//	filter           metrics to leave out, by their whole names
//	match            what filter holds: glob (default), regex or exact
//	match[]          selectors of series, as in PromQL; may be given several times
//	host             hosts; also hostspec and hostname; default all
//	time             the instant; default the last records
//	times            true: the time of each value
//	pcp5             true: "# PCP5" lines, from which the page becomes PCP's own metrics again
//	style            names: pcp (default), prometheus or utf8
//	instid           true: numbers of instances
//	optional-labels  true: labels that PCP does not count as part of a metric's identity
//	strings          info: metrics that are text, as series with the text in a label
//
// # Formats
//
// The header Accept chooses Prometheus' text (default), OpenMetrics, or OTLP's JSON.
//
// # What a page costs
//
// An [Exporter] reads the values of a page at once and keeps the page until a record is
// added. Equal requests at the same time share one page. It also keeps the names and labels
// of the series, so that a page after another record formats only values.
package exporter
