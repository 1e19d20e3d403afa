package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pcparchive/pcparchive/internal/safetext"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/values"
)

// valuesPrinter prints rows of values.
type valuesPrinter struct {
	valuesOptions
	chosen   *chosenMetrics
	request  values.Options
	computed *values.Layout // of PromQL; nil for metrics
	ctx      context.Context
	out      io.Writer
	hosts    *hosts
	count    int // values printed
}

// print prints the rows in the format of the flags.
func (p *valuesPrinter) print() error {
	switch p.output {
	case outputJSON, outputNDJSON:
		return p.printJSON()
	case outputParquet, outputArrow:
		return p.writeColumnar()
	case outputCSV:
		if p.long {
			return p.printLongCSV()
		}
		return p.printWideCSV()
	}
	if p.chosen.set != nil && p.chosen.set.Options.Has("colxrow") && !p.wide && !p.long {
		layout, err := p.layout()
		if err != nil {
			return err
		}
		return p.instanceTable(layout).print()
	}
	if !p.long {
		layout, err := p.layout()
		if err != nil {
			return err
		}
		if t := p.wideTable(layout); p.wide || p.chosen.set != nil || len(layout.Columns) > 0 && t.width() <= cmp.Or(columnsOf(p.out), usualWidth) {
			return t.print()
		}
	}
	return p.printLong()
}

// usualWidth is the width of text that goes to no terminal.
const usualWidth = 120

// layout returns the columns of a wide table.
func (p *valuesPrinter) layout() (*values.Layout, error) {
	if p.computed != nil {
		return p.computed, nil
	}
	return values.NewLayout(p.ctx, p.hosts.Sets(), p.request)
}

// limited ends after the number of rows of --samples. Rows of marks do not count.
func limited[T any](p *valuesPrinter, rows iter.Seq2[T, error], counts func(T) bool) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		n := 0
		for row, err := range rows {
			if err == nil && counts(row) {
				if p.samples > 0 && n == p.samples {
					return
				}
				n++
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// hostRows yields the rows of a host.
func (p *valuesPrinter) hostRows(set *store.Set) iter.Seq2[*values.Row, error] {
	if p.computed != nil {
		return limited(p, p.computed.Rows(), func(*values.Row) bool { return true })
	}
	return limited(p, values.Rows(p.ctx, set, p.request), func(r *values.Row) bool { return !r.Mark })
}

// lines yields the rows of all hosts side by side.
func (p *valuesPrinter) lines(l *values.Layout) iter.Seq2[*values.Line, error] {
	return limited(p, l.Lines(p.ctx), func(l *values.Line) bool { return len(l.Marks) == 0 })
}

// cellText formats a value for people.
func (p *valuesPrinter) cellText(c values.Cell) string {
	if p.chosen.set != nil {
		return p.setText(c)
	}
	v, ok := c.Number()
	if ok && p.digits < 0 {
		return compact(v, -1)
	}
	return safetext.Line(c.Text(p.digits))
}

// printLong prints a line for each value, a part for each host.
func (p *valuesPrinter) printLong() error {
	bw := bufio.NewWriter(p.out)
	for _, set := range p.sources() {
		if len(p.sources()) > 1 {
			fmt.Fprintf(bw, "host %s\n", safetext.Line(set.Host()))
		}
		for row, err := range p.hostRows(set) {
			if err != nil {
				return cmp.Or(bw.Flush(), err)
			}
			if row.Mark {
				fmt.Fprintf(bw, "%s  mark\n", p.stampText(row.Stamp))
			}
			for _, c := range row.Cells {
				p.count++
				text := fmt.Sprintf("%s  %s  %s", p.stampText(row.Stamp), safetext.Line(c.Column.Header()), p.cellText(c))
				if u := c.Column.UnitText(); u != "" {
					text += " " + u
				}
				fmt.Fprintln(bw, text)
			}
		}
	}
	return bw.Flush()
}

// wideTable is a table with a column for each series. Above each column stand the host
// if there are several, metric, instance and units.
type wideTable struct {
	*valuesPrinter
	layout *values.Layout
	heads  [][]string // the lines above each column
	widths []int
	stamp  int // width of the times
}

// leastColumn is the least width of a column of numbers.
const leastColumn = 10

// wideTable returns the table of a layout.
func (p *valuesPrinter) wideTable(l *values.Layout) *wideTable {
	t := &wideTable{valuesPrinter: p, layout: l}
	for i, c := range l.Columns {
		head := []string{c.Metric(), c.Instance(), cmp.Or(c.UnitText(), "none")}
		if p.chosen.set != nil {
			head = p.chosen.heads(c)
		}
		if len(p.sources()) > 1 {
			head = append([]string{l.Hosts[i]}, head...)
		}
		width := leastColumn
		if p.chosen.set != nil {
			width = min(p.chosen.shown[c.Spec].width, usualWidth)
		}
		for j, line := range head {
			head[j] = safetext.Line(line)
			width = max(width, utf8.RuneCountInString(head[j]))
		}
		t.heads, t.widths = append(t.heads, head), append(t.widths, width)
	}
	t.stamp = utf8.RuneCountInString(p.stampText(p.hosts.Header().Start))
	return t
}

// width returns the width of the table.
func (t *wideTable) width() int {
	sum := t.stamp
	for _, w := range t.widths {
		sum += len(gap) + w
	}
	return sum
}

// print prints the table.
func (t *wideTable) print() error {
	bw := bufio.NewWriter(t.out)
	lines := headLines(t.heads)
	if t.chosen.set != nil && !t.chosen.set.Options.Bool("header", true) {
		lines = 0
	}
	for line := range lines {
		if !slices.ContainsFunc(t.heads, func(head []string) bool { return head[line] != "" }) {
			continue // no column has an instance
		}
		t.line(bw, "", func(i int) string { return t.heads[i][line] })
	}
	for line, err := range t.lines(t.layout) {
		if err != nil {
			return cmp.Or(bw.Flush(), err)
		}
		stamp := t.stampText(line.Stamp)
		if len(line.Marks) > 0 {
			fmt.Fprintf(bw, "%s  mark%s\n", stamp, t.markHosts(line))
		}
		if len(line.Marks) > 0 && !hasCell(line) {
			continue
		}
		t.line(bw, stamp, func(i int) string {
			if line.Cells[i].Column == nil {
				return "-"
			}
			t.count++
			return t.cellText(line.Cells[i])
		})
	}
	return bw.Flush()
}

// headLines returns the number of lines above the columns.
func headLines(heads [][]string) int {
	if len(heads) == 0 {
		return 0
	}
	return len(heads[0])
}

// markHosts names the hosts of a mark if there are several.
func (p *valuesPrinter) markHosts(line *values.Line) string {
	if len(p.hosts.Sets()) == 1 {
		return ""
	}
	return ": " + safetext.Line(strings.Join(line.Marks, ", "))
}

// hasCell reports whether a line has a value.
func hasCell(line *values.Line) bool {
	for _, c := range line.Cells {
		if c.Column != nil {
			return true
		}
	}
	return false
}

// line prints a line with the cells aligned to the right.
func (t *wideTable) line(w *bufio.Writer, lead string, cell func(i int) string) {
	fmt.Fprintf(w, "%-*s", t.stamp, lead)
	for i, width := range t.widths {
		fmt.Fprintf(w, "%s%*s", gap, width, cell(i))
	}
	fmt.Fprintln(w)
}
