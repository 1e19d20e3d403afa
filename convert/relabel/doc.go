// Package relabel applies Prometheus' relabelling rules to samples on their way.
//
//	SampleSource or Flattener ─► [Stage] ─► Assembler, convert/tsdb, convert/expo
//
// The rules are Prometheus' own, as its metric_relabel_configs: they see a
// series' labels with its name as __name__, and may change, add and drop. A
// series' rules are worked out once, not for each sample.
package relabel
