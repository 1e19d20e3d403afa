// Package summary computes statistics of the values of an archive in one pass: count, time
// span, minimum, average, maximum and percentiles.
//
//	sum, err := summary.Of(ctx, r, summary.Options{Percentiles: []float64{50, 99}})
//	for _, s := range sum.Series {
//		fmt.Println(s.Series.Metric.Name, s.Series.Inst.Name, s.TimeAverage, s.Units, s.Percentiles)
//	}
//
// [Of] keeps a few numbers for each series. Its memory depends on the number of series, not
// on the number of values.
//
// # Values and rates
//
// The statistics of a counter are those of its rates. A rate is the difference of two
// successive values, divided by the time between them. It is per second or, for a counter
// of time, per the counter's own unit of time: a counter of busy milliseconds gives the
// share of busy time. A rate has the time of its later value. There is no rate across a
// mark, and none where a counter decreases, because it was reset. With [Options.Wrap] a
// decrease of an integer counter is an overflow instead.
//
// Values of other metrics count as they are. The time average weighs each value by the time
// for which it held. A value holds until the next one; the last value before a mark or the
// end of the window holds until there if its metric is discrete.
//
// NaN, and values that are not of their metric's type, do not count.
//
// # Percentiles
//
// A percentile is a counted value, or lies between two neighbours. It is exact for a series
// of up to 256 values. For more values, a merging t-digest of about a hundred centroids
// approximates the distribution: minimum and maximum stay exact, and the rank of the p-th
// percentile is off by well under one percent, least at both ends. The digest takes at most
// 5 KB for a series.
package summary
