// Package expo reads and writes Prometheus exposition text in two formats,
// Prometheus' text format 0.0.4 and OpenMetrics 1.0.
//
// One page, with the values of one time:
//
//	flatten.Flattener ─► Snapshot ─► []Family ─► Write ─► page ─► Page ─► Entry …
//
// Dumps of many times, of any size:
//
//	prom.SampleStore ─► WriteDump ─► dump ─► Reader ─► prom.Sorter ─► …
//
// [Detect] returns the format of a page. A [Reader] also recognizes PCP metrics by
// their "# PCP5" lines; [Natives] resolves them.
//
// # Reading
//
// A [Reader] passes only new records to Prometheus' parser. If the name and labels
// of a record equal those of a known series byte for byte, the Reader parses only
// value and time. It guesses the next series from the one that followed last time.
// [Page] uses the same code for one page in memory.
//
// # Why not expfmt
//
// common/expfmt writes a tree with one node for each histogram or summary. Such a
// node always has a sum, a count and a bucket +Inf, and integer counts. There are
// no nodes for info, stateset and the two sums of a gauge histogram. An archive may
// hold only some buckets of a histogram, at other times than its count. So families
// are flat here: a name, a type and samples.
//
// Where expfmt can hold the data, the output is the same byte for byte, with these
// exceptions: expfmt writes -0 as 0, and OpenMetrics' timestamps with powers of
// ten. Here quotes in OpenMetrics' help are bare, and unknown types are left out,
// because promtool's check of pages demands both.
//
// # What a page cannot express
//
// Pages are valid for strict parsers: each family is in one piece, and no two
// families claim one name. Data that does not fit is written in the nearest form:
//
//	data                          text 0.0.4             OpenMetrics 1.0
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
//	a bound that parsers rewrite, untyped with a note,   unknown with a note, one
//	such as le="1"                one family per name    family per sample name
//	families that claim the same  those with suffixes become untyped or unknown,
//	name, such as gauge foo and   one family per sample name; gauges and the like
//	OpenMetrics' counter foo      of one name become one family
//	time before 1970              left out               the same
//	exemplar                      left out, counted      of a counter's _total and of
//	                                                     buckets, if its labels have up
//	                                                     to 128 characters
//
// A series never gets another name or other labels. If a family is therefore
// untyped or unknown, a note at the end of its help has the real family. [Reader]
// and [Page] understand it:
//
//	# HELP foo Things seen.\n# TYPE foo counter
//
// Prometheus' parsers rewrite le and quantile of histograms and summaries: 1 and
// 1e0 become 1.0. Write does not check values: it writes a negative counter as it
// is.
package expo
