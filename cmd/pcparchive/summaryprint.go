package main

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/safetext"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/summary"
	"github.com/pcparchive/pcparchive/values"
)

// summaryColumn is a column of the table and of the CSV output.
type summaryColumn struct {
	name  string
	left  bool // aligned to the left, because its cells are text
	value func(s *summary.Series, p summaryCell) string
}

// summaryCell formats numbers and times.
type summaryCell struct {
	number func(float64) string
	time   func(pcp.Timestamp) string
	none   string // the cell of a time that does not exist
}

// summaryColumns are all columns in their order, except the percentiles, which
// follow max-time.
var summaryColumns = []summaryColumn{
	{name: "metric", left: true, value: func(s *summary.Series, _ summaryCell) string { return metricName(s.Series.Metric) }},
	{name: "instance", left: true, value: func(s *summary.Series, _ summaryCell) string { return instanceName(s) }},
	{name: "values", value: func(s *summary.Series, _ summaryCell) string { return strconv.FormatInt(s.Values, 10) }},
	{name: "first", left: true, value: func(s *summary.Series, c summaryCell) string { return c.stamp(s.First, s.Values) }},
	{name: "last", left: true, value: func(s *summary.Series, c summaryCell) string { return c.stamp(s.Last, s.Values) }},
	{name: "count", value: func(s *summary.Series, _ summaryCell) string { return strconv.FormatInt(s.Count, 10) }},
	{name: "span", value: func(s *summary.Series, c summaryCell) string { return c.number(s.Span) }},
	{name: "coverage", value: func(s *summary.Series, c summaryCell) string { return c.number(s.Coverage) }},
	{name: "average", value: func(s *summary.Series, c summaryCell) string { return c.number(s.TimeAverage) }},
	{name: "mean", value: func(s *summary.Series, c summaryCell) string { return c.number(s.Mean) }},
	{name: "stddev", value: func(s *summary.Series, c summaryCell) string { return c.number(s.StdDev) }},
	{name: "sum", value: func(s *summary.Series, c summaryCell) string { return c.number(s.Sum) }},
	{name: "min", value: func(s *summary.Series, c summaryCell) string { return c.number(s.Min) }},
	{name: "min-time", left: true, value: func(s *summary.Series, c summaryCell) string { return c.stamp(s.MinTime, s.Count) }},
	{name: "max", value: func(s *summary.Series, c summaryCell) string { return c.number(s.Max) }},
	{name: "max-time", left: true, value: func(s *summary.Series, c summaryCell) string { return c.stamp(s.MaxTime, s.Count) }},
	{name: "gaps", value: func(s *summary.Series, _ summaryCell) string { return strconv.Itoa(s.Gaps) }},
	{name: "resets", value: func(s *summary.Series, _ summaryCell) string { return strconv.Itoa(s.Resets) }},
	{name: "wraps", value: func(s *summary.Series, _ summaryCell) string { return strconv.Itoa(s.Wraps) }},
	{name: "bad", value: func(s *summary.Series, _ summaryCell) string { return strconv.FormatInt(s.Bad, 10) }},
	{name: "semantics", left: true, value: func(s *summary.Series, _ summaryCell) string { return s.Series.Metric.Desc.Sem.String() }},
	{name: "units", left: true, value: func(s *summary.Series, _ summaryCell) string { return cmp.Or(s.Units.String(), "none") }},
	{name: "labels", left: true, value: func(s *summary.Series, _ summaryCell) string { return labelsText(s.Series) }},
}

// usualColumns are the columns of the table without --columns.
var usualColumns = []string{"metric", "instance", "count", "average", "min", "max", "units"}

// columnList returns the names of the columns in two lines, for the help.
func columnList() string {
	names := columnNames()
	half := len(names) / 2
	return strings.Join(names[:half], ", ") + ",\n" + strings.Join(names[half:], ", ")
}

func columnNames() []string {
	var names []string
	for _, c := range summaryColumns {
		names = append(names, c.name)
	}
	return names
}

// pickColumns returns the columns asked for, always with metric and instance.
func (o summaryOptions) pickColumns() ([]summaryColumn, error) {
	want := slices.Clone(usualColumns)
	if len(o.columns) > 0 {
		want = append([]string{"metric", "instance"}, o.columns...)
	}
	for _, name := range o.columns {
		if name != "all" && !slices.Contains(columnNames(), name) {
			return nil, usageError{fmt.Errorf("--columns %s: want some of all, %s", name, strings.Join(columnNames(), ", "))}
		}
	}
	all := slices.Contains(want, "all") || o.output == outputCSV
	var columns []summaryColumn
	for _, c := range summaryColumns {
		if c.name == "labels" && o.labels || c.name != "labels" && all || slices.Contains(want, c.name) {
			columns = append(columns, c)
		}
		if c.name == "max-time" {
			columns = append(columns, percentileColumns(o.percentiles)...)
		}
	}
	return columns, nil
}

func percentileColumns(percentiles []float64) []summaryColumn {
	var columns []summaryColumn
	for i, p := range percentiles {
		columns = append(columns, summaryColumn{name: "p" + number(p), value: func(s *summary.Series, c summaryCell) string {
			return c.number(s.Percentiles[i])
		}})
	}
	return columns
}

func metricName(m *history.Metric) string { return cmp.Or(m.Name, m.Desc.PMID.String()) }

// instanceName returns "" for a singular metric, and the number of an instance
// without a name. The exporter follows where that tells series apart.
func instanceName(s *summary.Series) string {
	if s.Series.Metric.Desc.InDom == pcp.InDomNull {
		return values.WithTarget("", s.Target)
	}
	return values.WithTarget(cmp.Or(s.Series.Inst.Name, strconv.Itoa(int(s.Series.Inst.ID))), s.Target)
}

func (c summaryCell) stamp(t pcp.Timestamp, count int64) string {
	if count == 0 {
		return c.none
	}
	return c.time(t)
}

func labelsText(s *history.Series) string {
	set, err := s.Merged()
	if err != nil {
		return ""
	}
	return set.JSON()
}

// printSummaries prints the summary of each host. With several hosts, the first CSV
// column is the host.
func printSummaries(w io.Writer, o summaryOptions, columns []summaryColumn, all []hostSummary) error {
	switch o.output {
	case outputJSON:
		docs := make([]summaryDocument, len(all))
		for i, h := range all {
			docs[i] = o.document(h.set, h.sum)
		}
		return writeJSON(w, map[string]any{"hosts": docs})
	case outputCSV:
		return printSummaryCSV(w, columns, all)
	}
	for i, h := range all {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := printSummaryText(w, o, columns, h.set, h.sum); err != nil {
			return err
		}
	}
	return nil
}

func printSummaryCSV(w io.Writer, columns []summaryColumn, all []hostSummary) error {
	cell := summaryCell{
		number: func(f float64) string {
			if math.IsNaN(f) {
				return ""
			}
			return number(f)
		},
		time: func(t pcp.Timestamp) string { return t.Time().Format(time.RFC3339Nano) },
	}
	cw := csv.NewWriter(w)
	var lead []string
	if len(all) > 1 {
		lead = []string{"host"}
	}
	row := slices.Clone(lead)
	for _, c := range columns {
		row = append(row, strings.ReplaceAll(c.name, "-", "_"))
	}
	err := cw.Write(row)
	for _, h := range all {
		if len(all) > 1 {
			lead[0] = h.set.Host()
		}
		for _, s := range h.sum.Series {
			row = append(row[:0], lead...)
			for _, c := range columns {
				row = append(row, c.value(s, cell))
			}
			err = cmp.Or(err, cw.Write(row))
		}
	}
	cw.Flush()
	return cmp.Or(err, cw.Error())
}

// printSummaryText prints the host, the window and a table.
func printSummaryText(w io.Writer, o summaryOptions, columns []summaryColumn, set *store.Set, sum *summary.Summary) error {
	zone := o.zones.or(set.Location())
	bw := bufio.NewWriter(w)
	if sum.Records == 0 {
		fmt.Fprintf(bw, "%s: no record in the window\n", set.Host())
		return bw.Flush()
	}
	fmt.Fprintf(bw, "%s, %s to %s, %s, %s\n", set.Host(), formatTime(sum.From, zone), formatTime(sum.To, zone),
		plural(int64(sum.Records), "record"), plural(int64(sum.Marks), "mark"))
	printSummaryErrors(bw, sum.Errors)
	cell := summaryCell{number: func(f float64) string { return compact(f, o.precision) },
		time: func(t pcp.Timestamp) string { return formatTime(t, zone) }, none: "-"}
	rows := make([][]string, 1, len(sum.Series)+1)
	for _, c := range columns {
		rows[0] = append(rows[0], strings.ToUpper(c.name))
	}
	for _, s := range sum.Series {
		row := make([]string, len(columns))
		for i, c := range columns {
			row[i] = safetext.Line(strings.Join(strings.Fields(c.value(s, cell)), " "))
		}
		rows = append(rows, row)
	}
	alignRows(bw, columns, rows)
	return bw.Flush()
}

// printSummaryErrors prints a line for each error code that was recorded instead of
// values. Only JSON has the metrics concerned.
func printSummaryErrors(w io.Writer, all []summary.Error) {
	metrics, times := map[pcp.Errno]int64{}, map[pcp.Errno]int64{}
	for _, e := range all {
		metrics[e.Err]++
		times[e.Err] += e.Count
	}
	for _, e := range slices.Backward(slices.Sorted(maps.Keys(metrics))) {
		fmt.Fprintf(w, "%s without values %s: %v\n", plural(metrics[e], "metric"), plural(times[e], "time"), e)
	}
}

// maxTextWidth is the widest text that widens its column. Longer text shifts the
// rest of its own row only.
const maxTextWidth = 50

// alignRows aligns text to the left and numbers to the right.
func alignRows(w *bufio.Writer, columns []summaryColumn, rows [][]string) {
	widths := make([]int, len(columns))
	for _, row := range rows {
		for i, cell := range row {
			if w := utf8.RuneCountInString(cell); w <= maxTextWidth || !columns[i].left {
				widths[i] = max(widths[i], w)
			}
		}
	}
	for _, row := range rows {
		for i, cell := range row {
			fill := strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(cell)))
			switch {
			case !columns[i].left:
				w.WriteString(fill + cell)
			case i+1 == len(row):
				w.WriteString(cell)
			default:
				w.WriteString(cell + fill)
			}
			if i+1 < len(row) {
				w.WriteString("  ")
			}
		}
		w.WriteByte('\n')
	}
}

// compact writes a number with precision digits after the decimal point. A negative
// precision means six significant digits, and all digits before the point.
func compact(f float64, precision int) string {
	switch size := math.Abs(f); {
	case math.IsNaN(f):
		return "-"
	case precision >= 0:
		return strconv.FormatFloat(f, 'f', precision, 64)
	case size >= 1e5 && size < 1e15:
		return strconv.FormatFloat(math.Round(f), 'f', -1, 64)
	}
	g, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 6, 64), 64)
	if size := math.Abs(g); size != 0 && size < 1e-4 {
		return strconv.FormatFloat(g, 'g', -1, 64)
	}
	return strconv.FormatFloat(g, 'f', -1, 64)
}
