package top

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

// Report is the state of a host at a time.
type Report struct {
	Host     string
	At       pcp.Timestamp
	From, To pcp.Timestamp // the window of the rates
	Tables   []Rows
	// Missing are the metrics that the archives do not have, and Empty those without a
	// value in or around the window.
	Missing, Empty []string
	// NoProcesses reports that exporters recorded the host and none of them knows
	// processes: node_exporter does not, process_exporter does.
	NoProcesses bool
}

// Rows are the rows of a table.
type Rows struct {
	Table *Table
	Rows  []Row
}

// Row is an instance with a value for each column of the table; NaN where there is none.
type Row struct {
	Instance string // "" in the table of the host
	ID       pcp.InstID
	Values   []float64
}

// SortBy sorts the rows by descending values of a column, those without a value last. It
// reports whether there is such a column.
func (r *Rows) SortBy(column string) bool {
	i := slices.IndexFunc(r.Table.Columns, func(c Column) bool { return c.Name == column })
	if i < 0 {
		return false
	}
	value := func(row Row) float64 {
		if v := row.Values[i]; !math.IsNaN(v) {
			return v
		}
		return math.Inf(-1)
	}
	slices.SortStableFunc(r.Rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(value(b), value(a)), cmp.Compare(a.ID, b.ID))
	})
	return true
}

// SortByIO sorts the rows of the processes by what they read and wrote together.
func (r *Rows) SortByIO() {
	sum := func(row Row) (n float64) {
		for i, c := range r.Table.Columns {
			if v := row.Values[i]; (c.Name == "read" || c.Name == "written") && !math.IsNaN(v) {
				n += v
			}
		}
		return n
	}
	slices.SortStableFunc(r.Rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(sum(b), sum(a)), cmp.Compare(a.ID, b.ID))
	})
}

// Options say what a Report is of.
type Options struct {
	At pcp.Timestamp
	// Window is the length of the window, whose middle At is. Zero means DefaultWindow.
	Window time.Duration
	// Tables are the names of tables; none means all.
	Tables []string
}

// DefaultWindow is the length of the window if Options has none.
const DefaultWindow = time.Minute

// margin is how far around the window records are looked for.
const margin = time.Hour

// Process returns the process identifier and the command of an instance of the processes,
// whose name PCP makes of both. The groups of process_exporter have a name only.
func (r *Row) Process() (pid, command string) {
	pid, command, _ = strings.Cut(r.Instance, " ")
	if strings.Trim(pid, "0123456789") != "" {
		return "", r.Instance
	}
	if trimmed := strings.TrimLeft(pid, "0"); trimmed != "" {
		pid = trimmed
	}
	return pid, command
}
