package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/summary"
	"github.com/pcparchive/pcparchive/values"
)

type copyOptions struct {
	copySelection
	volumeSize byteSize
	output     outputFormat
}

// copySelection selects the records of a copy. Its times may be relative to the
// archives.
type copySelection struct {
	rewrite.Options
	start, end string // as on the command line; empty for no limit
	metrics    metricList
	instances  []string // names of --instances
	daily      bool
	labels     []string // matchers as on the command line
	zones      zoneFlags
}

func newCopyCmd(s streams) *cobra.Command {
	var o copyOptions
	cmd := &cobra.Command{
		Use:   "copy ARCHIVE... OUT",
		Short: "Copy, convert, extract from or merge archives",
		Long: `Copy archives: decode and encode every record. The copy of one archive without a
selection has the same metadata and volumes, byte for byte. If the index does not fit
the values, the copy gets a new index.

With a selection or with several archives, OUT is the archive that a logger would have
written: the selected values on one timeline, with the metadata that they need. A mark
separates two archives, unless one run of the logger recorded both. All archives
must be of one host. A folder stands for the archives in it and in the folders below
it.

--metrics, --instances, --samples and --daily select as pmlogextract does with its
configuration, -s and -w. --daily repeats the window from --start to --end every day, with
marks in between; --samples counts marks, too.

Version 2 has no times finer than a microsecond or after 2038, no zoneinfo and no
feature bits. Data that OUT cannot hold is an error unless --lossy allows the loss.

--compress compresses the volumes of OUT, but not metadata and index. pcparchive
can begin to read a volume in zstd at any time, without decompressing earlier data.

copy never overwrites an archive. OUT appears when it is complete.`,
		Example: `  pcparchive copy rec copy
  pcparchive copy rec old --archive-version 2 --lossy
  pcparchive copy monday tuesday both
  pcparchive copy rec small --compress --volume-size 100MB
  pcparchive copy rec forold --compress gzip --archive-version 2 --lossy
  pcparchive copy rec disks --metrics 'disk.dev[sda,sdb],kernel.all.load[1]'
  pcparchive copy rec days --start @09:00 --end @17:00 --daily
  pcparchive copy rec part --start end-1h --metrics kernel,disk.dev.read --labels device_type=block`,
		ValidArgsFunction: completeArchives,
		Args:              nargs(2, -1, "at least one archive and a name for the copy"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runCopy(cmd.Context(), s, o, args[:len(args)-1], args[len(args)-1])
		},
	}
	f := cmd.Flags()
	addVersionFlag(cmd, &o.Version, "archive format, 2 or 3; default: the highest format of the inputs")
	f.BoolVar(&o.Lossy, "lossy", false, "leave out or round data that OUT cannot hold, and report it")
	f.StringVar(&o.start, "start", "", "leave out earlier records: "+timeHelp)
	f.StringVar(&o.end, "end", "", "leave out later records")
	f.IntVar(&o.Records, "samples", 0, "end after so many records; 0: no limit")
	f.BoolVar(&o.daily, "daily", false, "repeat the window from --start to --end every day, with marks between the windows")
	f.Var(&o.metrics, "metrics", "only these metrics: names, subtrees, PMIDs, or names with *, ? and []; instances of a metric follow in brackets: disk.dev.read[sda,sdb]; may be repeated")
	f.Var((*metricList)(&o.instances), "instances", "only instances with these names, of all metrics that have instances; may be repeated")
	f.StringArrayVar(&o.labels, "labels", nil, `only series with these labels, as in PromQL: NAME="VALUE" with =, !=, =~ or !~; may be repeated`)
	addVolumeFlags(cmd, &o.volumeSize, &o.Compress, "the volumes")
	addZoneFlags(cmd, &o.zones, usualHost)
	addOutputFlag(cmd, &o.output)
	return cmd
}

// resolve completes the options of a copy of these archives.
func (o *copySelection) resolve(t timeline) (err error) {
	for _, text := range o.labels {
		m, err := rewrite.ParseMatchers(text)
		if err != nil {
			return usageError{err}
		}
		o.Labels = append(o.Labels, m...)
	}
	z := o.zones.over(t)
	if o.Start, o.End, err = parseRange(o.start, o.end, z); err != nil || !o.daily {
		return err
	}
	if o.start == "" || o.end == "" {
		return usageError{errors.New("--daily repeats a window: give --start and --end")}
	}
	o.Daily = z.Location()
	if strings.HasPrefix(o.start, "@") {
		o.beginOnFirstDay(t.Header().Start)
	}
	return nil
}

// beginOnFirstDay moves the first window to the day on which the archives begin, because a
// time such as @00:05 otherwise means the first one after their start.
func (o *copySelection) beginOnFirstDay(start pcp.Timestamp) {
	first := start.Time().In(o.Daily)
	first = time.Date(first.Year(), first.Month(), first.Day(), 0, 0, 0, 0, o.Daily)
	for {
		from, to := o.Start.Time().In(o.Daily).AddDate(0, 0, -1), o.End.Time().In(o.Daily).AddDate(0, 0, -1)
		if from.Before(first) {
			return
		}
		o.Start, o.End = pcp.TimestampOf(from), pcp.TimestampOf(to)
	}
}

// selectInstances divides the operands of --metrics into metrics and their instances. A
// name in brackets may also be a pattern: then no metric is called what is before it.
func (o *copySelection) selectInstances(h *hosts) {
	for _, text := range o.metrics {
		spec, err := values.ParseSpec(text)
		if err == nil && len(spec.Instances) > 0 && h.HasMetric(spec.Name) {
			o.Instances = append(o.Instances, rewrite.Instances{Metric: spec.Name, Names: spec.Instances})
			continue
		}
		o.Metrics = append(o.Metrics, text)
	}
	if len(o.instances) > 0 {
		o.Instances = append(o.Instances, rewrite.Instances{Names: o.instances})
	}
}

// copyOutput is what copy prints.
type copyOutput struct {
	Archive string `json:"archive"`
	*rewrite.Report
}

func runCopy(ctx context.Context, s streams, o copyOptions, in []string, out string) error {
	o.VolumeSize = int64(o.volumeSize)
	return copyArchives(ctx, s, o.copySelection, in, out, func(_ string, report *rewrite.Report) error {
		if o.output == outputJSON {
			return writeJSON(s.out, copyOutput{out, report})
		}
		return printCopy(s, out, report)
	})
}

// printCopy prints the name and the size of a copy.
func printCopy(s streams, out string, report *rewrite.Report) error {
	_, err := fmt.Fprintf(s.out, "%s: %s\n", out, plural(report.Records, "record"))
	return err
}

// copyArchives copies archives of one host. Then it calls print and reports the data
// that the copy lacks.
func copyArchives(ctx context.Context, s streams, o copySelection, in []string, out string, print func(host string, report *rewrite.Report) error) error {
	h, set, err := openHost(s, in)
	if err != nil {
		return err
	}
	readers := slices.Collect(set.Readers()) // by their start
	if err := h.Unusable(); err != nil {
		return err
	}
	problems := h.Problems()
	o.selectInstances(h)
	if err := o.resolve(set); err != nil {
		return err
	}
	report, err := rewrite.Copy(ctx, out, readers, o.Options)
	if errors.Is(err, rewrite.ErrLoss) {
		return fmt.Errorf("%w; --lossy allows it", err)
	}
	if err != nil {
		return o.explain(ctx, h, err)
	}
	printReplaced(s, report.Replaced)
	err = print(set.Host(), report)
	return cmp.Or(err, reportCopyLosses(s, problems, report))
}

// explain adds similar names to an error about a selection without records, or
// prints why it has none.
func (o *copySelection) explain(ctx context.Context, h *hosts, err error) error {
	switch {
	case errors.Is(err, rewrite.ErrNoMetric):
		for _, name := range o.Metrics {
			if !h.HasMetric(name) {
				return fmt.Errorf("%w%s", err, h.didYouMean(name))
			}
		}
	case errors.Is(err, rewrite.ErrEmpty):
		h.zones = o.zones
		r := summary.Request{From: o.Start, To: o.End, Labels: len(o.Labels) > 0}
		if len(o.Metrics) > 0 && !strings.ContainsAny(strings.Join(o.Metrics, ""), "*?[") {
			r.Name = strings.Join(o.Metrics, ", ")
			r.Metrics = func(d *meta.Desc) bool {
				return slices.ContainsFunc(o.Metrics, func(name string) bool { return d.Matches(name) })
			}
		}
		h.explain(ctx, r)
	}
	return err
}

// reportCopyLosses prints the data that the copy lacks. Problems and damage of the input lead
// to errSkipped, a loss that --lossy allows does not.
func reportCopyLosses(s streams, problems []store.Problem, report *rewrite.Report) error {
	for _, l := range report.Losses {
		fmt.Fprintf(s.err, "%s: %s (%s)\n", l.Loss, humanize.Comma(int64(l.Count)), l.First)
	}
	return reportLeftOut(s, problems, report.Damage)
}
