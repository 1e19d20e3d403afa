// Package interp gives values at times between those at which they were
// recorded, and rates of counters.
//
//	values := interp.At(r, times, interp.Options{Marks: true})
//	for step, err := range interp.Rates(values) {
//		…
//	}
//
// # Values between observations
//
// [At] takes for each time and series the observation before it, or at it, and
// the one after it. A mark between an observation and the time hides it. What
// was recorded at the very time is the value, else
//
//	semantics   there is a value if        it is
//	counter     both are there             on the line between them, integers rounded
//	instant     both are there             the nearer one, the earlier of two equally near
//	discrete    the earlier is there       likewise, the earlier if it is alone
//
// A discrete value that is alone ends when its instance leaves an instance domain
// that ever had 16 instances: in smaller ones the reference does not look.
//
// Text, events and other values that are not numbers are always the earlier one,
// and there is none of counters. Nothing has a value before the first record or
// after the last.
//
// These are the rules of PCP 6.3.2 and later. Before, an instant or discrete
// value was always the earlier observation: [Options.Earlier]. One thing differs
// from the reference on purpose: after a mark it gives no value of a counter
// once, to a client that had fetched from before the mark, for it to compute no
// rate. Here a value does not depend on what was asked before; [Rates] knows
// marks.
//
// # Rates
//
// [Rates] turns counters into rates: of successive steps, whether interpolated
// or as recorded. [RateUnits] tells their units.
//
// Both yield steps that are reused for the next element; what must outlive it is
// copied by the caller, but for Metric and Series pointers, which may be kept. A
// sequence belongs to one goroutine.
package interp
