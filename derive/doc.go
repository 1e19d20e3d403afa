// Package derive has PCP's language of derived metrics, pmRegisterDerived(3): metrics
// computed from others.
//
//	expr, err := derive.Parse("delta(disk.dev.total_bytes) / delta(disk.dev.total)")
//	metric, err := expr.Bind("disk.dev.avgsz", lookup)
//	values := metric.Eval(&now, &before)
//
// [Parse] checks the syntax, [Expr.Bind] finds the operands and works out the type, the
// semantics, the units and the instance domain of the result, and [Metric.Eval] computes
// the values of an instant. [ParseConfig] reads the files of PCP_DERIVED_CONFIG.
//
// # The language
//
//	numbers      3 and 2.5: a 32-bit unsigned number, and a double
//	names        a metric; name[instance] is one instance of it
//	operators    + - * / < <= == >= > != && || ! ?: and parentheses
//	functions    avg count max min sum delta rate instant defined, of a name
//	             rescale(expr, "units"), scalar(expr)
//	             matchinst(/regexp/, expr), matchinst(!/regexp/, expr)
//	             mkconst(number, type=…, semantics=…, units="…"), anon(PM_TYPE_…)
//	             novalue(type=…, semantics=…, units="…", indom=…)
//
// The operators + - * / < … have the usual order. ! is weaker than they are, && and || are
// equal and weaker, and ?: is the weakest and groups to the left, as in libpcp.
//
// # Differences from PCP 6.0.3
//
// A relation between a metric with a dimension and a constant such as 1.5 is accepted, as
// its manual says. max and min of no value have no value. Boolean negation of a number
// that is not 32 bits wide is 0 or 1 of its type. Where several instances meet in ?:, values
// of the same instance meet, not those of the same position. novalue is that of later
// releases.
package derive
