package csv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// maxSeries limits the series of a long table.
const maxSeries = 1 << 20

// longReader reads a table with a line for each value. It reads the whole table before the
// first step: rows may stand in any order, and instances may begin late.
type longReader struct {
	*Reader
	columns *longColumns
	sorter  longSorter
	byKey   map[string]uint32 // see seriesKey
	key     []byte            // scratch
	series  []*longSeries     // by number, from 1
	byName  map[string]*longMetric
	metrics []*longMetric
	host    string // of the first row
	loaded  bool
}

// longSeries is a series of a long table.
type longSeries struct {
	metric   *longMetric
	instance string
	labels   []pair // by name
	series   *history.Series
	line     int // of the last value; 0 before the first
	stamp    pcp.Timestamp
}

// longMetric is a metric of a long table.
type longMetric struct {
	cell   string // its name in the table
	mapped *mapped
	typ    pcp.Type
	units  string
	line   int // of units
	series []*longSeries
	bad    int64

	known                             bool // a value is not missing
	integers, huge, signed, fractions bool // among the values; see learn
	table                             *tableMetric
}

// read reads all rows.
func (l *longReader) read(ctx context.Context) error {
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		cells, line, err := l.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := l.row(cells, line); err != nil {
			return err
		}
	}
}

// row takes a row.
func (l *longReader) row(cells []string, line int) error {
	c := l.columns
	metric, value, text := cell(cells, c.metric), cell(cells, c.value), false
	if c.metric < 0 {
		metric = c.header[c.value]
	}
	if value == "" && c.text >= 0 && c.text < len(cells) && cells[c.text] != "" {
		value, text = cells[c.text], true
	} else if c.value < len(cells) && value != "" {
		value = cells[c.value] // with its blanks
	}
	if metric == "" && value != "" {
		l.damaged(line, fmt.Errorf("column %d (%.80q): row left out: it names no metric", c.metric+1, c.header[c.metric]))
		return nil
	}
	t, ok := l.stampOf(cells, line)
	if !ok {
		return nil
	}
	if mine, err := l.ofHost(cell(cells, c.host), line); !mine || err != nil {
		return err
	}
	v := longValue{stamp: t, line: uint32(min(line, maxLine)), text: text, cell: strings.Clone(value)}
	if metric != "" {
		labels, err := c.labelsOf(cells)
		if err != nil {
			l.damaged(line, fmt.Errorf("column %d (%.80q): row left out: %w", c.labels+1, c.header[c.labels], err))
			return nil
		}
		s, err := l.seriesOf(metric, cell(cells, c.instance), labels, line)
		if err != nil || s == 0 {
			return err
		}
		if !l.fits(l.series[s-1].metric, &v, cell(cells, c.units)) {
			return nil
		}
		v.series = s
	}
	return l.sorter.add(v)
}

// ofHost reports whether a row counts: one of the host that the options name, or of the host
// of the first row.
func (l *longReader) ofHost(host string, line int) (bool, error) {
	switch {
	case host == "":
		return true, nil
	case l.opts.Host != "" && l.opts.Host != host:
		return false, nil
	case l.host == "":
		l.host = strings.Clone(host)
	case l.host != host:
		return false, &Error{l.name, line, fmt.Errorf("column %d (%.80q): host %q, but the rows before are of %q; an archive has one host, choose it", l.columns.host+1, l.columns.header[l.columns.host], host, l.host)}
	}
	return true, nil
}

// seriesOf returns the number of a series, 0 if the mapping leaves its metric out.
func (l *longReader) seriesOf(metric, instance string, labels []pair, line int) (uint32, error) {
	l.key = seriesKey(l.key[:0], metric, instance, labels)
	if n, known := l.byKey[string(l.key)]; known {
		return n, nil
	}
	key := string(l.key)
	if len(l.series) == maxSeries {
		return 0, &Error{l.name, line, fmt.Errorf("more than %d series; a column with a different text in each row is taken for a label", maxSeries)}
	}
	m := l.metricOf(strings.Clone(metric))
	if m == nil {
		l.byKey[key] = 0
		return 0, nil
	}
	for i, p := range labels {
		labels[i] = pair{strings.Clone(p.name), strings.Clone(p.value)}
	}
	s := &longSeries{metric: m, instance: strings.Clone(instance), labels: labels}
	m.series, l.series = append(m.series, s), append(l.series, s)
	l.byKey[key] = uint32(len(l.series))
	return uint32(len(l.series)), nil
}

// seriesKey appends a text that identifies a series.
func seriesKey(b []byte, metric, instance string, labels []pair) []byte {
	b = strconv.AppendQuote(strconv.AppendQuote(b, metric), instance)
	for _, p := range labels {
		b = strconv.AppendQuote(strconv.AppendQuote(b, p.name), p.value)
	}
	return b
}

// metricOf returns the metric of a name, nil if the mapping leaves it out.
func (l *longReader) metricOf(name string) *longMetric {
	if m, known := l.byName[name]; known {
		return m
	}
	m := &longMetric{cell: name, typ: pcp.TypeUnknown}
	if mapping := l.opts.Mapping; mapping != nil {
		for i := range mapping.columns {
			if mapping.columns[i].column == name {
				m.mapped = &mapping.columns[i]
				m.typ = m.mapped.typ
			}
		}
		if m.mapped == nil && !mapping.keepOthers {
			l.byName[name] = nil
			l.unused = append(l.unused, name)
			return nil
		}
	}
	l.byName[name] = m
	l.metrics = append(l.metrics, m)
	return m
}

// fits sets the type and the units of a metric by its first value, and reports a value with
// other units.
func (l *longReader) fits(m *longMetric, v *longValue, units string) bool {
	if m.mapped == nil || m.mapped.typ == pcp.TypeUnknown {
		m.learn(v, l.decimal)
	}
	switch {
	case m.mapped != nil && m.mapped.units != (pcp.Units{}) || units == m.units || units == "":
	case m.line == 0 && m.units == "":
		m.units, m.line = strings.Clone(units), int(v.line)
	default:
		l.badValue(m, int(v.line), fmt.Errorf("its units %q differ from %q in line %d", units, m.units, m.line))
		return false
	}
	return true
}

// learn takes a value into account for the type of a metric without one. As of a column, the
// first value decides between texts and numbers.
func (m *longMetric) learn(v *longValue, decimal func(string) string) {
	switch {
	case m.typ == pcp.TypeString:
		return
	case v.text && m.typ == pcp.TypeUnknown:
		m.typ = pcp.TypeString
		return
	case isMissing(v.cell):
		return
	}
	text := strings.TrimSpace(decimal(v.cell))
	next := typeOf(text)
	m.known = true
	if m.typ == pcp.TypeUnknown {
		m.typ = next
	}
	if next == pcp.TypeString {
		return
	}
	m.signed = m.signed || strings.HasPrefix(text, "-")
	m.huge = m.huge || next == pcp.TypeU64
	m.integers = m.integers || next != pcp.TypeDouble
	m.fractions = m.fractions || !digits(strings.TrimPrefix(text, "-"))
}

// numberType returns the type of a metric with numbers: integers only if a double would
// round them.
func (m *longMetric) numberType() pcp.Type {
	switch {
	case m.typ == pcp.TypeString:
		return m.typ
	case !m.integers || m.fractions || m.signed && m.huge:
		return pcp.TypeDouble
	case m.signed:
		return pcp.Type64
	}
	return pcp.TypeU64
}

// badValue reports the first value of a metric that is left out, and counts all.
func (l *longReader) badValue(m *longMetric, line int, err error) {
	if m.bad++; m.bad == 1 {
		l.damaged(line, fmt.Errorf("column %d (%.80q): value of %.80q left out: %w", l.columns.value+1, l.columns.header[l.columns.value], m.cell, err))
	}
}
