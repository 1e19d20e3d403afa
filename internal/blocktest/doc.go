// Package blocktest has helpers for tests of Prometheus blocks: samples, blocks with
// chosen faults, and the reading of blocks by package read. It does not import Prometheus'
// own database, so that fuzz targets stay fast with it; package tsdbtest does.
package blocktest
