package top

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// planExporters makes plans for the tables of which the archives have none of PCP's metrics.
// It collects what is missing in all plans.
func (r *reader) planExporters(plans []plan, report *Report) {
	var jobs map[string]map[string]*meta.Desc
	for i := range plans {
		p := &plans[i]
		if r.planned(p) {
			continue
		}
		if jobs == nil {
			jobs = r.exporters()
		}
		r.planExporter(p, jobs)
		if p.exporter != nil && p.exporter.name == processExporter && !r.planned(p) {
			report.NoProcesses = true
		}
	}
	for _, p := range plans {
		report.Missing = append(report.Missing, p.missing...)
	}
}

// planned reports whether the archives have metrics of a plan.
func (r *reader) planned(p *plan) bool {
	if p.exporter != nil {
		return len(p.jobs) > 0
	}
	return slices.ContainsFunc(p.sources, func(s []string) bool { return s != nil })
}

// exporters returns the descriptors of exporters' metrics, by the part of their names before
// the last component, then by this. It looks at every archive once.
func (r *reader) exporters() map[string]map[string]*meta.Desc {
	wanted := map[string]bool{}
	for _, t := range exporterTables() {
		for _, c := range t.columns {
			for _, part := range c.parts {
				wanted[part.metric] = true
			}
		}
	}
	jobs := map[string]map[string]*meta.Desc{}
	for reader := range r.set.Readers() {
		for d := range reader.Meta().Metrics() {
			for _, name := range d.Names {
				end := strings.LastIndexByte(name, '.') + 1
				if end == 0 || !wanted[name[end:]] || !d.Type.IsNumeric() {
					continue
				}
				if jobs[name[:end]] == nil {
					jobs[name[:end]] = map[string]*meta.Desc{}
				}
				jobs[name[:end]][name[end:]] = d
			}
		}
	}
	return jobs
}

// planExporter chooses the jobs that have metrics of a plan's table: each is a target. The
// plan stays as it is if no exporter recorded the host.
func (r *reader) planExporter(p *plan, jobs map[string]map[string]*meta.Desc) {
	tables := exporterTables()
	i := slices.IndexFunc(tables, func(t exporterTable) bool { return t.table == p.table.Name })
	if i < 0 || len(jobs) == 0 {
		return
	}
	p.exporter, p.missing = &tables[i], nil
	for _, job := range slices.Sorted(maps.Keys(jobs)) {
		known := false
		for _, part := range p.parts() {
			if d := jobs[job][part.metric]; d != nil {
				known = true
				r.read(job+part.metric, d, part.kind != partValue)
			}
		}
		if known {
			p.jobs = append(p.jobs, job)
		}
	}
	for _, part := range p.parts() {
		logged := slices.ContainsFunc(p.jobs, func(job string) bool { return jobs[job][part.metric] != nil })
		if !logged && !slices.Contains(p.missing, part.metric) {
			p.missing = append(p.missing, part.metric)
		}
	}
}

// parts returns the parts of an exporter's columns, in the order of the table.
func (p *plan) parts() (parts []exporterPart) {
	for _, c := range p.table.Columns {
		parts = append(parts, p.exporter.columns[c.Name].parts...)
	}
	return parts
}

// exporterRow names a row.
type exporterRow struct {
	job, target string
	name        string // within the target
}

// exporterCells are the sums of a row, by column and part.
type exporterCells struct {
	id   pcp.InstID // the lowest of the instances that make up the row
	sums [][]float64
}

// exporterRows returns the rows of a table that an exporter fills.
func (r *reader) exporterRows(p plan) Rows {
	all := map[exporterRow]*exporterCells{}
	for _, job := range p.jobs {
		for i := range p.table.Columns {
			for j, part := range p.exporter.columns[p.table.Columns[i].Name].parts {
				if m := r.metrics[job+part.metric]; m != nil {
					p.sum(all, job, m, i, j)
				}
			}
		}
	}
	return p.table.rowsOf(all, p.exporter)
}

// sum adds the values of a metric to part j of column i.
func (p *plan) sum(all map[exporterRow]*exporterCells, job string, m *metric, i, j int) {
	part := &p.exporter.columns[p.table.Columns[i].Name].parts[j]
	factor := m.factor(&p.table.Columns[i])
	for _, id := range slices.Sorted(maps.Keys(m.values)) { // sums depend on the order
		v := m.values[id]
		key, ok := p.exporter.row(part, v)
		if !ok {
			continue
		}
		if key.job = job; key.target == "" {
			key.target = job[strings.LastIndexByte(job[:len(job)-1], '.')+1 : len(job)-1]
		}
		if all[key] == nil {
			all[key] = p.cells(id)
		}
		all[key].add(i, j, id, part.amount(v.number*factor))
	}
}

// amount returns what a value adds to a part.
func (part *exporterPart) amount(v float64) float64 {
	if part.kind == partCount {
		return 1
	}
	return v
}

// row returns the row that a value belongs to. ok is false if it belongs to none.
func (t *exporterTable) row(part *exporterPart, v value) (key exporterRow, ok bool) {
	labels, err := v.series.Merged()
	if err != nil || part.label != "" && !slices.Contains(part.values, labels.Text(part.label)) {
		return key, false
	}
	for label, values := range t.leave {
		if values.MatchString(labels.Text(label)) {
			return key, false
		}
	}
	key.target = labels.Text("instance")
	if t.label == "" {
		return key, true
	}
	l, ok := labels.Lookup(t.label)
	key.name = t.prefix + l.Text()
	return key, ok
}

// cells returns a row without values.
func (p *plan) cells(id pcp.InstID) *exporterCells {
	c := &exporterCells{id: id}
	for i := range p.table.Columns {
		parts := p.exporter.columns[p.table.Columns[i].Name].parts
		c.sums = append(c.sums, slices.Repeat([]float64{math.NaN()}, len(parts)))
	}
	return c
}

// add adds a value to a part of a column.
func (c *exporterCells) add(column, part int, id pcp.InstID, v float64) {
	c.id = min(c.id, id)
	accumulate(&c.sums[column][part], v)
}

// rowsOf makes the rows of a table of the sums. Rows have the names of their targets if
// there are several.
func (t *Table) rowsOf(all map[exporterRow]*exporterCells, from *exporterTable) Rows {
	rows := Rows{Table: t}
	targets := map[string]bool{}
	for key := range all {
		targets[key.target] = true
	}
	for key, cells := range all {
		row := Row{Instance: key.name, ID: cells.id}
		if len(targets) > 1 {
			row.Instance = strings.TrimSpace(key.target + " " + key.name)
		}
		for i := range t.Columns {
			column := from.columns[t.Columns[i].Name]
			row.Values = append(row.Values, column.value(cells.sums[i]))
		}
		rows.Rows = append(rows.Rows, row)
	}
	slices.SortFunc(rows.Rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), strings.Compare(a.Instance, b.Instance))
	})
	return rows
}

// value returns the value of a column: by default the sum of the parts that have one.
func (c *exporterColumn) value(sums []float64) float64 {
	if c.combine != nil {
		return c.combine(sums)
	}
	total := math.NaN()
	for _, v := range sums {
		if !math.IsNaN(v) {
			accumulate(&total, v)
		}
	}
	return total
}
