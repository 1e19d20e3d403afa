package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/internal/timespec"
	"github.com/pcparchive/pcparchive/size"
)

// sizeTables are the tables of size, in the order of printing.
var sizeTables = []string{"kind", "metric", "domain", "label", "day", "file"}

type sizeOptions struct {
	by       []string
	count    int
	interval string
	every    time.Duration // interval as a number
	zones    zoneFlags
	output   outputFormat
}

func newSizeCmd(s streams) *cobra.Command {
	var o sizeOptions
	cmd := &cobra.Command{
		Use:         "size ARCHIVE...",
		Annotations: onlyReads,
		Short:       "Show which metrics and records take the space of archives",
		Long: `Print how many bytes of the archives each kind of record, metric, instance domain, label
level, day and file takes. The parts of a table sum up to the lengths of the files.

LENGTH is the decompressed length, STORED the length on disk. The length of a metric is
that of its values in all data records. REPEATED are those of its records whose values
equal the values before them, METADATA its descriptor, help text and labels.

With --interval, the column SAVED says how many bytes would be saved by recording a
metric no more often than that.

` + archivesHelp + `

CSV has one table: that of --by, or else the metrics.`,
		Example: `  pcparchive size rec
  pcparchive size /var/log/pcp/pmlogger/web1 --by metric --count 50 --interval 1min
  pcparchive size /var/log/pcp/pmlogger --by day
  pcparchive size rec --output csv > metrics.csv`,
		ValidArgsFunction: completeArchives,
		Args:              nargs(1, -1, "archives"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runSize(cmd.Context(), s, o, args)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.by, "by", nil, "only these tables: "+strings.Join(sizeTables, ", "))
	f.IntVar(&o.count, "count", 20, "rows of a text table; 0: all rows")
	f.StringVar(&o.interval, "interval", "", "show what recording once per interval would save, such as 1min")
	addZoneFlags(cmd, &o.zones, usualHost)
	addTableFlag(cmd, &o.output)
	completeFlag(cmd, "by", sizeTables...)
	return cmd
}

// check rejects unknown tables and a wrong interval.
func (o *sizeOptions) check() error {
	for _, table := range o.by {
		if !slices.Contains(sizeTables, table) {
			return usageError{fmt.Errorf("--by: no table %q; there are %s", table, strings.Join(sizeTables, ", "))}
		}
	}
	if o.output == outputCSV && len(o.by) > 1 {
		return usageError{fmt.Errorf("--output csv prints one table, and --by names %d", len(o.by))}
	}
	if o.count < 0 {
		return usageError{fmt.Errorf("--count: %d is negative", o.count)}
	}
	if o.interval == "" {
		return nil
	}
	var err error
	if o.every, err = timespec.Interval(o.interval); err != nil {
		return usageError{fmt.Errorf("--interval: %w", err)}
	}
	if o.every <= 0 {
		return usageError{fmt.Errorf("--interval: %s is no time", o.interval)}
	}
	return nil
}

// wants reports whether a table is printed.
func (o *sizeOptions) wants(table string) bool {
	return len(o.by) == 0 || slices.Contains(o.by, table)
}

func runSize(ctx context.Context, s streams, o sizeOptions, paths []string) error {
	if err := o.check(); err != nil {
		return err
	}
	h, err := openHosts(s, paths)
	if err != nil {
		return err
	}
	h.zones = o.zones
	m := size.New(h.Location())
	for r := range h.Readers() {
		if err := m.Add(ctx, r); err != nil {
			return err
		}
	}
	if err := h.Unusable(); err != nil {
		return err
	}
	report := m.Report()
	switch o.output {
	case outputJSON:
		err = writeJSON(s.out, o.jsonOf(report))
	case outputCSV:
		err = o.printCSV(s.out, report)
	default:
		err = o.print(s.out, report)
	}
	return cmp.Or(err, h.reportProblems())
}
