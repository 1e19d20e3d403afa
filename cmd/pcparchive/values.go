package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/internal/scale"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/summary"
	"github.com/pcparchive/pcparchive/values"
)

type valuesOptions struct {
	start, end string
	step       time.Duration
	samples    int
	rate       string
	units      []string
	wide, long bool
	digits     int
	metrics    metricFlags
	compat     int
	zones      zoneFlags
	output     outputFormat
}

func newValuesCmd(s streams) *cobra.Command {
	var o valuesOptions
	cmd := &cobra.Command{
		Use:         "values ARCHIVE... METRIC[INSTANCE,...]|:SET|EXPR...",
		Annotations: onlyReads,
		Short:       "Print values over time, as a table, CSV or JSON",
		Long: `Print the values of metrics over time: those of each record or, with --step, values at
regular times between the records, as PCP's pmval and pmrep compute them. Counters are
rates per second unless --rate is off.

METRIC is a name or a subtree such as disk.dev. Instances follow in brackets:
'kernel.all.load[1 minute]', 'disk.dev.read[sda,sdb]'. A name of an instance that is the
first word of a longer one stands for it, as in 'proc.psinfo.rss[1234]'. A metric that
the archive does not have may be derived from others: by --derive, or by the
definitions of PCP's tools, such as disk.dev.util.

:SET is a set of metrics of pmrep's configuration, such as :vmstat, :sar-B or :iostat-dktx,
with its labels, units, digits and formulas. Metrics of a set that the archive does not
have are left out and named.

Operands that are no names, such as 'rate(disk_dev_read[1m])', are PromQL, evaluated at
each --step, a hundredth of the window by default. 'pcparchive query' has more flags.

` + archivesHelp + `

An operand after the first is an archive if an archive has that name. Otherwise it is
a metric.

A wide table has a column for each series, a long one a line for each value. Text is
wide where the columns fit; other tables are wide unless --long is given. A mark, where
recording stopped and started again, is a line of its own in text and JSON, and a line of
empty cells in wide tables. Parquet and Arrow files have 64-bit floats, times in UTC, and
units as metadata. They are written in groups of rows, so they may have any length.`,
		Example: `  pcparchive values rec kernel.all.load
  pcparchive values rec 'disk.dev.read_bytes[sda]' --step 1min --units Mbyte/sec
  pcparchive values /var/log/pcp/pmlogger/web1 kernel.all.cpu --start end-1h --step 5min
  pcparchive values rec kernel.all.load mem.util.free --step 10s --output csv > rec.csv
  pcparchive values rec :vmstat --step 1min
  pcparchive values rec disk.dev --output parquet > disks.parquet
  pcparchive values rec --derive 'avgsz = delta(disk.dev.total_bytes) / delta(disk.dev.total)' avgsz
  pcparchive values rec proc.psinfo.rss --output ndjson | jq -c 'select(.value > 1e6)'`,
		ValidArgsFunction: completeArchives,
		Args:              nargs(2, -1, "archives and metrics"),
		RunE: func(cmd *cobra.Command, args []string) error {
			paths, metrics := splitArchives(args)
			return runValues(cmd.Context(), s, o, paths, metrics)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.start, "start", "S", "start", "start of the window: "+timeHelp)
	f.StringVarP(&o.end, "end", "T", "end", "end of the window")
	f.VarP((*durationValue)(&o.step), "step", "t", "time between the rows; 0: the times of the records")
	f.IntVarP(&o.samples, "samples", "s", 0, "at most this number of rows; 0: no limit")
	f.StringVar(&o.rate, "rate", "auto", "auto: counters as rates; off: counters as recorded")
	f.StringSliceVar(&o.units, "units", nil, "units of the values with the same dimension, such as Mbyte or Kbyte/sec; may be repeated")
	f.BoolVar(&o.wide, "wide", false, "a column for each series")
	f.BoolVar(&o.long, "long", false, "a line for each value")
	f.IntVar(&o.digits, "precision", -1, "digits after the decimal point; -1: six significant digits in text, all in CSV and JSON")
	f.IntVar(&o.compat, "compat", 0, "interpolate like a release of PCP: 6 like 6.0.3, 7 like 7.2 (default)")
	o.metrics.add(f)
	addZoneFlags(cmd, &o.zones, usualHost)
	addFormatFlag(cmd, &o.output, "text; csv; json; ndjson with one value a line; parquet or arrow, files for data frames and DuckDB", outputText, outputCSV, outputJSON, outputNDJSON, outputParquet, outputArrow)
	completeFlag(cmd, "rate", "auto", "off")
	return cmd
}

// check rejects wrong flags.
func (o *valuesOptions) check() error {
	switch {
	case o.wide && o.long:
		return errors.New("--wide and --long exclude each other")
	case o.wide && (o.output == outputJSON || o.output == outputNDJSON):
		return errors.New("--wide is for text, CSV, Parquet and Arrow")
	case o.rate != "auto" && o.rate != "off":
		return fmt.Errorf("--rate %s: want auto or off", o.rate)
	case o.compat != 0 && o.compat != 6 && o.compat != 7:
		return fmt.Errorf("--compat %d: want 6 or 7", o.compat)
	case o.step < 0:
		return fmt.Errorf("--step %s is negative", o.step)
	case o.samples < 0:
		return fmt.Errorf("--samples %d is negative", o.samples)
	}
	return nil
}

// request returns the options of the rows for the window of the archives.
func (o *valuesOptions) request(t timeline, chosen *chosenMetrics) (values.Options, error) {
	r := values.Options{Specs: chosen.specs, Derived: chosen.derived, Ranking: chosen.ranking, Step: o.step, Rates: o.rate == "auto", Earlier: o.compat == 6}
	for _, text := range o.units {
		u, err := scale.Parse(text)
		if err != nil {
			return r, usageError{fmt.Errorf("--units %s: %w", text, err)}
		}
		r.Units = append(r.Units, u)
	}
	start, end := o.start, o.end
	if o.step == 0 && start == "start" {
		start = "" // records may be older than the archive label
	}
	if o.step == 0 && end == "end" {
		end = ""
	}
	var err error
	r.From, r.To, err = parseRange(start, end, t)
	return r, err
}

func runValues(ctx context.Context, s streams, o valuesOptions, paths, names []string) error {
	if err := o.check(); err != nil {
		return usageError{err}
	}
	if err := checkColumnar(o.output, s.out); err != nil {
		return err
	}
	h, err := openHosts(s, paths)
	if err != nil && !store.Exists(paths[0]) && slices.ContainsFunc(slices.Concat(paths, names), store.Exists) {
		return usageError{fmt.Errorf("%w; archives come before metrics", err)}
	}
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return usageError{fmt.Errorf("values: want a metric after the archives; 'pcparchive list %s' lists them", strings.Join(paths, " "))}
	}
	chosen, err := o.metrics.choose(h, names)
	if err != nil && arePromQL(names) {
		return printPromQL(ctx, s, o, h, names)
	}
	if err != nil {
		return err
	}
	if err := chosen.apply(&o); err != nil {
		return err
	}
	h.zones = o.zones
	request, err := o.request(o.zones.over(h), chosen)
	if err != nil {
		return err
	}
	p := &valuesPrinter{valuesOptions: o, chosen: chosen, request: request, ctx: ctx, out: s.out, hosts: h}
	err = p.print()
	if err := cmp.Or(err, h.Unusable()); err != nil {
		return err
	}
	if p.count == 0 {
		p.explain()
	}
	return h.reportProblems()
}

// explain prints why there are no values.
func (p *valuesPrinter) explain() {
	for _, spec := range p.request.Specs {
		if len(spec.Instances) > 0 {
			fmt.Fprintf(p.hosts.s.err, "%s selects no other instances; 'pcparchive dump -i' lists all\n", spec)
		}
		r := summary.Request{From: p.request.From, To: p.request.To, Name: spec.Name, Metrics: func(d *meta.Desc) bool { return d.Matches(spec.Name) }}
		p.hosts.explain(p.ctx, r)
	}
}
