// Package naming translates names, units, semantics and identity between PCP and
// Prometheus. It has no state.
//
//	LeafName, SourceName, LabelName  from Prometheus' names to PCP's
//	PrometheusName, OriginalLabel    from PCP's names to Prometheus'
//	Style                            how PCP's own metrics are named in Prometheus
//	SemanticsOf, UnitsOf             what PCP calls a sample of a Prometheus family
//	IdentityLabels, SampleOf         how an archive keeps what a metric was in Prometheus
//
// A metric that came from Prometheus has the item label [LabelFamily]. It and its
// fellows make the way back exact.
package naming
