package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/summary"
)

type exportPromOptions struct {
	at         string
	timestamps bool
	lookback   time.Duration
	health     bool
	target     string
	mapping    mappingOptions
	textTarget
}

// textTarget is the output of exposition text: its place and its form.
type textTarget struct {
	file     string // empty or "-" for standard output
	format   expo.Format
	comments bool // describe PCP's metrics
	output   outputFormat
}

func newExportPromCmd(s streams) *cobra.Command {
	var o exportPromOptions
	cmd := newExpositionCmd(s, &o)
	cmd.Use = "prom ARCHIVE..."
	cmd.Short = "Print an exposition snapshot, or a dump of a range of times"
	cmd.Example = `  pcparchive export prom rec
  pcparchive export to prom rec
  pcparchive export prom rec --at end-30s --format openmetrics --timestamps
  pcparchive export prom 20260301 --names prometheus --strings info
  pcparchive export prom rec --start end-1h --format openmetrics -o hour.om`
	cmd.Flags().Var(&o.format, "format", "text or openmetrics")
	completeFlag(cmd, "format", expo.Text.String(), expo.OpenMetrics.String())
	return cmd
}

func newExportOpenMetricsCmd(s streams) *cobra.Command {
	o := exportPromOptions{textTarget: textTarget{format: expo.OpenMetrics}}
	cmd := newExpositionCmd(s, &o)
	cmd.Use = "openmetrics ARCHIVE..."
	cmd.Short = "Print a snapshot or a dump in OpenMetrics"
	cmd.Example = `  pcparchive export openmetrics rec
  pcparchive export to openmetrics rec
  pcparchive export openmetrics rec --start start > all.om
  promtool tsdb create-blocks-from openmetrics all.om data/`
	return cmd
}

// newExpositionCmd returns a command with the help and the flags that the commands for
// exposition text share.
func newExpositionCmd(s streams, o *exportPromOptions) *cobra.Command {
	cmd := &cobra.Command{
		Long: `Print the values of archives at one time as a page in Prometheus' text format or in
OpenMetrics. Each series has its last value up to that time, unless it ended before. The
page of one recorded endpoint has the series that the endpoint exposed. If there are
several endpoints, the labels job and instance distinguish their series.

With --start or --end, print all samples of that range with their times, grouped by
family and series as 'promtool tsdb create-blocks-from openmetrics' needs them. There,
series always have job and instance, and metrics about the scrapes, such as up, are
included. A temporary file holds the samples, about four bytes each.

` + archivesHelp + `

` + mappingHelp + `

The text format has a line '# PCP5' before each of PCP's own metrics, as in pages of
pmproxy, so that a reader can restore the metric. OpenMetrics allows no comments.`,
		ValidArgsFunction: completeArchives,
		Args:              nargs(1, -1, "archives"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.mapping.ranged && cmd.Flags().Changed("at") {
				return usageError{errors.New("--at is for one time, --start and --end are for a range")}
			}
			if o.mapping.ranged && !cmd.Flags().Changed("health") {
				o.health = true // a dump has everything that was recorded
			}
			return runExportProm(cmd.Context(), s, *o, args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.at, "at", "end", "time of the snapshot: "+timeHelp)
	f.BoolVar(&o.timestamps, "timestamps", false, "print the time of each sample")
	f.BoolVar(&o.comments, "pcp5", true, "describe PCP's metrics in comments; in the text format only")
	durationVar(f, &o.lookback, "lookback", 0, "leave out values older than this; 0: no limit")
	f.BoolVar(&o.health, "health", false, "include metrics about the scrapes, such as up; default: in a range only")
	f.StringVar(&o.target, "target-labels", "auto", "add job and instance: auto (in a range, or if several endpoints were recorded), always or never")
	f.StringVarP(&o.file, "output-file", "o", "", "write to this file instead of standard output")
	completeFlag(cmd, "target-labels", "auto", "always", "never")
	o.mapping.add(cmd)
	addOutputFlag(cmd, &o.output)
	return cmd
}

func runExportProm(ctx context.Context, s streams, o exportPromOptions, paths []string) error {
	if o.lookback < 0 {
		return usageError{fmt.Errorf("--lookback %s is negative", o.lookback)}
	}
	if err := o.mapping.check(); err != nil {
		return err
	}
	if err := o.check(paths); err != nil {
		return err
	}
	h, err := openHosts(s, paths)
	if err != nil {
		return err
	}
	h.zones = o.mapping.zones
	report := &prom.Report{}
	fo := o.mapping.flattenOptions(report)
	fo.NoHealth = !o.health
	switch o.target {
	case "auto":
		// The labels of a server's own scrapes are in a dump for another server, too.
		fo.TargetLabels = o.mapping.ranged || flatten.CountEndpoints(h.Readers()) > 1
	case "always", "never":
		fo.TargetLabels = o.target == "always"
	default:
		return usageError{fmt.Errorf("--target-labels %q: want auto, always or never", o.target)}
	}
	if o.mapping.ranged {
		err = dumpArchives(ctx, s, h, &o.mapping, o.textTarget, fo)
	} else {
		err = o.snapshot(ctx, s, h, fo)
	}
	return cmp.Or(err, h.reportProblems(), reportLosses(s, report))
}

// snapshot writes the values at a time.
func (o *exportPromOptions) snapshot(ctx context.Context, s streams, h *hosts, fo flatten.Options) error {
	at, err := parseTime(o.at, h)
	if err != nil {
		return err
	}
	snapshot := expo.NewSnapshot(expo.SnapshotOptions{At: at.Time(), Lookback: o.lookback, Report: fo.Report})
	err = o.mapping.copyLast(ctx, h, at, snapshot, fo)
	if err := cmp.Or(err, h.Unusable()); err != nil {
		return err
	}
	families := snapshot.Families()
	if len(families) == 0 {
		reportNoValues(s, h, at)
	}
	err = toOutput(ctx, s, o.file, func(w io.Writer) error {
		return expo.Write(w, families, expo.Options{Format: o.format, Timestamps: o.timestamps, PCP: o.comments, Report: fo.Report})
	})
	return cmp.Or(err, printWritten(s, o.file, o.output, fo.Report))
}

// reportNoValues prints the time range of the archives, to explain an empty page.
func reportNoValues(s streams, h *hosts, at pcp.Timestamp) {
	zone := h.Location()
	line := "no numeric value at " + formatTime(at, zone) + ": the archives begin at " + formatTime(h.Header().Start, zone)
	if end, err := h.End(); err == nil {
		line += " and end at " + formatTime(end, zone)
	}
	fmt.Fprintln(s.err, line)
}

// dumpArchives writes all samples of archives in the range of times as text.
func dumpArchives(ctx context.Context, s streams, h *hosts, m *mappingOptions, t textTarget, fo flatten.Options) (err error) {
	from, to, err := m.times(h)
	if err != nil {
		return err
	}
	store := write.NewStore("", fo.Report)
	defer func() { err = errors.Join(err, store.Close()) }()
	err = m.copyHosts(ctx, h, from, to, store, fo)
	if err := cmp.Or(err, h.Unusable()); err != nil {
		return err
	}
	if m.ranged && store.Empty() {
		h.explain(ctx, summary.Request{From: from, To: to})
	}
	return t.write(ctx, s, store, fo.Report)
}

// check rejects an output file that is part of the input, and a JSON report that would
// mix with text on standard output.
func (t *textTarget) check(inputs []string) error {
	return cmp.Or(checkTextReport(t.file, t.output), checkOutput(t.file, inputs))
}

// write writes all samples of a store.
func (t *textTarget) write(ctx context.Context, s streams, store *write.Store, report *prom.Report) error {
	err := toOutput(ctx, s, t.file, func(w io.Writer) error {
		return expo.WriteDump(w, store, expo.Options{Format: t.format, PCP: t.comments}, report)
	})
	return cmp.Or(err, printWritten(s, t.file, t.output, report))
}
