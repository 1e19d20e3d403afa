package main

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
)

// mappingOptions are the flags that map PCP's own metrics to Prometheus series.
type mappingOptions struct {
	names        naming.Style
	strings      string
	unwrap       bool
	repeat       time.Duration
	step         time.Duration
	instanceIDs  bool
	optional     bool
	splitAtMarks bool
	labels       map[string]string
	relabel      relabelFlag
	start, end   string
	ranged       bool // start or end was given
	zones        zoneFlags
}

// mappingHelp describes the flags that need more than a line.
const mappingHelp = `--names prometheus converts values to seconds and bytes, and puts the unit at the end of
a name and _total at the end of a counter's name. --names utf8 keeps PCP's names.
--strings info exports text as the label 'value' of a series with the value 1.
--unwrap continues 32-bit counters across a wrap; a counter that decreased by less than
half its range was reset. --step 5m keeps the last value in each five minutes, and the
values around the reset of a counter. --repeat-discrete 1m repeats values that PCP
records once, because PromQL does not find them after five minutes.
--split-at-marks begins a new series of each counter after a gap in the recording, with
the label 'since', so that rate() does not reach across the gap.`

// add adds the flags to a command.
func (o *mappingOptions) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Var(&o.names, "names", "names of PCP's own metrics: pcp, prometheus or utf8")
	f.StringVar(&o.strings, "strings", "skip", "metrics with text as values: skip, or info to export the text as a label")
	f.BoolVar(&o.unwrap, "unwrap", false, "continue 32-bit counters across a wrap")
	durationVar(f, &o.repeat, "repeat-discrete", 0, "repeat discrete values at this interval; 0: do not repeat")
	durationVar(f, &o.step, "step", 0, "keep the last value of each step, and resets of counters; 0: keep all values")
	f.BoolVar(&o.instanceIDs, "label-instid", false, "add the number of the instance as the label 'instid'")
	f.BoolVar(&o.optional, "optional-labels", false, "add PCP's optional labels")
	f.BoolVar(&o.splitAtMarks, "split-at-marks", false, "begin a new series of each counter after a gap, with the label 'since'")
	addPairsFlag(cmd, &o.labels, "label", "add a label to series that lack it, as in `dc=east`; may be repeated")
	addRelabelFlag(cmd, &o.relabel)
	f.StringVar(&o.start, "start", "start", "leave out earlier values: "+timeHelp)
	f.StringVar(&o.end, "end", "end", "leave out later values")
	addZoneFlags(cmd, &o.zones, usualHost)
	completeFlag(cmd, "names", naming.NamesPCP.String(), naming.NamesPrometheus.String(), naming.NamesUTF8.String())
	completeFlag(cmd, "strings", "skip", "info")
	cmd.PreRun = func(cmd *cobra.Command, _ []string) {
		o.ranged = cmd.Flags().Changed("start") || cmd.Flags().Changed("end")
	}
}

// check rejects values that a flag cannot have.
func (o *mappingOptions) check() error {
	switch {
	case o.strings != "skip" && o.strings != "info":
		return usageError{fmt.Errorf("--strings %q: want skip or info", o.strings)}
	case o.repeat != 0 && o.repeat < time.Millisecond:
		return usageError{fmt.Errorf("--repeat-discrete %s: want at least 1ms", o.repeat)}
	case o.step < 0:
		return usageError{fmt.Errorf("--step %s is negative", o.step)}
	}
	return checkLabels("label", o.labels, o.names == naming.NamesUTF8)
}

// checkLabels rejects labels that Prometheus rejects.
func checkLabels(flag string, labels map[string]string, utf8 bool) error {
	scheme := model.LegacyValidation
	if utf8 {
		scheme = model.UTF8Validation
	}
	for _, l := range labelsOf(labels) {
		if l.Name == model.MetricNameLabel || !scheme.IsValidLabelName(l.Name) {
			return usageError{fmt.Errorf("--%s %s=%s: a label name consists of letters, digits and _, and does not begin with a digit", flag, l.Name, l.Value)}
		}
	}
	return nil
}

// times returns the range of --start and --end.
func (o *mappingOptions) times(t timeline) (from, to pcp.Timestamp, err error) {
	to = pcp.MaxTime
	if !o.ranged {
		return from, to, nil
	}
	return parseRange(o.start, o.end, t)
}

// flattenOptions returns the options of a Flattener for the flags.
func (o *mappingOptions) flattenOptions(r *prom.Report) flatten.Options {
	return flatten.Options{
		Names: o.names, TextLabels: o.strings == "info", InstanceIDs: o.instanceIDs, OptionalLabels: o.optional,
		SplitAtMarks: o.splitAtMarks, Labels: labelsOf(o.labels), TargetLabels: true, Report: r,
	}
}

// stages returns the stages between steps that the flags ask for.
func (o *mappingOptions) stages() convert.Stages {
	return convert.Stages{Unwrap: o.unwrap, Step: o.step}
}

// source returns the samples of hosts' archives from one time to another. It shows
// progress on the view, which the caller clears.
func (o *mappingOptions) source(h *hosts, from, to pcp.Timestamp, fo flatten.Options) (src *flatten.Source, view byteProgress) {
	src = &flatten.Source{
		Sets: h.Sets(), From: from, To: to, Options: fo, Stages: o.stages(), Repeat: o.repeat, Clashes: h.clashes,
	}
	progress := newTimeProgress(h.s, h, src.Query().From, to)
	if progress.view.shown() {
		src.Progress = progress.at
	}
	return src, progress.view
}

// copyHosts hands the relabelled samples of hosts' archives to dst and flushes dst.
func (o *mappingOptions) copyHosts(ctx context.Context, h *hosts, from, to pcp.Timestamp, dst prom.SampleSink, fo flatten.Options) error {
	src, view := o.source(h, from, to, fo)
	return o.copySource(ctx, src, view, dst)
}

// copyLast is copyHosts for a destination that keeps the last value of each series.
func (o *mappingOptions) copyLast(ctx context.Context, h *hosts, to pcp.Timestamp, dst prom.SampleSink, fo flatten.Options) error {
	src, view := o.source(h, pcp.Timestamp{}, to, fo)
	src.LastOnly = len(o.relabel.rules) == 0 // relabelling counts samples that become equal
	return o.copySource(ctx, src, view, dst)
}

func (o *mappingOptions) copySource(ctx context.Context, src *flatten.Source, view byteProgress, dst prom.SampleSink) error {
	defer view.clear()
	return prom.Copy(ctx, o.relabel.rules.Before(dst, src.Options.Report), src)
}
