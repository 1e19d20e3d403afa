// Package interp computes values at times between the recorded ones, and rates of
// counters.
//
//	values := interp.At(r, times, interp.Options{Marks: true})
//	for step, err := range interp.Rates(values) {
//		…
//	}
//
// # Values between observations
//
// For each time and series, [At] looks at two observations: the earlier one, at or before
// the time, and the later one, after it. A mark hides an observation on its other side. If
// the earlier observation is at the very time, it is the value. Otherwise:
//
//	semantics   a value exists if           the value is
//	counter     both observations exist     on the line between them; integers are rounded
//	instant     both observations exist     the nearer observation, or the earlier of two equally near
//	discrete    the earlier one exists      as for instant, or the earlier one if it is alone
//
// A lone discrete value ends when its instance leaves its instance domain for good, if the
// domain ever had 16 instances. Libpcp does not look at smaller domains.
//
// Text, events and other values that are not numbers are always the earlier observation.
// A counter that is not a number has no value. No series has a value before the first
// record or after the last.
//
// These are the rules of PCP 6.3.2 and later. Older releases always give an instant or
// discrete metric the earlier observation; [Options.Earlier] does so too. This package
// differs from libpcp in one point: a value never depends on earlier requests.
// Libpcp omits a counter once after a mark if the client fetched before the mark, so
// that the client computes no rate. Here [Rates] handles marks.
//
// # Rates
//
// [Rates] computes rates of counters from successive steps, interpolated or recorded.
// [RateUnits] returns the units of a rate.
//
// Both functions reuse each step for the next one. Callers may keep Metric and Series
// pointers, and must copy everything else. A sequence belongs to one goroutine.
package interp
