package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/query"
	"github.com/pcparchive/pcparchive/store"
)

func newQueryCmd(s streams) *cobra.Command {
	var o queryOptions
	cmd := &cobra.Command{
		Use:         "query EXPR ARCHIVE...",
		Annotations: onlyReads,
		Short:       "Evaluate PromQL over archives",
		Long: `Evaluate a PromQL expression over archives: at one time or, with --step, over a
range of times. query reads only the metrics and times that the expression needs.
A discrete metric, which PCP records seldom, holds its value until the next one.
rate, irate and increase add nothing for the time across a mark.

query keeps the samples that it reads of closed archives in --cache, so that the next
question about them takes a fraction of the time. Answers are the same. Deleting the
folder costs only time.

` + archivesHelp + `

The expression selects series of all hosts. The label hostname distinguishes PCP's
own metrics of different hosts. Where the labels of several hosts have the same
hostname, query takes it from the archive label, and reports the hosts.

With --server there are no archives: a running 'pcparchive serve', or a Prometheus,
evaluates the expression. The times start and end are those of its data; for a
Prometheus they are one hour ago and now.

With --rules there is no expression: query evaluates the rules of a Prometheus rule
file from --start to --end, the whole archives by default, and prints when each alert
would have fired.

CSV has a line for each sample, or each alert, with a column for each label. Parquet and
Arrow files have a row for each sample.`,
		Example: `  pcparchive query 'rate(node_cpu_seconds_total{mode="idle"}[10s])' rec
  pcparchive query 'sum by (mode) (rate(node_cpu_seconds_total[1m]))' rec --step 1m
  pcparchive query 'histogram_quantile(0.9, rate(rpc_duration_seconds[5m]))' rec
  pcparchive query up rec --start end-1h --step 30s --output json
  pcparchive query 'rate(disk_dev_read[1m])' rec --step 1m --output csv > reads.csv
  pcparchive query 'sum by (hostname) (kernel_all_load)' /var/log/pcp/pmlogger
  pcparchive query --rules node.rules.yml rec --start end-1d
  pcparchive query 'topk(3, kernel_all_load)' --server http://localhost:9191`,
		ValidArgsFunction: completeArchivesFrom(1),
		Args:              queryArgs(&o),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.server.address != "" {
				return runRemoteQuery(cmd.Context(), s, o, args[0])
			}
			if o.rules.rules != nil {
				return runRules(cmd.Context(), s, o, args)
			}
			return runQuery(cmd.Context(), s, o, args[0], args[1:])
		},
	}
	o.addFlags(cmd)
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error { return o.complete(cmd.Flags().Changed, s.out) }
	return cmd
}

func runQuery(ctx context.Context, s streams, o queryOptions, expr string, paths []string) error {
	parsed, err := query.Parse(expr)
	if err != nil {
		return usageError{err}
	}
	dir := o.cache.open()
	h, err := openHostsFrom(s, paths, dir)
	if err != nil && !store.Exists(paths[0]) && store.Exists(expr) {
		return usageError{fmt.Errorf("%w; %s is an archive, and the expression comes first: pcparchive query '%s' %s", err, expr, paths[0], expr)}
	}
	if err != nil {
		return err
	}
	h.ignoreTail, h.zones = true, o.zones
	cache := columns.NewCache(dir)
	defer func() {
		h.Remember()
		o.cache.reportFaults(s.err, dir)
	}()
	e := query.NewEngine(h.Sets(), query.Options{Lookback: o.lookback, MaxSamples: o.maxSamples, MaxBytes: int64(o.maxBytes), Timeout: cmp.Or(o.timeout, -1), Columns: cache})
	q, err := o.prepare(ctx, h, e, expr)
	if err != nil {
		return queryError(err)
	}
	defer q.Close()
	res := q.Exec(ctx)
	if err := cmp.Or(queryError(res.Err), h.Unusable()); err != nil {
		return err
	}
	h.reportRemarks(e, parsed, res)
	o.explain(ctx, h, e, parsed, res.Value)
	if o.output == outputJSON {
		err = printJSON(s.out, res, expr)
	} else {
		err = o.printRows(s.out, rowsOf(res.Value), h.Location())
	}
	return cmp.Or(err, h.reportProblems(), lost(res))
}

// printRows prints the samples of a result as a table, as CSV or as a columnar file.
func (o queryOptions) printRows(w io.Writer, rows resultRows, zone *time.Location) error {
	switch {
	case o.output == outputCSV:
		return rows.printCSV(w, zone)
	case o.output.columnar():
		return rows.writeColumnar(w, o.output)
	}
	return rows.print(w, zone)
}

// lost returns errSkipped if the query left out samples, which its remarks report.
func lost(res *promql.Result) error {
	for _, w := range res.Warnings {
		if errors.As(w, new(*query.LossWarning)) {
			return errSkipped
		}
	}
	return nil
}

// queryError adds to an error about a limit the flag that raises it.
func queryError(err error) error {
	var limit *query.LimitError
	var steps *query.StepsError
	switch {
	case errors.As(err, &limit), errors.As(err, &steps):
		return fmt.Errorf("%w; see --max-samples", err)
	case errors.As(err, new(*query.BytesError)):
		return fmt.Errorf("%w; see --max-bytes", err)
	case errors.As(err, new(*query.TimeoutError)):
		return fmt.Errorf("%w; see --timeout", err)
	}
	return err
}

// window returns the times at which a query is evaluated.
func (o queryOptions) window(h timeline) (from, to pcp.Timestamp, err error) {
	if o.step == 0 {
		from, err = parseTime(o.at, h)
		return from, from, err
	}
	return parseRange(o.start, o.end, h)
}

// prepare returns the query for the times of the flags.
func (o queryOptions) prepare(ctx context.Context, h *hosts, e *query.Engine, expr string) (promql.Query, error) {
	start, end, step, err := o.steps(h)
	switch {
	case err != nil:
		return nil, err
	case step == 0:
		return e.Instant(ctx, expr, end)
	}
	return e.Range(ctx, expr, start, end, step)
}

// steps returns the times of the flags. The step is 0 for one time, end.
func (o queryOptions) steps(t timeline) (start, end time.Time, step time.Duration, err error) {
	from, to, err := o.window(t)
	if err != nil || o.step == 0 {
		return start, ceilMilli(to), 0, err
	}
	step = o.step
	if step == autoStep {
		step = max(to.Sub(from)/100, time.Millisecond).Round(time.Millisecond)
	}
	const maxSteps = 11000 // the limit of Prometheus' query API
	if step < time.Millisecond || to.Sub(from)/step > maxSteps {
		return start, end, 0, usageError{fmt.Errorf("--step %s: want at least 1ms and at most %d results a series", step, maxSteps)}
	}
	return from.Time(), ceilMilli(to).UTC(), step, nil
}

// ceilMilli rounds up to Prometheus' milliseconds, so that the end of an
// archive includes its last record.
func ceilMilli(t pcp.Timestamp) time.Time {
	return t.Add(time.Millisecond - 1).Time().Truncate(time.Millisecond)
}

// pointText writes a native histogram if there is one, or else a number.
func pointText(f float64, h *histogram.FloatHistogram) string {
	if h != nil {
		return h.String()
	}
	return number(f)
}

// seriesText writes a series as an expression would select it.
func seriesText(ls labels.Labels) string {
	name := ls.Get(model.MetricNameLabel)
	if !model.LegacyValidation.IsValidMetricName(name) {
		return ls.String()
	}
	rest := labels.NewBuilder(ls).Del(model.MetricNameLabel).Labels()
	if rest.IsEmpty() {
		return name
	}
	return name + rest.String()
}
