package main

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/internal/columnar"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/values"
)

// columnar reports whether a format is that of a columnar file.
func (f outputFormat) columnar() bool { return f == outputParquet || f == outputArrow }

// checkColumnar rejects a terminal as the place of a columnar file.
func checkColumnar(f outputFormat, w io.Writer) error {
	if f.columnar() && columnsOf(w) > 0 {
		return usageError{errors.New("--output " + string(f) + " writes a file: redirect the output, as in > values." + string(f))}
	}
	return nil
}

// writeColumnar writes the values as a columnar file.
func (p *valuesPrinter) writeColumnar() error {
	if p.long {
		return p.writeLong()
	}
	return p.writeWide()
}

// writeWide writes a column for each series.
func (p *valuesPrinter) writeWide() error {
	l, err := p.layout()
	if err != nil {
		return err
	}
	columns := []columnar.Column{{Name: "time", Kind: columnar.Time}}
	for i, c := range l.Columns {
		column := columnar.Column{Name: strings.ToValidUTF8(p.header(l, i), "\ufffd"), Kind: columnar.Text}
		if c.Series.Metric.Desc.Type.IsNumeric() {
			column.Kind, column.Unit = columnar.Float, c.UnitText()
		}
		columns = append(columns, column)
	}
	w, err := p.newColumnar(columns)
	if err != nil {
		return err
	}
	for line, err := range p.lines(l) {
		if err != nil {
			return errors.Join(err, w.Close())
		}
		w.Time(0, line.Stamp.Time())
		for i, c := range line.Cells {
			if c.Column != nil {
				p.setCell(w, i+1, columns[i+1].Kind, c)
			}
		}
		if err := w.EndRow(); err != nil {
			return err
		}
	}
	return w.Close()
}

// longColumns are the columns of a file with a row for each value.
var longColumns = []columnar.Column{
	{Name: "time", Kind: columnar.Time}, {Name: "host", Kind: columnar.Text}, {Name: "metric", Kind: columnar.Text},
	{Name: "instance", Kind: columnar.Text}, {Name: "value", Kind: columnar.Float}, {Name: "text", Kind: columnar.Text}, {Name: "units", Kind: columnar.Text},
}

// writeLong writes a row for each value.
func (p *valuesPrinter) writeLong() error {
	w, err := p.newColumnar(longColumns)
	if err != nil {
		return err
	}
	for _, set := range p.sources() {
		host := strings.ToValidUTF8(p.hostOf(set), "\ufffd")
		for row, err := range p.hostRows(set) {
			if err != nil {
				return errors.Join(err, w.Close())
			}
			for _, c := range row.Cells {
				w.Time(0, row.Stamp.Time())
				if host != "" {
					w.Text(1, host)
				}
				w.Text(2, c.Column.Metric())
				if c.Column.Series.Inst.ID != pcp.InstNull {
					w.Text(3, strings.ToValidUTF8(c.Column.Instance(), "\ufffd"))
				}
				if _, ok := c.Number(); ok {
					p.setCell(w, 4, columnar.Float, c)
				} else {
					p.setCell(w, 5, columnar.Text, c)
				}
				w.Text(6, c.Column.UnitText())
				if err := w.EndRow(); err != nil {
					return err
				}
			}
		}
	}
	return w.Close()
}

// setCell sets a cell. A number in a column of text, and the reverse, come from a metric
// whose type has changed.
func (p *valuesPrinter) setCell(w *columnar.Writer, column int, kind columnar.Kind, c values.Cell) {
	p.count++
	v, ok := c.Number()
	switch {
	case kind == columnar.Text:
		w.Text(column, strings.ToValidUTF8(c.Text(p.digits), "\ufffd"))
	case ok:
		w.Float(column, v)
	}
}

// newColumnar begins a file on standard output.
func (p *valuesPrinter) newColumnar(columns []columnar.Column) (*columnar.Writer, error) {
	var names []string
	for _, set := range p.hosts.Sets() {
		names = append(names, strings.ToValidUTF8(set.Host(), "\ufffd"))
	}
	return columnar.NewWriter(exact(p.out), columnar.Format(p.output), columns, map[string]string{
		"host": strings.Join(names, ","), "timezone": p.hosts.Location().String(),
	})
}

// header returns the name of a column of a wide file.
func (p *valuesPrinter) header(l *values.Layout, i int) string {
	if len(p.sources()) > 1 {
		return l.Hosts[i] + ":" + l.Columns[i].Header()
	}
	return l.Columns[i].Header()
}

// writeColumnar writes a row for each sample, with a column for the time, each label, the
// value and, for results that are no numbers, their text.
func (rows resultRows) writeColumnar(w io.Writer, f outputFormat) error {
	var table labelTable
	texts := false
	rows(func(ls labels.Labels, _ int64, value string) {
		table.learn(ls)
		_, ok := parseNumber(value)
		texts = texts || !ok
	})
	columns := []columnar.Column{{Name: "time", Kind: columnar.Time}}
	for _, name := range table.names() {
		if name == "time" || name == "value" || name == "text" {
			name = "label_" + name // a file has each name once
		}
		columns = append(columns, columnar.Column{Name: name, Kind: columnar.Text})
	}
	columns = append(columns, columnar.Column{Name: "value", Kind: columnar.Float})
	if texts {
		columns = append(columns, columnar.Column{Name: "text", Kind: columnar.Text})
	}
	out, err := columnar.NewWriter(exact(w), columnar.Format(f), columns, nil)
	if err != nil {
		return err
	}
	rows(func(ls labels.Labels, at int64, value string) {
		if err != nil {
			return
		}
		out.Time(0, time.UnixMilli(at))
		for i, text := range table.values(ls) {
			if text != "" {
				out.Text(1+i, text)
			}
		}
		place := 1 + len(table.names())
		if v, ok := parseNumber(value); ok {
			out.Float(place, v)
		} else {
			out.Text(place+1, value)
		}
		err = out.EndRow()
	})
	return errors.Join(err, out.Close())
}

// parseNumber parses a value of a result. A native histogram is no number.
func parseNumber(text string) (float64, bool) {
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil
}
