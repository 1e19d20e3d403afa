package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/top"
)

type topOptions struct {
	at     string
	window time.Duration
	by     string
	tables []string
	count  int
	zones  zoneFlags
	output outputFormat
}

// topTables returns the names of the tables.
func topTables() (names []string) {
	for _, t := range top.Tables {
		names = append(names, t.Name)
	}
	return names
}

// topOrders are the values of --by.
var topOrders = []string{"cpu", "memory", "io"}

func newTopCmd(s streams) *cobra.Command {
	var o topOptions
	cmd := &cobra.Command{
		Use:         "top ARCHIVE...",
		Annotations: onlyReads,
		Short:       "Show what a host was busy with at a time: processes, disks, interfaces, CPUs",
		Long: `Print what a host was busy with at a time of the past: its processes by CPU, memory or
I/O, and its disks, network interfaces, CPUs and file systems.

Rates are means over a window around the time, memory and space are values at the time.
CPU is in percent of one CPU. A process that PCP recorded only once has no rates. The last
lines name what was not logged. If an archive lacks PCP's metrics of a table, the rows come
from node_exporter, and processes from process_exporter.

` + archivesHelp + `

The output has a part for each host. CSV has one table: that of --table, or else the
processes.`,
		Example: `  pcparchive top rec --at 14:30
  pcparchive top rec --at 'yesterday 14:30' --by memory --count 20
  pcparchive top /var/log/pcp/pmlogger --at end-2h --window 10min --table disk
  pcparchive top rec --at 14:30 --output json | jq '.hosts[].tables.process[0]'`,
		ValidArgsFunction: completeArchives,
		Args:              nargs(1, -1, "archives"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runTop(cmd.Context(), s, o, args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.at, "at", "end", "the time: "+timeHelp)
	durationVar(f, &o.window, "window", top.DefaultWindow, "length of the window of the rates, around the time")
	f.StringVar(&o.by, "by", "cpu", "order of the processes: "+strings.Join(topOrders, ", "))
	f.StringSliceVar(&o.tables, "table", nil, "only these tables: "+strings.Join(topTables(), ", "))
	f.IntVar(&o.count, "count", 10, "rows of a table; 0: all rows")
	addZoneFlags(cmd, &o.zones, usualHost)
	addTableFlag(cmd, &o.output)
	completeFlag(cmd, "table", topTables()...)
	completeFlag(cmd, "by", topOrders...)
	return cmd
}

// check rejects wrong flags.
func (o *topOptions) check() error {
	for _, name := range o.tables {
		if !slices.Contains(topTables(), name) {
			return fmt.Errorf("--table: no table %q; there are %s", name, strings.Join(topTables(), ", "))
		}
	}
	switch {
	case !slices.Contains(topOrders, o.by):
		return fmt.Errorf("--by %s: want %s", o.by, strings.Join(topOrders, ", "))
	case o.window <= 0:
		return fmt.Errorf("--window %s is no length", o.window)
	case o.count < 0:
		return fmt.Errorf("--count %d is negative", o.count)
	case o.output == outputCSV && len(o.tables) > 1:
		return fmt.Errorf("--output csv prints one table, and --table names %d", len(o.tables))
	}
	return nil
}

func runTop(ctx context.Context, s streams, o topOptions, paths []string) error {
	if err := o.check(); err != nil {
		return usageError{err}
	}
	if o.output == outputCSV && len(o.tables) == 0 {
		o.tables = []string{"process"}
	}
	h, err := openHosts(s, paths)
	if err != nil {
		return err
	}
	h.ignoreTail, h.zones = true, o.zones
	var reports []*top.Report
	for _, set := range h.Sets() {
		at, err := parseTime(o.at, o.zones.over(set))
		if err != nil {
			return err
		}
		report, err := top.At(ctx, set, top.Options{At: at, Window: o.window, Tables: o.tables})
		if err != nil {
			return err
		}
		o.sort(report)
		reports = append(reports, report)
	}
	if err := h.Unusable(); err != nil {
		return err
	}
	switch o.output {
	case outputJSON:
		err = writeJSON(s.out, o.jsonOf(reports, h))
	case outputCSV:
		err = o.printCSV(s.out, reports)
	default:
		err = o.print(s.out, reports, h)
	}
	return cmp.Or(err, h.reportProblems())
}

// sort orders the rows of the tables, and leaves out those beyond --count.
func (o *topOptions) sort(r *top.Report) {
	for i := range r.Tables {
		t := &r.Tables[i]
		switch {
		case t.Table.Name != "process":
			t.SortBy(t.Table.Columns[0].Name)
		case o.by == "io":
			t.SortByIO()
		default:
			t.SortBy(o.by)
		}
	}
}

// shown returns the rows to print.
func (o *topOptions) shown(rows []top.Row) []top.Row {
	if o.count > 0 && len(rows) > o.count {
		return rows[:o.count]
	}
	return rows
}

// stamp formats a time of a host.
func (h *hosts) stamp(i int, t pcp.Timestamp) string { return formatTime(t, h.zoneOf(h.Sets()[i])) }
