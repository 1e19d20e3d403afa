// Package relabel applies Prometheus' relabelling rules to samples on their way to
// a sink.
//
//	SampleSource or Flattener ─► Stage ─► Assembler, convert/tsdb, convert/expo
//
// The rules are those of Prometheus' metric_relabel_configs. They see the labels of
// a series, with its name as __name__, and may change, add and drop labels, or drop
// the series. A Stage applies them once for each series, not for each sample.
package relabel
