package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/pcparchive/pcparchive/internal/safetext"
	"github.com/pcparchive/pcparchive/size"
)

// sizeTable is a table of size. Its cells are strings, numbers, times and lengths.
type sizeTable struct {
	columns []string
	rows    [][]any
}

// share is a number of bytes, with the total of which it is a part.
type share struct{ bytes, total int64 }

// table returns a table of a report.
func (o *sizeOptions) table(name string, r *size.Report) sizeTable {
	total := r.Length()
	switch name {
	case "kind":
		t := sizeTable{columns: []string{"kind", "length", "records"}}
		for _, k := range r.Kinds {
			t.add(k.Name, share{k.Length, total}, k.Records)
		}
		return t
	case "metric":
		return o.metricTable(r)
	case "domain":
		t := sizeTable{columns: []string{"domain", "length", "records", "labels", "text"}}
		for _, d := range r.Domains {
			t.add(d.InDom.String(), share{d.Length, total}, d.Records, d.Labels, d.Text)
		}
		return t
	case "label":
		t := sizeTable{columns: []string{"label level", "length", "records"}}
		for _, l := range r.Labels {
			t.add(l.Name, share{l.Length, total}, l.Records)
		}
		return t
	case "day":
		t := sizeTable{columns: []string{"day", "host", "length", "records"}}
		for _, d := range r.Days {
			t.add(d.Date.Format(time.DateOnly), d.Host, share{d.Length, total}, d.Records)
		}
		return t
	}
	t := sizeTable{columns: []string{"file", "host", "length", "stored", "unreadable"}}
	for _, f := range r.Files {
		t.add(f.Path, f.Host, share{f.Length, total}, f.Stored, f.Lost)
	}
	return t
}

// metricTable returns the table of the metrics.
func (o *sizeOptions) metricTable(r *size.Report) sizeTable {
	t := sizeTable{columns: []string{"metric", "length", "repeated", "metadata", "records", "values", "interval"}}
	if o.every > 0 {
		t.columns = append(t.columns, "saved")
	}
	for _, m := range r.Metrics {
		name := m.Name
		if name == "" {
			name = m.PMID.String()
		}
		row := []any{name, share{m.Values, r.Length()}, m.Repeated, m.Metadata, m.Records, m.Count, m.Interval}
		if o.every > 0 {
			row = append(row, m.Saved(o.every))
		}
		t.add(row...)
	}
	return t
}

func (t *sizeTable) add(cells ...any) { t.rows = append(t.rows, cells) }

// print prints the tables as text.
func (o *sizeOptions) print(w io.Writer, r *size.Report) error {
	fmt.Fprintf(w, "%s: %s, on disk %s\n", plural(len(r.Files), "file"), sizeText(r.Length()), sizeText(r.Stored()))
	for _, name := range sizeTables {
		if t := o.table(name, r); o.wants(name) && len(t.rows) > 0 {
			fmt.Fprintln(w)
			if err := o.printTable(w, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// sizeText formats a number of bytes, exactly and rounded.
func sizeText(n int64) string {
	return fmt.Sprintf("%s bytes (%s)", humanize.Comma(n), humanize.IBytes(uint64(max(n, 0))))
}

// printTable prints the first rows of a table as text.
func (o *sizeOptions) printTable(w io.Writer, t sizeTable) error {
	tw := newTable(w)
	fmt.Fprintln(tw, strings.ToUpper(strings.Join(t.columns, "\t")))
	rows := t.rows
	if o.count > 0 && len(rows) > o.count {
		rows = rows[:o.count]
	}
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = sizeCell(cell)
		}
		fmt.Fprintln(tw, strings.Join(cells, "\t"))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if left := len(t.rows) - len(rows); left > 0 {
		_, err := fmt.Fprintf(w, "… and %s; --count 0 prints all\n", plural(left, "other row"))
		return err
	}
	return nil
}

// sizeCell formats a cell for people.
func sizeCell(cell any) string {
	switch x := cell.(type) {
	case share:
		return fmt.Sprintf("%s (%.1f%%)", humanize.Comma(x.bytes), 100*float64(x.bytes)/float64(max(x.total, 1)))
	case int64:
		return humanize.Comma(x)
	case time.Duration:
		if x == 0 {
			return "-"
		}
		return x.Round(time.Millisecond).String()
	}
	return safetext.Line(fmt.Sprint(cell))
}

// printCSV prints one table as CSV.
func (o *sizeOptions) printCSV(w io.Writer, r *size.Report) error {
	name := "metric"
	if len(o.by) > 0 {
		name = o.by[0]
	}
	t := o.table(name, r)
	columns := make([]string, len(t.columns))
	for i, c := range t.columns {
		columns[i] = strings.ReplaceAll(c, " ", "_")
	}
	lines := [][]string{columns}
	for _, row := range t.rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = plainCell(cell)
		}
		lines = append(lines, cells)
	}
	return csv.NewWriter(w).WriteAll(lines)
}

// plainCell formats a cell for programs: lengths in bytes, intervals in seconds.
func plainCell(cell any) string {
	switch x := cell.(type) {
	case share:
		return strconv.FormatInt(x.bytes, 10)
	case time.Duration:
		return strconv.FormatFloat(x.Seconds(), 'f', -1, 64)
	}
	return fmt.Sprint(cell)
}
