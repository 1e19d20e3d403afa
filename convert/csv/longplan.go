package csv

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/scale"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// pair is a label.
type pair struct{ name, value string }

// labelsOf returns the labels of a row, sorted by name: those of the column of labels, and
// the cells of columns that have no other meaning. They refer to the memory of the row.
func (c *longColumns) labelsOf(cells []string) (labels []pair, err error) {
	if text := cell(cells, c.labels); text != "" {
		if labels, err = parseLabels(text); err != nil {
			return nil, err
		}
	}
	for _, i := range c.others {
		if value := cell(cells, i); value != "" {
			labels = append(labels, pair{c.header[i], value})
		}
	}
	slices.SortStableFunc(labels, func(a, b pair) int { return strings.Compare(a.name, b.name) })
	return slices.CompactFunc(labels, func(a, b pair) bool { return a.name == b.name }), nil
}

// parseLabels parses a JSON object, or the form of Prometheus: {a="b",c="d"}, with or without
// the braces.
func parseLabels(text string) (labels []pair, err error) {
	if set, err := labelset.Parse(text, labelset.Instances); err == nil {
		for l := range set.All() {
			labels = append(labels, pair{l.Name, l.Text()})
		}
		return labels, nil
	}
	wrong := func() error {
		return fmt.Errorf("labels %.80q: want {\"name\": \"value\", …} or name=\"value\",…", text)
	}
	rest := strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}"))
	for rest != "" {
		name, after, ok := strings.Cut(rest, "=")
		quoted, err := strconv.QuotedPrefix(after)
		if !ok || err != nil || strings.TrimSpace(name) == "" {
			return nil, wrong()
		}
		value, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, wrong()
		}
		labels = append(labels, pair{strings.TrimSpace(name), value})
		rest = strings.TrimSpace(after[len(quoted):])
		if rest != "" && rest[0] != ',' {
			return nil, wrong()
		}
		rest = strings.TrimSpace(strings.TrimPrefix(rest, ","))
	}
	return labels, nil
}

// plan gives metrics and series their names, once all rows are known.
func (l *longReader) plan() error {
	t := &table{byName: map[string]*tableMetric{}}
	names := newUniqueNames()
	for _, m := range l.metrics {
		if m.mapped != nil && m.mapped.place.name != "" {
			names.add(m.mapped.place) // before names that the table gives
		}
	}
	for i, m := range l.metrics {
		if m.mapped == nil || m.mapped.typ == pcp.TypeUnknown {
			m.typ = m.numberType()
			if !m.known && l.columns.own() {
				m.typ = pcp.TypeString // it would have no rows if it had no values
			}
		}
		l.splitInstance(m)
		same, varying := commonLabels(m.series)
		c := mapped{column: m.cell, typ: m.typ, sem: pcp.SemInstant}
		if m.mapped != nil {
			c = *m.mapped
			c.typ = m.typ
		}
		given := c.place.name
		if c.place = placeOf(m.cell, l.opts.Prefix, i+1); given != "" {
			c.place = place{name: given}
		}
		c.place.instance, c.place.singular = "", len(m.series) == 1 && m.series[0].instance == ""
		if given == "" {
			c.place = names.unique(c.place)
		}
		if m.units != "" {
			var err error
			if c.units, err = scale.Parse(m.units); err != nil {
				l.damaged(m.line, fmt.Errorf("column %d (%.80q): units of %.80q left out: %w", l.columns.units+1, l.columns.header[l.columns.units], m.cell, err))
			}
		}
		if m.mapped == nil || c.labels.Len() == 0 {
			set, err := setOf(labelset.Item, same)
			if err != nil {
				return &Error{l.name, 0, fmt.Errorf("metric %.80q: %w", m.cell, err)}
			}
			c.labels = set
		}
		if other := t.byName[c.place.name]; other != nil {
			return &Error{l.name, 0, fmt.Errorf("the mapping gives two metrics the name %s", c.place.name)}
		}
		m.table = t.newMetric(c, &l.opts)
		t.metrics, t.byName[c.place.name] = append(t.metrics, m.table), m.table
		if err := l.instances(m, varying); err != nil {
			return err
		}
	}
	return nil
}

// splitInstance moves the instance of a name such as disk.dev.read[sda] to series without one.
func (l *longReader) splitInstance(m *longMetric) {
	p := placeOf(m.cell, "", 0)
	if p.singular {
		return
	}
	for _, s := range m.series {
		if s.instance == "" {
			s.instance = p.instance
		}
	}
}

// instances adds the series of a metric.
func (l *longReader) instances(m *longMetric, varying map[string]bool) error {
	if m.table.indom == nil {
		m.series[0].series = &history.Series{Metric: &m.table.Metric, Inst: meta.Instance{ID: pcp.InstNull}}
		return nil
	}
	uses := map[string]int{}
	for _, s := range m.series {
		uses[s.instance]++
	}
	for i, s := range m.series {
		own := slices.DeleteFunc(slices.Clone(s.labels), func(p pair) bool { return !varying[p.name] })
		in := meta.Instance{ID: pcp.InstID(i), Name: s.instance}
		if in.Name == "" || uses[in.Name] > 1 {
			// The number makes the names differ up to the first blank.
			in.Name = strconv.Itoa(i)
			if s.instance != "" {
				in.Name += " " + s.instance
			}
			for _, p := range own {
				in.Name += " " + p.name + ":" + p.value
			}
		}
		in.Name = strings.ReplaceAll(in.Name, "\x00", "_")
		in.Name = in.Name[:min(len(in.Name), maxHeader)]
		set, err := setOf(labelset.Instances, own)
		if err != nil {
			return &Error{l.name, 0, fmt.Errorf("instance %.80q of %.80q: %w", in.Name, m.cell, err)}
		}
		m.table.indom.Instances = append(m.table.indom.Instances, in)
		s.series = &history.Series{Metric: &m.table.Metric, Inst: in, Labels: set}
	}
	return nil
}

// setOf makes a set of labels.
func setOf(level labelset.Level, pairs []pair) (labelset.Set, error) {
	var labels []labelset.Label
	for _, p := range pairs {
		name := strings.ReplaceAll(validName(p.name), ".", "_")
		if name == "" {
			name = "label"
		}
		labels = append(labels, labelset.String(name, p.value))
	}
	return labelset.New(level, labels...)
}

// commonLabels returns the labels that all series have, and the names of the others.
func commonLabels(series []*longSeries) (same []pair, varying map[string]bool) {
	count := map[pair]int{}
	for _, s := range series {
		for _, p := range s.labels {
			count[p]++
		}
	}
	varying = map[string]bool{}
	for p, n := range count {
		if n < len(series) {
			varying[p.name] = true
		}
	}
	for _, p := range series[0].labels {
		if !varying[p.name] {
			same = append(same, p)
		}
	}
	return same, varying
}
