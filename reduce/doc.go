// Package reduce thins archives as PCP's pmlogreduce does: one record for each interval.
//
//	report, err := reduce.Reduce(ctx, "thin", set, end, reduce.Options{Interval: 10 * time.Minute})
//
// The times of the output are the start and every interval after it. A series has a value at
// such a time if it was recorded since the time before, and package interp has a value for
// it: counters lie on the line between the neighbouring records, so that rates over the
// intervals are exact; other metrics have their latest value, or with [Options.Mean] the mean
// of the interval. 32-bit counters become 64 bits wide, and their overflows are undone.
//
// Marks, labels, help texts and instance domains are kept. Event records and aggregates
// cannot be reduced and are left out.
package reduce
