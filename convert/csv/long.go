package csv

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// longColumns are the columns of a table with a line for each value. A column that the table
// does not have is -1.
type longColumns struct {
	timeColumns
	header                                             []string
	metric, instance, value, text, units, host, labels int
	others                                             []int // whose cells are labels named after their columns
}

// longNames are the headers by which a long table is recognized and its columns are found.
var longNames = map[string][]string{
	"metric":   {"metric", "__name__"},
	"instance": {"instance", "instname"},
	"value":    {"value"},
	"text":     {"text"},
	"units":    {"units", "unit"},
	"host":     {"host", "hostname"},
	"labels":   {"labels"},
}

// longTable plans the columns of a long table. It returns nil for a wide table: one without
// columns of metrics and values that the mapping does not describe as long.
func longTable(header []string, o *Options) (*longColumns, error) {
	var given map[string]string
	if o.Mapping != nil {
		given = o.Mapping.long
	}
	l := &longColumns{header: header}
	taken := make([]bool, len(header))
	find := func(role string) (int, error) {
		if name := given[role]; name != "" {
			i := slices.Index(header, name)
			if i < 0 {
				return -1, &Error{o.Mapping.file, o.Mapping.longLine, fmt.Errorf("the table has no column %q", name)}
			}
			taken[i] = true
			return i, nil
		}
		i := slices.IndexFunc(header, func(h string) bool { return slices.Contains(longNames[role], strings.ToLower(h)) })
		if i < 0 || taken[i] {
			return -1, nil
		}
		taken[i] = true
		return i, nil
	}
	for _, c := range []struct {
		role string
		at   *int
	}{{"metric", &l.metric}, {"value", &l.value}, {"text", &l.text}, {"units", &l.units}, {"host", &l.host}, {"labels", &l.labels}, {"instance", &l.instance}} {
		var err error
		if *c.at, err = find(c.role); err != nil {
			return nil, err
		}
	}
	switch {
	case given == nil && (l.metric < 0 || l.value < 0):
		return nil, nil
	case l.value < 0:
		return nil, &Error{o.Mapping.file, o.Mapping.longLine, errors.New("long: want the column of the values, as in {value: Reading}")}
	}
	var err error
	if l.timeColumns, err = findTime(header, o); err != nil {
		return nil, err
	}
	if l.time == l.value || l.time == l.metric {
		return nil, fmt.Errorf("column %q cannot have the times, too", header[l.time])
	}
	for i := range header {
		if !taken[i] && i != l.time && i != l.date && header[i] != "" && header[i] != "instance_id" {
			l.others = append(l.others, i)
		}
	}
	return l, nil
}

// own reports whether the table has the columns that 'values --long' writes.
func (c *longColumns) own() bool {
	return slices.Equal(c.header, []string{"time", "host", "metric", "instance", "value", "units"})
}

// cell returns a cell without blanks around it, "" for none.
func cell(cells []string, i int) string {
	if i < 0 || i >= len(cells) {
		return ""
	}
	return strings.TrimSpace(cells[i])
}
