// Package expo writes and reads Prometheus exposition pages.
//
//	convert.Flattener ─► [Snapshot] ─► []Family ─► [Write] ─► page ─► [Page] ─► Entry …
//
// and dumps of any size, a window at a time:
//
//	dump ─► [Reader] ─► convert.Sorter ─► convert.Assembler, convert/tsdb …
//
// # Reading
//
// A [Reader] has Prometheus' parser read what it has not seen before. A record
// whose name and labels are those of a known series, byte for byte, needs only
// value and time; and which series comes next is guessed from what came after
// this one the last time. [Page] is the same reader over one page in memory.
//
// # Why not expfmt
//
// common/expfmt writes a tree of one node per histogram or summary. Such a node
// always has a sum, a count and a bucket +Inf, holds counts as integers, and
// there is none for info, stateset and the two sums of a gauge histogram. What
// an archive holds of a histogram may be some of its buckets, at other times
// than its count. So families are flat here: a name, a type and samples. Where
// expfmt can hold the data, the output is the same byte for byte, but for -0,
// which expfmt turns into 0, and for OpenMetrics' timestamps, which it writes
// as powers of ten; and in OpenMetrics quotes in help are bare and unknown types
// not said, which promtool's check of pages reads, too.
//
// # What a page cannot say
//
// Pages are valid for strict parsers: each family once and in one piece, no
// name that two families could mean. What does not fit is said as near to it as
// the format has it:
//
//	held                          text 0.0.4             OpenMetrics 1.0
//	unknown                       untyped                no type
//	info, stateset                gauge                  the same
//	gauge histogram               a gauge per sample     the same
//	                              name
//	counter foo, sample foo_total counter foo_total      the same
//	counter foo, sample foo       the same               unknown, with a note
//	counter foo_total, sample     the same               counter foo
//	foo_total
//	foo_created of a counter,     gauge foo_created      the same
//	histogram or summary foo
//	gauge foo_created next to     the same               a sample of foo
//	such a foo
//	unit                          left out               if the name ends in it and
//	                                                     the type has units
//	a quantile, bucket or state   untyped, one family    unknown, one family
//	without its label             per sample name        per sample name
//	a bound that readers rewrite, untyped with a note,   unknown with a note, one
//	such as le="1"                one family per name    family per sample name
//	families that claim the same  those with suffixes become untyped or unknown,
//	name, such as gauge foo and   one family per sample name; gauges and the like
//	OpenMetrics' counter foo      of one name become one family
//	time before 1970              left out               the same
//	exemplar                      left out, counted      of a counter's _total and of
//	                                                     buckets, if its labels have up
//	                                                     to 128 characters
//
// A series never gets another name or other labels. Where a family is untyped or
// unknown for that reason, a note at the end of its help tells what it is, which
// a [Reader] and a [Page] understand:
//
//	# HELP foo Things seen.\n# TYPE foo counter
//
// Prometheus' parsers bring le and quantile of histograms and summaries to one
// form: 1 and 1e0 become 1.0. Values are not judged: a counter that is negative is
// written so.
package expo
