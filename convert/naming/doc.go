// Package naming translates names, units, semantics and identity between PCP and
// Prometheus, without any state: [LeafName] and [PrometheusName] translate names,
// [SemanticsOf] and [UnitsOf] tell what a sample of a family is, and a [Style] says
// how PCP metrics are called in Prometheus. The Label constants are the labels by
// which an archive keeps what a metric was in Prometheus.
package naming
