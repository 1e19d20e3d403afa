// Package mapper gives Prometheus series their PCP names, numbers and metadata.
//
//	Mapper    one archive: its names, numbers and context labels
//	Source    one endpoint in the archive; gathers one scrape at a time
//	Series    one Prometheus series of a Source
//	Health    how a scrape went, for the metrics openmetrics.control.*
//
// A user asks a Source for the Series of each sample, and then for each scrape:
//
//	source.Begin(t)
//	source.Set(series, value) …
//	step := source.Step()
//
// [Mapper.Adopt] continues an archive: everything that it holds keeps its number.
package mapper
