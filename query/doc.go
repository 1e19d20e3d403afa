// Package query answers PromQL from archives, with Prometheus' own engine over
// a storage that reads an archive.
//
// A selection reads the archive once, from the time it asks for on, and decodes
// only the metrics that its name matcher allows; what matches is held in memory
// while the query runs. Discrete metrics, which PCP records once or seldom, are
// carried forward to their next value: a look-back of minutes would not see
// them otherwise.
package query
