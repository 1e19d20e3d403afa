// Package diff says what differs between two recordings, or between two windows of one:
// metrics and instances of one side alone, descriptors, labels, and the values that changed
// most.
//
//	report, err := diff.Compare(ctx, diff.Side{Set: monday}, diff.Side{Set: tuesday}, diff.Options{})
//	for _, c := range report.Changes {
//		fmt.Println(c.Metric, c.Instance, c.A, c.B)
//	}
//
// Values are compared by their averages over time, counters by their rates; package summary
// has the rules.
package diff
