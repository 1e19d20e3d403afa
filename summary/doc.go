// Package summary tells in one pass what the values of an archive were: how
// many, over which time, their least, average and greatest, and percentiles.
//
//	sum, err := summary.Of(ctx, r, summary.Options{Percentiles: []float64{50, 99}})
//	for _, s := range sum.Series {
//		fmt.Println(s.Series.Metric.Name, s.Series.Inst.Name, s.TimeAverage, s.Units, s.Percentiles)
//	}
//
// [Of] reads steps and keeps a few numbers for each series, so its memory
// depends on the number of series and not on that of values.
//
// # What is counted
//
// Values of counters are turned into rates: the difference of two successive
// values over the time between them, per second, or per unit of the metric's own
// time if it counts time, so that a counter of busy milliseconds gives the share
// of time that was busy. A rate belongs to the time of its later value.
// Between two values with a mark between them there is no rate. Nor is there one
// where a counter went down: it was reset. [Options.Wrap] says that integer
// counters go down because they ran over instead.
//
// Values of other metrics count as they are. Their time average weighs each by
// how long it held: until the next value, and of a discrete metric, whose values
// hold until further notice, also until a mark or the end of the window. A mark
// ends what came before it.
//
// NaN and values that are not of their metric's type do not count.
//
// # Percentiles
//
// A percentile is one of the counted values or lies between two neighbours. Up to
// 256 values of a series are kept and it is exact. Beyond that, a merging t-digest
// of about a hundred centroids stands for them: least and greatest stay exact,
// and the rank of what is given for the p-th percentile is off by well under one
// percent in the middle and by less towards both ends. A series takes at most
// 5 KB for it.
package summary
