package main

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"strconv"

	"github.com/pcparchive/pcparchive/internal/safetext"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/values"
)

// valueOutput is a value as values prints it in JSON. Its form is an interface.
type valueOutput struct {
	Time     string          `json:"time"`
	Host     string          `json:"host,omitempty"`
	Mark     bool            `json:"mark,omitempty"`
	Metric   string          `json:"metric,omitempty"`
	Instance string          `json:"instance,omitempty"`
	Target   string          `json:"target,omitempty"` // if the archives have the metric of several exporters
	ID       *int32          `json:"instance_id,omitempty"`
	Units    string          `json:"units,omitempty"`
	Value    json.RawMessage `json:"value,omitempty"` // a number, or text
}

// jsonCell returns the value of a cell as JSON: a number, or text in quotes. Numbers that
// JSON does not have are the texts NaN, +Inf and -Inf.
func (p *valuesPrinter) jsonCell(c values.Cell) (json.RawMessage, error) {
	v, ok := c.Number()
	if ok && !math.IsNaN(v) && !math.IsInf(v, 0) {
		return json.RawMessage(c.Text(p.digits)), nil
	}
	text := c.Text(p.digits)
	if ok {
		text = strconv.FormatFloat(v, 'f', -1, 64)
	}
	return json.Marshal(text)
}

// printJSON prints an object for each value and each mark: one a line, or as a list.
func (p *valuesPrinter) printJSON() error {
	w := &listWriter{out: p.out, lines: p.output == outputNDJSON}
	for _, set := range p.sources() {
		for row, err := range p.hostRows(set) {
			if err != nil {
				return cmp.Or(w.close(), err)
			}
			at := valueOutput{Time: csvTime(row.Stamp.Time(), p.hosts.zoneOf(set)), Host: p.hostOf(set)}
			if err := p.rowJSON(w, at, row); err != nil {
				return err
			}
		}
	}
	return w.close()
}

// rowJSON prints the objects of a row.
func (p *valuesPrinter) rowJSON(w *listWriter, at valueOutput, row *values.Row) error {
	if row.Mark {
		mark := at
		mark.Mark = true
		if err := w.write(mark); err != nil {
			return err
		}
	}
	for _, c := range row.Cells {
		x := at
		in := c.Column.Series.Inst
		x.Metric, x.Instance, x.Target, x.Units = c.Column.Metric(), in.Name, c.Column.Target, c.Column.UnitText()
		if in.ID != pcp.InstNull {
			x.ID = (*int32)(&in.ID)
		}
		var err error
		if x.Value, err = p.jsonCell(c); err != nil {
			return err
		}
		if err := w.write(x); err != nil {
			return err
		}
		p.count++
	}
	return nil
}

// listWriter writes objects as a JSON list or one a line.
type listWriter struct {
	out   io.Writer
	lines bool
	n     int
}

// write writes an object.
func (w *listWriter) write(v any) error {
	lead := ""
	if !w.lines {
		lead = ",\n"
		if w.n == 0 {
			lead = "[\n"
		}
	}
	w.n++
	if _, err := io.WriteString(w.out, lead); err != nil {
		return err
	}
	text, err := safetext.Marshal(v, "")
	if err != nil {
		return err
	}
	if w.lines {
		text = append(text, '\n')
	}
	_, err = w.out.Write(text)
	return err
}

// close ends the list.
func (w *listWriter) close() error {
	end := "\n]\n"
	switch {
	case w.lines:
		return nil
	case w.n == 0:
		end = "[]\n"
	}
	_, err := io.WriteString(w.out, end)
	return err
}

// csvCell formats a value for programs.
func (p *valuesPrinter) csvCell(c values.Cell) string {
	if c.Column == nil {
		return ""
	}
	p.count++
	if p.chosen.set != nil {
		return c.Fixed(p.setDigits(c))
	}
	return c.Text(p.digits)
}

// printWideCSV prints a column for each series.
func (p *valuesPrinter) printWideCSV() error {
	l, err := p.layout()
	if err != nil {
		return err
	}
	cw := csv.NewWriter(p.out)
	row := []string{"time"}
	for i := range l.Columns {
		row = append(row, p.header(l, i))
	}
	if err := cw.Write(row); err != nil {
		return err
	}
	for line, err := range p.lines(l) {
		if err != nil {
			cw.Flush()
			return cmp.Or(cw.Error(), err)
		}
		row = append(row[:0], csvTime(line.Stamp.Time(), p.hosts.Location()))
		for _, c := range line.Cells {
			row = append(row, p.csvCell(c))
		}
		if err := cw.Write(row); err != nil {
			return err
		}
	}
	cw.Flush()
	return cw.Error()
}

// printLongCSV prints a line for each value.
func (p *valuesPrinter) printLongCSV() error {
	cw := csv.NewWriter(p.out)
	if err := cw.Write([]string{"time", "host", "metric", "instance", "value", "units"}); err != nil {
		return err
	}
	for _, set := range p.sources() {
		for row, err := range p.hostRows(set) {
			if err != nil {
				cw.Flush()
				return cmp.Or(cw.Error(), err)
			}
			for _, c := range row.Cells {
				instance := c.Column.Instance()
				line := []string{csvTime(row.Stamp.Time(), p.hosts.zoneOf(set)), p.hostOf(set), c.Column.Metric(), instance, p.csvCell(c), c.Column.UnitText()}
				if err := cw.Write(line); err != nil {
					return err
				}
			}
		}
	}
	cw.Flush()
	return cw.Error()
}
