package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/pcparchive/pcparchive/internal/safetext"
)

// queryTable is the table of a result. A row has a series, a time and a value.
type queryTable struct {
	rows   [][3]string
	widths [3]int
}

func (t *queryTable) add(series, at, value string) {
	row := [3]string{series, at, value}
	for i, cell := range row {
		t.widths[i] = max(t.widths[i], utf8.RuneCountInString(cell))
	}
	t.rows = append(t.rows, row)
}

// columnsOf returns the width of the terminal that shows the results, 0 if there is
// no terminal.
func columnsOf(w io.Writer) int {
	if r, ok := w.(*resultWriter); ok && r.width != nil {
		return r.width()
	}
	return 0
}

// gap separates columns.
const gap = "  "

// minSeriesWidth is the least width of the column of series. On a terminal without
// that much room, times and values stand below their series.
const minSeriesWidth = 24

// print writes the rows within the given number of columns; zero means no limit. It
// never cuts times and values.
func (t *queryTable) print(w io.Writer, columns int) error {
	bw := bufio.NewWriter(w)
	room := columns - t.widths[1] - t.widths[2] - 2*len(gap)
	last := ""
	for i, row := range t.rows {
		switch {
		case columns <= 0 || room >= t.widths[0]:
			fmt.Fprintf(bw, "%-*s%s%-*s%s%s\n", t.widths[0], row[0], gap, t.widths[1], row[1], gap, row[2])
		case room < minSeriesWidth:
			if row[0] != last {
				for _, line := range wrapSeries(row[0], columns) {
					fmt.Fprintln(bw, line)
				}
			}
			fmt.Fprintf(bw, "%s%-*s%s%s\n", gap, t.widths[1], row[1], gap, row[2])
		case i > 0 && row[0] == last:
			fmt.Fprintf(bw, "%-*s%s%-*s%s%s\n", room, safetext.Elide(row[0], room), gap, t.widths[1], row[1], gap, row[2])
		default:
			lines := wrapSeries(row[0], room)
			fmt.Fprintf(bw, "%-*s%s%-*s%s%s\n", room, lines[0], gap, t.widths[1], row[1], gap, row[2])
			for _, line := range lines[1:] {
				fmt.Fprintln(bw, line)
			}
		}
		last = row[0]
	}
	return bw.Flush()
}

// wrapSeries breaks the text of a series into lines of at most width characters,
// between labels if possible.
func wrapSeries(text string, width int) (lines []string) {
	indent := ""
	for {
		fit := max(1, width-len(indent))
		if utf8.RuneCountInString(text) <= fit {
			return append(lines, indent+text)
		}
		runes := []rune(text)
		at := strings.LastIndex(string(runes[:fit]), ", ") + 1
		if at == 0 {
			at = len(string(runes[:fit]))
		}
		lines = append(lines, indent+strings.TrimRight(text[:at], " "))
		text = strings.TrimLeft(text[at:], " ")
		indent = gap
	}
}
