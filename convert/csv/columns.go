package csv

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// domain is that of metrics and instances which programs import, as in PCP's library of
// importers.
const domain = 245

// The numbers of a domain's metrics are a cluster of 12 and an item of 10 bits.
const (
	itemBits   = 10
	maxColumns = 1 << 18
)

// tableMetric is a metric of the table.
type tableMetric struct {
	history.Metric
	indom  *meta.InDom     // nil for a singular metric
	points []history.Point // of the record being made
}

// column is a column of values.
type column struct {
	index  int // in the row
	header string
	metric *tableMetric
	series *history.Series

	value history.Value
	line  int   // of the value; 0 without one
	bad   int64 // cells that did not fit
	seen  bool  // a record has had a value
}

// timeColumns are the indexes of the columns of times and of dates.
type timeColumns struct {
	time int
	date int // -1 if the times have dates
}

// table is what the header and the mapping say about the columns.
type table struct {
	timeColumns
	header  []string
	columns []*column
	metrics []*tableMetric
	byName  map[string]*tableMetric
	unused  []string // headers of columns that the mapping leaves out
}

// newTable plans the columns.
func newTable(header []string, o *Options) (*table, error) {
	t := &table{header: header, byName: map[string]*tableMetric{}}
	var err error
	if t.timeColumns, err = findTime(header, o); err != nil {
		return nil, err
	}
	if o.Mapping == nil {
		t.addOthers(o, newUniqueNames(), nil)
	} else {
		err = t.addMapped(o)
	}
	if err == nil && len(t.columns) == 0 {
		err = errors.New("the table has no column of values; if its cells are not separated by commas, another delimiter is needed")
	}
	return t, err
}

// findTime finds the columns of times and dates.
func findTime(header []string, o *Options) (timeColumns, error) {
	name, dateName := o.TimeColumn, o.DateColumn
	if m := o.Mapping; m != nil {
		name, dateName = cmp.Or(name, m.timeColumn), cmp.Or(dateName, m.dateColumn)
	}
	called := func(names ...string) int {
		return slices.IndexFunc(header, func(h string) bool { return slices.Contains(names, strings.ToLower(h)) })
	}
	found := timeColumns{date: -1}
	if dateName != "" {
		if found.date = slices.Index(header, dateName); found.date < 0 {
			return found, fmt.Errorf("no column is called %q, the column of dates", dateName)
		}
	}
	if name != "" {
		if found.time = slices.Index(header, name); found.time < 0 {
			return found, fmt.Errorf("no column is called %q, the column of times", name)
		}
		return found, nil
	}
	if at, dates := called("time"), called("date"); at >= 0 && dates >= 0 && found.date < 0 {
		return timeColumns{at, dates}, nil
	}
	found.time = max(called("time", "timestamp", "datetime", "date"), 0)
	return found, nil
}

// addMapped adds the columns of the mapping.
func (t *table) addMapped(o *Options) error {
	m, names := o.Mapping, newUniqueNames()
	used := make([]bool, len(t.header))
	for _, c := range m.columns {
		i := slices.Index(t.header, c.column)
		switch {
		case i < 0:
			return &Error{m.file, c.line, fmt.Errorf("the table has no column %q", c.column)}
		case i == t.time || i == t.date:
			return &Error{m.file, c.line, fmt.Errorf("column %q has the times", c.column)}
		}
		used[i] = true
		if c.place.name == "" {
			given := c.place
			if c.place = placeOf(c.column, o.Prefix, i+1); !given.singular {
				c.place.instance, c.place.singular = given.instance, false
			}
		}
		if !names.free(c.place) {
			return &Error{m.file, c.line, fmt.Errorf("the name %s of column %q is taken by another column, or a part of its name is", c.place.name, c.column)}
		}
		if other := t.byName[c.place.name]; other != nil && (other.Desc.Type != c.typ || other.Desc.Sem != c.sem || other.Desc.Units != c.units) {
			return &Error{m.file, c.line, fmt.Errorf("another column of the metric %s has another type, semantics or units", c.place.name)}
		}
		names.add(c.place)
		t.add(i, c, o)
	}
	if m.keepOthers {
		t.addOthers(o, names, used)
		return nil
	}
	for i, header := range t.header {
		if i != t.time && i != t.date && !used[i] {
			t.unused = append(t.unused, header)
		}
	}
	return nil
}

// addOthers adds the columns that no mapping describes.
func (t *table) addOthers(o *Options, names *uniqueNames, used []bool) {
	for i, header := range t.header {
		if i == t.time || i == t.date || used != nil && used[i] {
			continue
		}
		c := mapped{column: header, typ: pcp.TypeUnknown, sem: pcp.SemInstant, place: names.unique(placeOf(header, o.Prefix, i+1))}
		t.add(i, c, o)
	}
}

// add adds a column.
func (t *table) add(index int, c mapped, o *Options) {
	m := t.byName[c.place.name]
	if m == nil {
		m = t.newMetric(c, o)
		t.metrics, t.byName[m.Name] = append(t.metrics, m), m
	}
	in := meta.Instance{ID: pcp.InstNull}
	if m.indom != nil {
		in = meta.Instance{ID: pcp.InstID(len(m.indom.Instances)), Name: c.place.instance}
		m.indom.Instances = append(m.indom.Instances, in)
	}
	t.columns = append(t.columns, &column{
		index: index, header: t.header[index], metric: m, series: &history.Series{Metric: &m.Metric, Inst: in},
	})
}

// newMetric returns the metric of its first column.
func (t *table) newMetric(c mapped, o *Options) *tableMetric {
	n := uint32(len(t.metrics))
	m := &tableMetric{Metric: history.Metric{Name: c.place.name, Help: c.help, Desc: &meta.Desc{
		PMID: pcp.NewPMID(domain, n>>itemBits, n&(1<<itemBits-1)), Type: c.typ, InDom: pcp.InDomNull,
		Sem: c.sem, Units: c.units, Names: []string{c.place.name},
	}}}
	m.OneLine, _, _ = strings.Cut(c.help, "\n")
	if m.OneLine == m.Help {
		m.Help = ""
	}
	m.Labels[labelset.AtContext], m.Labels[labelset.AtItem] = o.Context, c.labels
	if !c.place.singular {
		m.Desc.InDom = pcp.NewInDomID(domain, n+1)
		m.indom = &meta.InDom{ID: m.Desc.InDom}
	}
	return m
}
