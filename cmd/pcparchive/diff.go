package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/diff"
	"github.com/pcparchive/pcparchive/meta"
)

type diffOptions struct {
	start, end           string
	otherStart, otherEnd string
	metrics              []string
	threshold            float64
	count                int
	zones                zoneFlags
	output               outputFormat
}

func newDiffCmd(s streams) *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use:         "diff A [B]",
		Annotations: onlyReads,
		Short:       "Show what differs between two archives, or two windows of one",
		Long: `Compare two archives, or two windows of one: the metrics and instances that one side
alone has, descriptors, labels, and the values whose averages changed most. Counters count
with their rates. A and B are each an archive, a folder or a list with commas, of one host.

--start and --end are the window of both sides. --other-start and --other-end are that of
the second side if it differs; without B, both sides are of A.

An average is listed if it grew or shrank by the factor of --threshold, as in PCP's
pmdiff. RATIO is B divided by A. CSV has the changed averages.`,
		Example: `  pcparchive diff monday tuesday
  pcparchive diff before after --metric disk --threshold 1.2
  pcparchive diff rec --start 09:00 --end 10:00 --other-start 14:00 --other-end 15:00
  pcparchive diff web1 web2 --output json | jq '.changes[:10]'`,
		ValidArgsFunction: completeArchives,
		Args:              nargs(1, 2, "one or two archives"),
		RunE: func(cmd *cobra.Command, args []string) error {
			changed := cmd.Flags().Changed
			if len(args) == 1 && !changed("other-start") && !changed("other-end") {
				return usageError{errors.New("diff: want a second archive, or --other-start and --other-end for a second window")}
			}
			if !changed("other-start") {
				o.otherStart = o.start
			}
			if !changed("other-end") {
				o.otherEnd = o.end
			}
			return runDiff(cmd.Context(), s, o, args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.start, "start", "start", "start of the window: "+timeHelp)
	f.StringVar(&o.end, "end", "end", "end of the window")
	f.StringVar(&o.otherStart, "other-start", "", "start of the window of the second side (default: --start)")
	f.StringVar(&o.otherEnd, "other-end", "", "end of the window of the second side (default: --end)")
	f.StringArrayVar(&o.metrics, "metric", nil, "only this metric, or the metrics in the subtree of this name; may be repeated")
	f.Float64Var(&o.threshold, "threshold", diff.DefaultThreshold, "least factor by which a listed average grew or shrank")
	f.IntVar(&o.count, "count", 20, "rows of a text table; 0: all rows")
	addZoneFlags(cmd, &o.zones, usualHost)
	addTableFlag(cmd, &o.output)
	return cmd
}

// side opens the archives of a side.
func (o *diffOptions) side(s streams, operand, start, end string) (diff.Side, *hosts, error) {
	h, set, err := openHost(s, []string{operand})
	if err != nil {
		return diff.Side{}, nil, err
	}
	h.ignoreTail, h.zones = true, o.zones
	if start == "start" {
		start = "" // records may be older than the archive label
	}
	if end == "end" {
		end = ""
	}
	from, to, err := parseRange(start, end, o.zones.over(set))
	return diff.Side{Set: set, From: from, To: to}, h, err
}

func runDiff(ctx context.Context, s streams, o diffOptions, operands []string) error {
	if o.threshold < 1 {
		return usageError{fmt.Errorf("--threshold %v: want a factor of at least 1", o.threshold)}
	}
	if o.count < 0 {
		return usageError{fmt.Errorf("--count %d is negative", o.count)}
	}
	a, hostsA, err := o.side(s, operands[0], o.start, o.end)
	if err != nil {
		return err
	}
	b, hostsB, err := o.side(s, operands[len(operands)-1], o.otherStart, o.otherEnd)
	if err != nil {
		return err
	}
	options := diff.Options{Threshold: o.threshold}
	if len(o.metrics) > 0 {
		for _, name := range o.metrics {
			if !hostsA.HasMetric(name) && !hostsB.HasMetric(name) {
				return fmt.Errorf("metric %s: neither side has a metric of this name or below it%s", name, hostsA.didYouMean(name))
			}
		}
		options.Metrics = func(d *meta.Desc) bool { return slices.ContainsFunc(o.metrics, d.Matches) }
	}
	report, err := diff.Compare(ctx, a, b, options)
	if err := cmp.Or(err, hostsA.Unusable(), hostsB.Unusable()); err != nil {
		return err
	}
	p := diffPrinter{diffOptions: o, out: s.out, report: report, hosts: [2]*hosts{hostsA, hostsB}}
	switch o.output {
	case outputJSON:
		err = writeJSON(s.out, p.json())
	case outputCSV:
		err = p.printCSV()
	default:
		err = p.print()
	}
	return cmp.Or(err, hostsA.reportProblems(), hostsB.reportProblems())
}
