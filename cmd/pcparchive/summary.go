package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/summary"
)

type summaryOptions struct {
	start, end  string
	instances   []string
	percentiles []float64
	columns     []string
	labels      bool
	precision   int
	wrap        bool
	zones       zoneFlags
	output      outputFormat
}

func newSummaryCmd(s streams) *cobra.Command {
	var o summaryOptions
	cmd := &cobra.Command{
		Use:         "summary ARCHIVE... [METRIC...]",
		Annotations: onlyReads,
		Short:       "Summarize the values of archives: averages, extremes, percentiles",
		Long: `Print the number of values of each metric and instance, their average, minimum and
maximum. METRIC is a name or a subtree such as disk.dev.

` + archivesHelp + `

An operand after the first is an archive if an archive has that name. Otherwise it is
a metric. The output has a part for each host; CSV has the host in the first column.

For a counter, the values are rates per second. A counter of time has rates without a
unit: the rate of a counter of milliseconds is a fraction of time. There is no rate
across a mark, nor where a counter decreases; with --wrap, a decrease counts as a wrap.
The averages of other metrics weigh each value by the time until the next value. A
discrete metric holds its value until a mark or the end.

Columns: ` + columnList() + `.
CSV has all columns. JSON has all columns under their full names, and the errors
that were recorded instead of values.`,
		Example: `  pcparchive summary rec
  pcparchive summary rec disk.dev --instance sda --start end-1h
  pcparchive summary rec kernel.all.load --percentiles 50,95,99
  pcparchive summary /var/log/pcp/pmlogger/web1 kernel.all.cpu --start end-24h
  pcparchive summary rec --columns average,max,max-time,coverage
  pcparchive summary rec --output csv > rec.csv`,
		ValidArgsFunction: completeArchives,
		Args:              nargs(1, -1, "archives and any number of metrics"),
		RunE: func(cmd *cobra.Command, args []string) error {
			paths, metrics := splitArchives(args)
			return runSummary(cmd.Context(), s, o, paths, metrics)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.start, "start", "start", "start of the window: "+timeHelp)
	f.StringVar(&o.end, "end", "end", "end of the window")
	f.StringArrayVar(&o.instances, "instance", nil, "only the instance with this name; may be repeated")
	f.Float64SliceVar(&o.percentiles, "percentiles", nil, "add these `percentiles`, such as 50,95,99")
	f.Lookup("percentiles").DefValue = ""
	f.StringSliceVar(&o.columns, "columns", nil, "columns of the table; all: all columns")
	f.BoolVar(&o.labels, "labels", false, "add the labels of each series")
	f.IntVar(&o.precision, "precision", -1, "digits after the decimal point; -1: six significant digits")
	f.BoolVar(&o.wrap, "wrap", false, "count an integer counter that decreases as wrapped at 32 or 64 bits, not as reset")
	addZoneFlags(cmd, &o.zones, usualHost)
	addTableFlag(cmd, &o.output)
	completeFlag(cmd, "columns", columnNames()...)
	return cmd
}

// hostSummary is the summary of a host's archives.
type hostSummary struct {
	set *store.Set
	sum *summary.Summary
}

func runSummary(ctx context.Context, s streams, o summaryOptions, paths, names []string) error {
	columns, err := o.pickColumns()
	if err != nil {
		return err
	}
	h, err := openHosts(s, paths)
	if err != nil && len(paths)+len(names) > 1 && !store.Exists(paths[0]) && slices.ContainsFunc(slices.Concat(paths, names), store.Exists) {
		return usageError{fmt.Errorf("%w; archives come before metrics", err)}
	}
	if err != nil {
		return err
	}
	for _, name := range names {
		if !h.HasMetric(name) {
			return cmp.Or(h.Unusable(), fmt.Errorf("metric %s: the archive has no metric of this name and none below it%s", name, h.didYouMean(name)))
		}
	}
	var all []hostSummary
	for _, set := range h.Sets() {
		opts, err := o.prepare(set, names)
		if err != nil {
			return err
		}
		sum, err := summary.Of(ctx, set, opts)
		if err != nil {
			return err
		}
		all = append(all, hostSummary{set, sum})
	}
	if err := h.Unusable(); err != nil {
		return err
	}
	err = printSummaries(s.out, o, columns, all)
	if !slices.ContainsFunc(all, func(host hostSummary) bool { return len(host.sum.Series) > 0 }) {
		o.explain(ctx, h, names)
	}
	return cmp.Or(err, h.reportProblems())
}

// explain prints why there is nothing to summarize.
func (o summaryOptions) explain(ctx context.Context, h *hosts, names []string) {
	opts, err := o.prepare(h, names)
	if err != nil {
		return // runSummary has returned the error
	}
	if len(o.instances) > 0 {
		fmt.Fprintln(h.s.err, "--instance selects no other instances; 'pcparchive dump -i' lists all")
	}
	r := summary.Request{From: opts.From, To: opts.To}
	if len(names) == 0 {
		h.explain(ctx, r)
	}
	for _, name := range names {
		r.Name, r.Metrics = name, func(d *meta.Desc) bool { return d.Matches(name) }
		h.explain(ctx, r)
	}
}

// prepare returns the options that the command line asks for.
func (o summaryOptions) prepare(set timeline, names []string) (summary.Options, error) {
	opts := summary.Options{Percentiles: o.percentiles, Wrap: o.wrap}
	for _, p := range o.percentiles {
		if !(p >= 0 && p <= 100) {
			return opts, usageError{fmt.Errorf("--percentiles %v: want numbers from 0 to 100", p)}
		}
	}
	start, end := o.start, o.end
	if start == "start" {
		start = "" // records may be older than the archive label
	}
	if end == "end" {
		end = ""
	}
	var err error
	if opts.From, opts.To, err = parseRange(start, end, o.zones.over(set)); err != nil {
		return opts, err
	}
	if len(names) > 0 {
		opts.Metrics = func(d *meta.Desc) bool {
			return slices.ContainsFunc(names, func(name string) bool { return d.Matches(name) })
		}
		opts.Names = func(have string) bool {
			return slices.ContainsFunc(names, func(name string) bool { return meta.Matches(have, name) })
		}
	}
	if len(o.instances) > 0 {
		opts.Instances = func(in meta.Instance) bool { return slices.Contains(o.instances, in.Name) }
	}
	return opts, nil
}
