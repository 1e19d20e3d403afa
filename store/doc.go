// Package store reads many archives as one: a [Set] is the timeline of a host.
//
// [OpenSets] finds the archives that paths and folders hold and gives each host
// a Set. [Set.Steps] merges its archives by time, with a mark in each gap, and
// [Set.Problems] names what could not be read.
package store
