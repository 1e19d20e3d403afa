// Package prom has the nouns of the Prometheus side of every conversion: a
// [Series] with its [Family] and labels, a [Sample], the [SampleSink] that every
// stage and format implements, and the [Report] of what could not cross.
//
// A [Sorter] brings samples into order of time, a [Repeat] repeats discrete values.
package prom
