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

// mappingOptions are the flags that say what becomes of PCP's own metrics on
// their way to Prometheus.
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

// mappingHelp describes the flags that have a story.
const mappingHelp = `--names prometheus brings values to seconds and bytes, puts the unit at the end of
the name and _total on counters; --names utf8 keeps names as PCP has them.
--strings info turns text into the label 'value' of a series that is 1.
--unwrap continues 32-bit counters over a wrap; a value that fell by less than
half the range is a reset. --step 5m keeps the last value of each five minutes,
and those around a counter's reset. --repeat-discrete 1m repeats values that PCP
records once, which PromQL would not find after five minutes.
--split-at-marks makes another series of each counter after a gap in the recording,
with the label 'since', so that rate() cannot reach across it.`

// add adds the flags to a command.
func (o *mappingOptions) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Var(&o.names, "names", "of PCP's own metrics: pcp, prometheus or utf8")
	f.StringVar(&o.strings, "strings", "skip", "metrics whose values are text: skip or info")
	f.BoolVar(&o.unwrap, "unwrap", false, "continue 32-bit counters over a wrap")
	durationVar(f, &o.repeat, "repeat-discrete", 0, "repeat discrete values this often; 0: not")
	durationVar(f, &o.step, "step", 0, "keep the last value of each step, and resets of counters; 0: keep all")
	f.BoolVar(&o.instanceIDs, "label-instid", false, "add the number of instances as the label 'instid'")
	f.BoolVar(&o.optional, "optional-labels", false, "add PCP's optional labels")
	f.BoolVar(&o.splitAtMarks, "split-at-marks", false, "begin new series of counters after a gap, with the label 'since'")
	addPairsFlag(cmd, &o.labels, "label", "add a label to series that have none of the name, as in `dc=east`; may be repeated")
	addRelabelFlag(cmd, &o.relabel)
	f.StringVar(&o.start, "start", "start", "first time: "+timeHelp)
	f.StringVar(&o.end, "end", "end", "last time")
	addZoneFlags(cmd, &o.zones, usualHost)
	completeFlag(cmd, "names", naming.NamesPCP.String(), naming.NamesPrometheus.String(), naming.NamesUTF8.String())
	completeFlag(cmd, "strings", "skip", "info")
	cmd.PreRun = func(cmd *cobra.Command, _ []string) {
		o.ranged = cmd.Flags().Changed("start") || cmd.Flags().Changed("end")
	}
}

// check refuses what cannot be.
func (o *mappingOptions) check() error {
	switch {
	case o.strings != "skip" && o.strings != "info":
		return usageError{fmt.Errorf("--strings %q: want skip or info", o.strings)}
	case o.repeat != 0 && o.repeat < time.Millisecond:
		return usageError{fmt.Errorf("--repeat-discrete %s: want a millisecond at least", o.repeat)}
	case o.step < 0:
		return usageError{fmt.Errorf("--step %s is negative", o.step)}
	}
	return checkLabels("label", o.labels, o.names == naming.NamesUTF8)
}

// checkLabels refuses labels that Prometheus does not take.
func checkLabels(flag string, labels map[string]string, utf8 bool) error {
	scheme := model.LegacyValidation
	if utf8 {
		scheme = model.UTF8Validation
	}
	for _, l := range labelsOf(labels) {
		if l.Name == model.MetricNameLabel || !scheme.IsValidLabelName(l.Name) {
			return usageError{fmt.Errorf("--%s %s=%s: the name of a label has letters, digits and _, and begins with none of the digits", flag, l.Name, l.Value)}
		}
	}
	return nil
}

// times returns the range that was asked for.
func (o *mappingOptions) times(t timeline) (from, to pcp.Timestamp, err error) {
	to = pcp.MaxTime
	if !o.ranged {
		return from, to, nil
	}
	return parseRange(o.start, o.end, t)
}

// flattenOptions are what the flags mean to a Flattener.
func (o *mappingOptions) flattenOptions(r *prom.Report) flatten.Options {
	return flatten.Options{
		Names: o.names, TextLabels: o.strings == "info", InstanceIDs: o.instanceIDs, OptionalLabels: o.optional,
		SplitAtMarks: o.splitAtMarks, Labels: labelsOf(o.labels), TargetLabels: true, Report: r,
	}
}

// stages are the stages between steps that the flags ask for.
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
	defer view.clear()
	return prom.Copy(ctx, o.relabel.rules.Before(dst, fo.Report), src)
}
