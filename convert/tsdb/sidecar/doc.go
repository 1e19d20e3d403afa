// Package sidecar keeps the metadata of series that a Prometheus TSDB block has no
// place for. The file pcparchive.json in the block's folder has the types, help and
// units of metric families, and the PCP metrics that series were made of.
// Prometheus, Thanos and Mimir ignore the file.
//
// [Write] writes the file of a new block. A [Catalog] collects the metadata of many
// blocks and describes their series. [NewNatives] turns described series back into
// their PCP metrics.
package sidecar
