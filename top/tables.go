package top

import "github.com/pcparchive/pcparchive/pcp"

// Table is a kind of table: a row for each instance.
type Table struct {
	Name    string // "process", "disk", …
	Rows    string // what the rows are, in the plural
	Columns []Column
}

// Column is a column of a table: the sum of metrics of one instance domain.
type Column struct {
	Name string
	// Sources are alternatives, of which the first that the archives have is read. Each is
	// a list of metrics whose values are added.
	Sources [][]string
	Units   pcp.Units // in which values are given
	Percent bool      // values are shares of one, given in percent
}

// Units of columns.
var (
	none        = pcp.Units{}
	bytes       = pcp.Units{DimSpace: 1}
	bytesPerSec = pcp.Units{DimSpace: 1, DimTime: -1, ScaleTime: pcp.TimeSec}
	perSec      = pcp.Units{DimTime: -1, DimCount: 1, ScaleTime: pcp.TimeSec}
)

// either returns alternatives of one metric each.
func either(names ...string) (sources [][]string) {
	for _, name := range names {
		sources = append(sources, []string{name})
	}
	return sources
}

// percent returns a column of the share of time that counters of time give.
func percent(name string, sources ...[]string) Column {
	return Column{Name: name, Sources: sources, Units: none, Percent: true}
}

// Tables are all tables. The first is of the host itself and has one row.
var Tables = []Table{
	{"host", "values of the host", []Column{
		percent("user", []string{"kernel.all.cpu.user"}),
		percent("sys", []string{"kernel.all.cpu.sys"}),
		percent("wait", []string{"kernel.all.cpu.wait.total"}, []string{"kernel.all.cpu.iowait"}),
		percent("steal", []string{"kernel.all.cpu.steal"}),
		percent("idle", []string{"kernel.all.cpu.idle"}),
		{Name: "cpus", Sources: either("hinv.ncpu"), Units: none},
		{Name: "runnable", Sources: either("kernel.all.runnable"), Units: none},
		{Name: "memory", Sources: either("mem.physmem"), Units: bytes},
		{Name: "available", Sources: either("mem.util.available", "mem.util.free"), Units: bytes},
		{Name: "swapped in", Sources: either("swap.pagesin"), Units: perSec},
		{Name: "swapped out", Sources: either("swap.pagesout"), Units: perSec},
	}},
	{"process", "processes", []Column{
		percent("cpu", []string{"proc.psinfo.utime", "proc.psinfo.stime"}, []string{"hotproc.psinfo.utime", "hotproc.psinfo.stime"}),
		{Name: "memory", Sources: either("proc.psinfo.rss", "hotproc.psinfo.rss"), Units: bytes},
		{Name: "read", Sources: either("proc.io.read_bytes", "hotproc.io.read_bytes"), Units: bytesPerSec},
		{Name: "written", Sources: either("proc.io.write_bytes", "hotproc.io.write_bytes"), Units: bytesPerSec},
	}},
	{"disk", "disks", []Column{
		percent("busy", []string{"disk.dev.avactive"}),
		{Name: "read", Sources: either("disk.dev.read_bytes"), Units: bytesPerSec},
		{Name: "written", Sources: either("disk.dev.write_bytes"), Units: bytesPerSec},
		{Name: "reads", Sources: either("disk.dev.read"), Units: perSec},
		{Name: "writes", Sources: either("disk.dev.write"), Units: perSec},
	}},
	{"interface", "network interfaces", []Column{
		{Name: "received", Sources: either("network.interface.in.bytes"), Units: bytesPerSec},
		{Name: "sent", Sources: either("network.interface.out.bytes"), Units: bytesPerSec},
		{Name: "errors", Sources: [][]string{{"network.interface.in.errors", "network.interface.out.errors"}}, Units: perSec},
		{Name: "drops", Sources: [][]string{{"network.interface.in.drops", "network.interface.out.drops"}}, Units: perSec},
	}},
	{"cpu", "CPUs", []Column{
		percent("user", []string{"kernel.percpu.cpu.user"}),
		percent("sys", []string{"kernel.percpu.cpu.sys"}),
		percent("wait", []string{"kernel.percpu.cpu.wait.total"}, []string{"kernel.percpu.cpu.iowait"}),
		percent("interrupts", []string{"kernel.percpu.cpu.irq.soft", "kernel.percpu.cpu.irq.hard"}, []string{"kernel.percpu.cpu.intr"}, []string{"kernel.percpu.cpu.softirq", "kernel.percpu.cpu.hardirq"}),
		percent("idle", []string{"kernel.percpu.cpu.idle"}),
	}},
	{"filesystem", "file systems", []Column{
		{Name: "full", Sources: either("filesys.full"), Units: none},
		{Name: "free", Sources: either("filesys.free"), Units: bytes},
		{Name: "size", Sources: either("filesys.capacity"), Units: bytes},
	}},
}
