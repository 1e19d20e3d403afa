// Package sidecar keeps metadata of series for which a Prometheus TSDB block has no
// place. The file pcparchive.json in the block's folder holds the types, help and
// units of metric families, and the PCP metrics from which series were made.
// Prometheus, Thanos and Mimir ignore the file.
//
// [Write] writes the file of a new block. A [Catalog] collects the metadata of many
// blocks and describes their series. [NewNatives] turns described series back into
// their PCP metrics.
package sidecar
