// Package prom has the nouns of the Prometheus side of every conversion:
//
//	Series, Family, Label   a series, its metric family and its labels
//	Sample                  a number, a native histogram or an exemplar of a series
//	SampleSource            hands samples to a SampleSink
//	SampleSink              takes samples; every stage and every format is one
//	SampleStore             has samples series by series
//	Report, Loss            counts what a conversion cannot carry over
//
// Two stages are here: a [Sorter] brings samples into order of time, and a
// [Repeat] repeats discrete values.
//
// Times are in milliseconds since 1970 unless their type says otherwise.
package prom
