package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize"

	"github.com/pcparchive/pcparchive/internal/safetext"
	"github.com/pcparchive/pcparchive/top"
)

// print prints reports as text, a part for each host.
func (o *topOptions) print(w io.Writer, reports []*top.Report, h *hosts) error {
	for i, r := range reports {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s, %s, rates over %s\n", safetext.Line(r.Host), h.stamp(i, r.At), r.Duration())
		for j := range r.Tables {
			if err := o.printTable(w, &r.Tables[j]); err != nil {
				return err
			}
		}
		if r.NoProcesses {
			fmt.Fprintln(w, "\nno processes: node_exporter does not know them; process_exporter does")
		}
		if len(r.Missing) > 0 {
			fmt.Fprintf(w, "\nnot logged: %s\n", strings.Join(r.Missing, ", "))
		}
		if len(r.Empty) > 0 {
			fmt.Fprintf(w, "\nno values at this time: %s\n", strings.Join(r.Empty, ", "))
		}
	}
	return nil
}

// printTable prints a table, that of the host as a line.
func (o *topOptions) printTable(w io.Writer, t *top.Rows) error {
	if len(t.Rows) == 0 {
		return nil
	}
	if t.Table.Name == "host" {
		return printHosts(w, t)
	}
	fmt.Fprintln(w)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, c := range t.Table.Columns {
		fmt.Fprintf(tw, "%s\t", strings.ToUpper(c.Name))
	}
	fmt.Fprintf(tw, "  %s\n", strings.ToUpper(t.Table.Name))
	rows := o.shown(t.Rows)
	for _, row := range rows {
		for i, c := range t.Table.Columns {
			fmt.Fprintf(tw, "%s\t", topCell(c, row.Values[i]))
		}
		fmt.Fprintf(tw, "  %s\n", safetext.Line(row.Instance))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if left := len(t.Rows) - len(rows); left > 0 {
		_, err := fmt.Fprintf(w, "… and %d other %s; --count 0 prints all\n", left, t.Table.Rows)
		return err
	}
	return nil
}

// printHosts prints a line for the host, or for each target of an archive that has several.
func printHosts(w io.Writer, t *top.Rows) error {
	for _, row := range t.Rows {
		var parts []string
		for i, c := range t.Table.Columns {
			if v := row.Values[i]; !math.IsNaN(v) {
				parts = append(parts, c.Name+" "+topCell(c, v))
			}
		}
		line := strings.Join(parts, ", ")
		if row.Instance != "" {
			line = safetext.Line(row.Instance) + ": " + line
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// topCell formats a value for people.
func topCell(c top.Column, v float64) string {
	switch {
	case math.IsNaN(v):
		return "-"
	case c.Percent || c.Name == "full":
		return strconv.FormatFloat(v, 'f', 1, 64) + "%"
	case c.Units.DimSpace == 0:
		return compact(math.Round(v*100)/100, -1)
	case c.Units.DimTime != 0:
		return humanize.IBytes(uint64(max(v, 0))) + "/s"
	}
	return humanize.IBytes(uint64(max(v, 0)))
}

// printCSV prints one table of all hosts. Percentages are numbers up to 100, space is in
// bytes.
func (o *topOptions) printCSV(w io.Writer, reports []*top.Report) error {
	var lines [][]string
	for i, r := range reports {
		t := r.Tables[0]
		if i == 0 {
			head := []string{"host"}
			if t.Table.Name != "host" {
				head = append(head, t.Table.Name)
			}
			for _, c := range t.Table.Columns {
				head = append(head, strings.ReplaceAll(c.Name, " ", "_"))
			}
			lines = append(lines, head)
		}
		for _, row := range o.shown(t.Rows) {
			line := []string{r.Host}
			if t.Table.Name == "host" && row.Instance != "" {
				line[0] = row.Instance
			}
			if t.Table.Name != "host" {
				line = append(line, row.Instance)
			}
			for _, v := range row.Values {
				line = append(line, csvNumber(v))
			}
			lines = append(lines, line)
		}
	}
	return csv.NewWriter(w).WriteAll(lines)
}

// csvNumber formats a number, an unknown one as an empty cell.
func csvNumber(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return number(v)
}

// topOutput is what top prints as JSON. Its form is an interface.
type topOutput struct {
	Hosts []topHost `json:"hosts"`
}

type topHost struct {
	Host    string                      `json:"host"`
	Time    string                      `json:"time"`
	From    string                      `json:"from"`
	To      string                      `json:"to"`
	Tables  map[string][]map[string]any `json:"tables"`
	Missing []string                    `json:"missing"`
	Empty   []string                    `json:"empty"`
}

// jsonOf returns the JSON form of reports. A row has the name of its instance under the
// table's name, and each column that has a value.
func (o *topOptions) jsonOf(reports []*top.Report, h *hosts) topOutput {
	out := topOutput{Hosts: []topHost{}}
	for i, r := range reports {
		zone := h.zoneOf(h.Sets()[i])
		host := topHost{
			Host: r.Host, Time: csvTime(r.At.Time(), zone), From: csvTime(r.From.Time(), zone), To: csvTime(r.To.Time(), zone),
			Tables: map[string][]map[string]any{}, Missing: append([]string{}, r.Missing...), Empty: append([]string{}, r.Empty...),
		}
		for _, t := range r.Tables {
			rows := []map[string]any{}
			for _, row := range o.shown(t.Rows) {
				cells := map[string]any{t.Table.Name: row.Instance}
				if t.Table.Name == "host" && row.Instance == "" {
					cells = map[string]any{}
				}
				for j, c := range t.Table.Columns {
					if v := row.Values[j]; !math.IsNaN(v) {
						cells[strings.ReplaceAll(c.Name, " ", "_")] = v
					}
				}
				if t.Table.Name == "process" {
					cells["pid"], cells["command"] = row.Process()
				}
				rows = append(rows, cells)
			}
			host.Tables[t.Table.Name] = rows
		}
		out.Hosts = append(out.Hosts, host)
	}
	return out
}
