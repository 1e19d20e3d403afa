package main

import (
	"bufio"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pcparchive/pcparchive/internal/safetext"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/values"
)

// heads returns the lines above a column of a set: label, instance and units, unless the
// set leaves them out.
func (c *chosenMetrics) heads(column *values.Column) []string {
	head := []string{c.shown[column.Spec].label}
	if c.set.Options.Bool("instinfo", true) {
		head = append(head, column.Instance())
	}
	if c.set.Options.Bool("unitinfo", true) {
		head = append(head, cmp.Or(column.UnitText(), "none"))
	}
	return head
}

// setDigits returns the digits after the decimal point of a value: those of the flag, or
// else those of the set.
func (p *valuesPrinter) setDigits(c values.Cell) int {
	if p.digits >= 0 {
		return p.digits
	}
	return p.chosen.shown[c.Column.Spec].digits
}

// setText formats a value of a set for people.
func (p *valuesPrinter) setText(c values.Cell) string {
	return safetext.Line(c.Fixed(p.setDigits(c)))
}

// instanceTable is a table with a line for each instance, which pmrep's option colxrow asks
// for. Metrics with the same label share a column.
type instanceTable struct {
	*valuesPrinter
	layout *values.Layout
	rows   []instanceRow
	labels []string
	heads  []string // above the columns that name the row
	widths []int    // of the times, of heads and of labels
	units  []string // of each of labels
}

// instanceRow is an instance, or the metrics without instances, of a host.
type instanceRow struct {
	host, name string
	places     []int // of each label in the layout; -1 for none
	first      int   // place among the rows by instance

	key, before int     // of sort
	value       float64 // of the metric of key
}

// instanceTable returns the table of a layout.
func (p *valuesPrinter) instanceTable(l *values.Layout) *instanceTable {
	t := &instanceTable{valuesPrinter: p, layout: l, heads: []string{strings.TrimSpace(p.chosen.set.Options.Text("colxrow"))}}
	if len(p.hosts.Sets()) > 1 {
		t.heads = []string{"host", t.heads[0]}
	}
	for i, c := range l.Columns {
		label := safetext.Line(p.chosen.shown[c.Spec].label)
		if !slices.Contains(t.labels, label) {
			t.labels, t.units = append(t.labels, label), append(t.units, safetext.Line(cmp.Or(c.UnitText(), "none")))
		}
		row := t.row(l.Hosts[i], c.Instance())
		row.places[slices.Index(t.labels, label)] = i
	}
	t.widths = []int{utf8.RuneCountInString(p.stampText(p.hosts.Header().Start))}
	for i, head := range t.heads {
		width := utf8.RuneCountInString(head)
		for j := range t.rows {
			width = max(width, utf8.RuneCountInString(t.lead(&t.rows[j])[i]))
		}
		t.widths = append(t.widths, width)
	}
	for i, label := range t.labels {
		width := utf8.RuneCountInString(label)
		if t.unitinfo() {
			width = max(width, utf8.RuneCountInString(t.units[i]))
		}
		for _, c := range l.Columns {
			if shown := p.chosen.shown[c.Spec]; shown.label == label {
				width = max(width, min(shown.width, usualWidth))
			}
		}
		t.widths = append(t.widths, width)
	}
	return t
}

// unitinfo reports whether a line above the columns has the units.
func (t *instanceTable) unitinfo() bool { return t.chosen.set.Options.Bool("unitinfo", true) }

// row returns the row of an instance, which it adds if there is none yet.
func (t *instanceTable) row(host, name string) *instanceRow {
	i := slices.IndexFunc(t.rows, func(r instanceRow) bool { return r.host == host && r.name == name })
	if i < 0 {
		i = len(t.rows)
		t.rows = append(t.rows, instanceRow{host: host, name: name, first: i, places: slices.Repeat([]int{-1}, len(t.layout.Columns))})
	}
	return &t.rows[i]
}

// lead returns the cells that name a row.
func (t *instanceTable) lead(r *instanceRow) []string {
	name := safetext.Line(cmp.Or(r.name, "="))
	if len(t.heads) == 1 {
		return []string{name}
	}
	return []string{safetext.Line(r.host), name}
}

// print prints the table.
func (t *instanceTable) print() error {
	bw := bufio.NewWriter(t.out)
	if t.chosen.set.Options.Bool("header", true) {
		t.line(bw, slices.Concat([]string{""}, t.heads, t.labels))
		if t.unitinfo() {
			t.line(bw, slices.Concat(make([]string, 1+len(t.heads)), t.units))
		}
	}
	for line, err := range t.lines(t.layout) {
		if err != nil {
			return cmp.Or(bw.Flush(), err)
		}
		stamp := t.stampText(line.Stamp)
		if len(line.Marks) > 0 {
			fmt.Fprintf(bw, "%s  mark%s\n", stamp, t.markHosts(line))
		}
		t.sort(line)
		for i := range t.rows {
			if cells, any := t.cells(&t.rows[i], line); any {
				t.line(bw, slices.Concat([]string{stamp}, t.lead(&t.rows[i]), cells))
			}
		}
	}
	return bw.Flush()
}

// sort sorts the rows of a line as pmrep's option sort_metric says: by the values of the
// first metric; then come rows that have values of the second metric alone, and so on, and
// at last the others as they stood before. Equal values keep the order of instances.
func (t *instanceTable) sort(line *values.Line) {
	if len(t.chosen.sort) == 0 {
		return
	}
	for i := range t.rows {
		r := &t.rows[i]
		r.key, r.before, r.value = len(t.chosen.sort), i, 0
		for k, key := range t.chosen.sort {
			v, ok := t.sortValue(r, line, key.Metric)
			if !ok {
				continue
			}
			if r.key, r.before, r.value = k, r.first, v; !key.Ascending {
				r.value = -v
			}
			break
		}
	}
	slices.SortFunc(t.rows, func(a, b instanceRow) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.value, b.value), cmp.Compare(a.before, b.before))
	})
}

// sortValue returns the value that a row has of a metric.
func (t *instanceTable) sortValue(r *instanceRow, line *values.Line, metric string) (float64, bool) {
	for _, place := range r.places {
		if place >= 0 && t.layout.Columns[place].Metric() == metric && line.Cells[place].Column != nil {
			return line.Cells[place].Number()
		}
	}
	return 0, false
}

// cells returns the values of a row, and whether there is any.
func (t *instanceTable) cells(r *instanceRow, line *values.Line) (cells []string, found bool) {
	for i := range t.labels {
		text := "-"
		if place := r.places[i]; place >= 0 && line.Cells[place].Column != nil {
			t.count++
			found, text = true, t.setText(line.Cells[place])
		}
		cells = append(cells, text)
	}
	return cells, found
}

// line prints cells: the first to the left, the others to the right.
func (t *instanceTable) line(w *bufio.Writer, cells []string) {
	for i, cell := range cells {
		if i == 0 {
			fmt.Fprintf(w, "%-*s", t.widths[0], cell)
			continue
		}
		fmt.Fprintf(w, "%s%*s", gap, t.widths[i], cell)
	}
	fmt.Fprintln(w)
}

// stampText formats the time of a row for people.
func (p *valuesPrinter) stampText(t pcp.Timestamp) string {
	return p.chosen.stamp(t, p.hosts.Location())
}
