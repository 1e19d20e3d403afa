// Package flatten makes Prometheus samples from PCP steps. Its [Flattener] is the
// reverse of package assemble:
//
//	history.Step ─► Flattener ─► prom.SampleSink
//
// Several hosts flatten into one sink by [Flattener.Fork]. [HostNames] finds the
// hosts that their own labels do not tell apart; [HostClashes] has the result.
//
// A Flattener keeps a metricState for each metric, with the series of its points.
// Steps of one shape differ only in time and values, so it resolves labels only for
// the first of them.
package flatten
