package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/reduce"
)

type reduceOptions struct {
	reduce.Options
	start, end string
	zones      zoneFlags
	output     outputFormat
}

func newReduceCmd(s streams) *cobra.Command {
	var o reduceOptions
	cmd := &cobra.Command{
		Use:   "reduce ARCHIVE... OUT",
		Short: "Thin archives: one record for each interval, counters exact",
		Long: `Write an archive with one record for each interval, as PCP's pmlogreduce does. Its
options have the same letters. A metric has a value if it was recorded in the interval:

  counters            the value at the end of the interval, on the line between the records
                      around it, so that rates over intervals are exact; 32-bit counters
                      become 64 bits wide, and their overflows are undone
  instant, discrete   the latest value, or with --mean the mean of the interval
  text                the latest value

Marks, labels, help texts and instance domains are kept. Event records and aggregates cannot
be reduced and are left out.

With several archives of a host, OUT is one timeline. OUT appears when it is complete; an
existing archive is never overwritten.`,
		Example: `  pcparchive reduce rec thin -t 5min
  pcparchive reduce /var/log/pcp/pmlogger/web1 week -t 1hour --start -7days -A 1hour
  pcparchive reduce rec thin -t 1min --mean --compress`,
		ValidArgsFunction: completeArchives,
		Args:              nargs(2, -1, "at least one archive and a name for the output"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runReduce(cmd.Context(), s, o, args[:len(args)-1], args[len(args)-1])
		},
	}
	f := cmd.Flags()
	o.Interval = reduce.DefaultInterval
	f.VarP((*durationValue)(&o.Interval), "interval", "t", "time between the records of OUT")
	f.VarP((*durationValue)(&o.Align), "align", "A", "begin at a whole multiple of this time; 0: at the start")
	f.StringVarP(&o.start, "start", "S", "", "time of the first record: "+timeHelp)
	f.StringVarP(&o.end, "finish", "T", "", "last time at which a record may be")
	f.IntVarP(&o.Samples, "samples", "s", 0, "maximum number of records; 0: no limit")
	f.IntVarP(&o.VolumeSamples, "volume-samples", "v", 0, "number of records in a volume; 0: no limit")
	f.BoolVar(&o.Mean, "mean", false, "give instant and discrete metrics the mean of the interval")
	f.BoolVar(&o.KeepWraps, "keep-wraps", false, "leave overflows of 32-bit counters as they are, as pmlogreduce 6 does")
	addVersionFlag(cmd, &o.Version, "archive format, 2 or 3; default: that of the input")
	addCompressFlag(cmd, &o.Compress, "the volumes")
	addZoneFlags(cmd, &o.zones, usualHost)
	addOutputFlag(cmd, &o.output)
	return cmd
}

// reduceOutput is what reduce prints as JSON.
type reduceOutput struct {
	Archive string `json:"archive"`
	*reduce.Report
}

func runReduce(ctx context.Context, s streams, o reduceOptions, in []string, out string) error {
	if o.Interval <= 0 || o.Align < 0 || o.Samples < 0 || o.VolumeSamples < 0 {
		return usageError{fmt.Errorf("want an interval above 0, and no negative number")}
	}
	h, set, err := openHost(s, in)
	if err != nil {
		return err
	}
	if err := h.Unusable(); err != nil {
		return err
	}
	if o.Start, o.End, err = parseRange(o.start, o.end, o.zones.over(set)); err != nil {
		return err
	}
	end, err := set.End()
	if err != nil {
		return err
	}
	report, err := reduce.Reduce(ctx, out, set, end, o.Options)
	if err != nil {
		return err
	}
	printReplaced(s, report.Replaced)
	if o.output == outputJSON {
		err = writeJSON(s.out, reduceOutput{out, report})
	} else {
		err = printReduced(s, out, o.Interval, report)
	}
	if err != nil {
		return err
	}
	return reportLeftOut(s, h.Problems(), report.Damage)
}

// printReduced prints how much is left.
func printReduced(s streams, out string, interval time.Duration, r *reduce.Report) error {
	if n := len(r.Skipped); n > 0 {
		fmt.Fprintf(s.err, "%s left out, whose values cannot be reduced, such as %s\n", plural(n, "metric"), r.Skipped[0])
	}
	_, err := fmt.Fprintf(s.out, "%s: %s, one every %s, of %d\n", out, plural(r.Records, "record"), interval, r.Read)
	return err
}
