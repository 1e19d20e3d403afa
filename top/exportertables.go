package top

import (
	"regexp"
	"sync"
)

// exporterTable says how an exporter's metrics make up a table. Archives of record and
// import have them under names such as openmetrics.JOB.node_procs_running.
type exporterTable struct {
	table   string                    // the name of the table
	name    string                    // the exporter
	label   string                    // the label that names a row; "" in the table of the host
	prefix  string                    // of the row's name, before the label's value
	leave   map[string]*regexp.Regexp // values of labels of which there is no row
	columns map[string]exporterColumn
}

// exporterColumn is a column: the sum of its parts, unless combine says otherwise.
type exporterColumn struct {
	parts   []exporterPart
	combine func(parts []float64) float64
}

// exporterPart is the sum of those series of a metric whose label has one of some values.
type exporterPart struct {
	metric string
	kind   partKind
	label  string // "" takes all series
	values []string
}

type partKind int

// The kinds of parts.
const (
	partRate  partKind = iota // the metric is a counter, whatever its semantics are
	partValue                 // the value at the time
	partCount                 // each series of the counter counts 1
)

// rates returns a column of the rates of counters.
func rates(metrics ...string) (c exporterColumn) {
	for _, m := range metrics {
		c.parts = append(c.parts, exporterPart{metric: m})
	}
	return c
}

// valueOf returns a column of the values of a metric.
func valueOf(metric string) exporterColumn {
	return exporterColumn{parts: []exporterPart{{metric: metric, kind: partValue}}}
}

// modes returns a column of the time that CPUs spent in some modes.
func modes(metric string, modes ...string) exporterColumn {
	return exporterColumn{parts: []exporterPart{{metric: metric, label: "mode", values: modes}}}
}

const (
	nodeExporter    = "node_exporter"
	processExporter = "process_exporter"
	cpuSeconds      = "node_cpu_seconds_total"
)

// These are no disks and file systems of their own: devices in memory and those made of
// others, images, which are always full, and file systems in memory. PCP has no instances of
// disk.dev and filesys for them. The patterns match whole values, as in PromQL.
// overview/rules.yml and the page have the same.
const (
	noDisks       = "(loop|ram|zram|dm-|md|sr|fd)[0-9].*"
	noFilesystems = "squashfs|iso9660|udf|erofs|cramfs|tmpfs|ramfs" // types
	loopDevices   = "/dev/loop.*"
)

// whole compiles a pattern that matches whole values.
func whole(pattern string) *regexp.Regexp { return regexp.MustCompile("^(?:" + pattern + ")$") }

// exporterTables returns the tables that exporters fill.
var exporterTables = sync.OnceValue(func() []exporterTable {
	return []exporterTable{
		{table: "host", name: nodeExporter, columns: map[string]exporterColumn{
			"user":        modes(cpuSeconds, "user"),
			"sys":         modes(cpuSeconds, "system"),
			"wait":        modes(cpuSeconds, "iowait"),
			"steal":       modes(cpuSeconds, "steal"),
			"idle":        modes(cpuSeconds, "idle"),
			"cpus":        {parts: []exporterPart{{cpuSeconds, partCount, "mode", []string{"idle"}}}},
			"runnable":    valueOf("node_procs_running"),
			"memory":      valueOf("node_memory_MemTotal_bytes"),
			"available":   valueOf("node_memory_MemAvailable_bytes"),
			"swapped in":  rates("node_vmstat_pswpin"),
			"swapped out": rates("node_vmstat_pswpout"),
		}},
		{table: "process", name: processExporter, label: "groupname", columns: map[string]exporterColumn{
			"cpu":     modes("namedprocess_namegroup_cpu_seconds_total", "user", "system"),
			"memory":  {parts: []exporterPart{{"namedprocess_namegroup_memory_bytes", partValue, "memtype", []string{"resident"}}}},
			"read":    rates("namedprocess_namegroup_read_bytes_total"),
			"written": rates("namedprocess_namegroup_write_bytes_total"),
		}},
		{table: "disk", name: nodeExporter, label: "device",
			leave: map[string]*regexp.Regexp{"device": whole(noDisks)},
			columns: map[string]exporterColumn{
				"busy":    rates("node_disk_io_time_seconds_total"),
				"read":    rates("node_disk_read_bytes_total"),
				"written": rates("node_disk_written_bytes_total"),
				"reads":   rates("node_disk_reads_completed_total"),
				"writes":  rates("node_disk_writes_completed_total"),
			}},
		{table: "interface", name: nodeExporter, label: "device", columns: map[string]exporterColumn{
			"received": rates("node_network_receive_bytes_total"),
			"sent":     rates("node_network_transmit_bytes_total"),
			"errors":   rates("node_network_receive_errs_total", "node_network_transmit_errs_total"),
			"drops":    rates("node_network_receive_drop_total", "node_network_transmit_drop_total"),
		}},
		{table: "cpu", name: nodeExporter, label: "cpu", prefix: "cpu", columns: map[string]exporterColumn{
			"user":       modes(cpuSeconds, "user"),
			"sys":        modes(cpuSeconds, "system"),
			"wait":       modes(cpuSeconds, "iowait"),
			"interrupts": modes(cpuSeconds, "irq", "softirq"),
			"idle":       modes(cpuSeconds, "idle"),
		}},
		{table: "filesystem", name: nodeExporter, label: "mountpoint",
			leave: map[string]*regexp.Regexp{"device": whole(loopDevices), "fstype": whole(noFilesystems)},
			columns: map[string]exporterColumn{
				"full": {combine: percentFull, parts: []exporterPart{
					{metric: "node_filesystem_size_bytes", kind: partValue}, {metric: "node_filesystem_free_bytes", kind: partValue}, {metric: "node_filesystem_avail_bytes", kind: partValue},
				}},
				"free": valueOf("node_filesystem_free_bytes"),
				"size": valueOf("node_filesystem_size_bytes"),
			}},
	}
})

// percentFull computes PCP's filesys.full of the size, what is free, and what is free for
// users.
func percentFull(parts []float64) float64 {
	used := parts[0] - parts[1]
	return 100 * used / (used + parts[2])
}
