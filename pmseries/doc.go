// Package pmseries answers questions in the query language of PCP's pmseries over archives:
// which series match, and which values they have in a time window. It needs no key server.
//
//	view := pmseries.NewIndex(pmseries.IndexOptions{}).View(sets)
//	engine := pmseries.NewEngine(pmseries.Options{})
//	result, err := engine.Query(ctx, view, pmseries.Times{}, `rate(kernel.all.pswitch{hostname == "www"}[count:5])`)
//
// # Expressions
//
// An operand selects series by the name of the metric, which may be a pattern, and by
// qualifiers in braces: labels, instance.name, metric.name and source.name, compared by ==,
// !=, ~~ or : (pattern), =~ and !~ (regular expression), <, <=, >, >= (numbers), or named
// alone (the label exists), joined by &&, || and commas. && and || have the same precedence,
// as in PCP's pmseries; parentheses group. A time window in square brackets asks for values.
// Functions and the operators + - * / combine operands. Either all operands of an expression
// have a window, or none has.
//
// # Identities
//
// An [ID] is computed as PCP's pmseries computes it, so that a series has the same ID here, in
// the output of pminfo -s, and in a key server that pmseries or pmproxy filled.
//
// # Where the package differs from PCP's pmseries
//
//   - A qualifier of an instance, by its name or its labels, restricts the values too.
//     PCP's pmseries returns those of all instances of the metric.
//   - Operators combine series of the same source, and instances by their names. PCP's pmseries
//     combines the first series on either side, and instances by their positions.
//   - No rate is computed across a mark, nor where a counter decreases.
//   - A rate has the time of the later of its two values.
//   - Numbers keep all their digits, and negative values have maxima and percentiles.
//   - != and relations of numbers, which PCP's pmseries parses and ignores, select.
package pmseries
