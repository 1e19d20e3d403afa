package values_test

import (
	"math"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/values"
)

// equalsPmval reports whether a cell of pmval has a value.
func equalsPmval(want string, cell *values.Cell) bool {
	if text, quoted := strings.CutPrefix(want, `"`); quoted {
		got, _, _ := strings.Cut(cell.Text(-1), "\n") // the rest stands in the next line
		return strings.TrimSuffix(text, `"`) == got
	}
	got, ok := cell.Number()
	number, err := strconv.ParseFloat(want, 64)
	if strings.HasSuffix(want, "nan") {
		return ok && math.IsNaN(got)
	}
	return ok && err == nil && math.Abs(number-got) <= 1e-6+5e-6*math.Abs(number)
}

// pmvalRow is a row of pmval.
type pmvalRow struct {
	stamp string
	cells map[string]string // by the name of the instance
}

// pmvalRows returns pmval's rows, whose cells have a width. The names of instances stand above
// them.
func pmvalRows(text string, width int) (rows []pmvalRow) {
	names, heading := []string{""}, true
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "interval:"):
			heading = false
		case heading:
		case len(line) > 13 && line[2] == ':' && line[5] == ':' && line[8] == '.':
			row := pmvalRow{line[:12], map[string]string{}}
			if !strings.Contains(line, "No values available") {
				for i, cell := range pmvalCells(line, width) {
					if i < len(names) {
						row.cells[names[i]] = cell
					}
				}
			}
			rows = append(rows, row)
		case strings.HasPrefix(line, strings.Repeat(" ", 12)):
			names = pmvalCells(line, width)
		}
	}
	return rows
}

// pmvalCells splits a line at the places of its columns.
func pmvalCells(line string, width int) (cells []string) {
	const lead = 12
	for at := lead; at < len(line); at += width + 1 {
		cells = append(cells, strings.TrimSpace(line[at:min(len(line), at+width)]))
	}
	return cells
}
