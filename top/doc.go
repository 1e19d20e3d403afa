// Package top answers what a host was busy with at a time of the past: its processes by
// CPU, memory and I/O, its disks, network interfaces, CPUs and file systems.
//
//	report, err := top.At(ctx, set, top.Options{At: t, Window: time.Minute})
//	for _, table := range report.Tables {
//		…
//	}
//
// Counters count with their mean rate over a window around the time, other metrics with
// their value at the time. A rate between two records counts for the part of their interval
// that lies in the window, so that the window may be shorter than the recording interval.
// A process counts for its whole window, however short it lived.
//
// [Tables] says which PCP metrics are read. If the archives have none of a table, At reads
// the metrics of node_exporter, or of process_exporter for the processes. Report.Missing
// names those that the archives do not have.
package top
