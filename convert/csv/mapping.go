package csv

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/lazyregexp"
	"github.com/pcparchive/pcparchive/internal/scale"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

// Mapping describes the columns of a table. [ParseMapping] reads it from YAML.
type Mapping struct {
	Host     string
	Timezone string         // as in the file
	Zone     *time.Location // of Timezone; nil without one

	file       string
	timeColumn string
	timeFormat string
	dateColumn string
	keepOthers bool
	columns    []mapped

	skipLines    int
	decimalComma bool
	long         map[string]string // columns of a long table by their role; nil for none
	longLine     int
}

// mapped describes one column.
type mapped struct {
	line   int
	column string
	place  place
	typ    pcp.Type
	sem    pcp.Semantics
	units  pcp.Units
	help   string
	labels labelset.Set
}

// located is a text with the line at which it stands.
type located struct {
	text string
	line int
}

// UnmarshalYAML reads a scalar.
func (l *located) UnmarshalYAML(node *yaml.Node) error {
	l.line = node.Line
	if node.Kind != yaml.ScalarNode {
		return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: want a text", node.Line)}}
	}
	l.text = node.Value
	return nil
}

// mappingFile is the form of the file.
type mappingFile struct {
	Host     string  `yaml:"host"`
	Timezone located `yaml:"timezone"`
	Time     struct {
		Column string `yaml:"column"`
		Date   string `yaml:"date"`
		Format string `yaml:"format"`
	} `yaml:"time"`
	Skip    int                `yaml:"skip"`
	Decimal located            `yaml:"decimal"`
	Long    map[string]located `yaml:"long"`
	Metrics []mappingMetric    `yaml:"metrics"`
	Others  located            `yaml:"others"`
}

// mappingMetric is an entry of the file's list of metrics.
type mappingMetric struct {
	Column    located            `yaml:"column"`
	Name      located            `yaml:"name"`
	Instance  *located           `yaml:"instance"`
	Type      located            `yaml:"type"`
	Semantics located            `yaml:"semantics"`
	Units     located            `yaml:"units"`
	Help      string             `yaml:"help"`
	Labels    map[string]located `yaml:"labels"`
}

// ParseMapping reads a mapping in YAML; file names it in errors, which are an [*Error].
func ParseMapping(file string, text []byte) (*Mapping, error) {
	var f mappingFile
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return nil, yamlError(file, err)
	}
	m := &Mapping{Host: f.Host, Timezone: f.Timezone.text, file: file, timeColumn: f.Time.Column, timeFormat: f.Time.Format, dateColumn: f.Time.Date, skipLines: f.Skip}
	if err := m.form(&f); err != nil {
		return nil, err
	}
	if m.Timezone != "" {
		var err error
		if m.Zone, err = archive.ParseZone(m.Timezone); err != nil {
			return nil, &Error{file, f.Timezone.line, fmt.Errorf("timezone: %w", err)}
		}
	}
	switch f.Others.text {
	case "", "drop":
	case "keep":
		m.keepOthers = true
	default:
		return nil, &Error{file, f.Others.line, fmt.Errorf("others %q: want keep or drop", f.Others.text)}
	}
	if len(f.Metrics) == 0 && m.long != nil {
		m.keepOthers = true
	}
	if len(f.Metrics) == 0 && !m.keepOthers {
		return nil, &Error{file, 0, errors.New("no metrics, and no 'others: keep'")}
	}
	for i := range f.Metrics {
		c, err := f.Metrics[i].parse(i)
		if err != nil {
			return nil, &Error{file, c.line, err}
		}
		m.columns = append(m.columns, c)
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	return m, nil
}

// form reads what the file says about the form of the table.
func (m *Mapping) form(f *mappingFile) error {
	if f.Skip < 0 {
		return &Error{m.file, 0, fmt.Errorf("skip %d: want a number of lines", f.Skip)}
	}
	switch f.Decimal.text {
	case "", "point", ".":
	case "comma", ",":
		m.decimalComma = true
	default:
		return &Error{m.file, f.Decimal.line, fmt.Errorf("decimal %q: want comma or point", f.Decimal.text)}
	}
	for _, role := range slices.Sorted(maps.Keys(f.Long)) {
		if longNames[role] == nil {
			return &Error{m.file, f.Long[role].line, fmt.Errorf("long: unknown key %q: want %s", role, strings.Join(slices.Sorted(maps.Keys(longNames)), ", "))}
		}
		if m.long == nil {
			m.long = map[string]string{}
		}
		m.long[role], m.longLine = f.Long[role].text, f.Long[role].line
	}
	return nil
}

// parse checks an entry. Its index names an entry without a column. After an error the
// line of the result is that of the fault.
func (f *mappingMetric) parse(index int) (c mapped, err error) {
	c = mapped{
		line: f.Column.line, column: f.Column.text, typ: pcp.TypeUnknown, sem: pcp.SemInstant, help: f.Help,
		place: place{name: f.Name.text, singular: f.Instance == nil},
	}
	if c.column == "" {
		c.line = max(c.line, f.Name.line)
		return c, fmt.Errorf("metric %d: column is missing", index+1)
	}
	if f.Instance != nil {
		if c.place.instance = f.Instance.text; c.place.instance == "" || len(c.place.instance) > maxHeader || strings.Contains(c.place.instance, "\x00") {
			c.line = f.Instance.line
			return c, fmt.Errorf("instance %.80q: want a name", c.place.instance)
		}
	}
	if len(c.place.name) > maxHeader || validName(c.place.name) != c.place.name {
		c.line = f.Name.line
		return c, fmt.Errorf("name %.80q: want letters, digits and _ with dots between them, each part beginning with a letter", c.place.name)
	}
	if c.place.name != "" && !strings.Contains(c.place.name, ".") {
		c.line = f.Name.line
		return c, fmt.Errorf("name %.80q: want at least two parts, such as csv.%s", c.place.name, c.place.name)
	}
	if f.Type.text != "" {
		known := false
		if c.typ, known = typesByName[f.Type.text]; !known {
			c.line = f.Type.line
			return c, fmt.Errorf("type %q: want one of %s", f.Type.text, strings.Join(slices.Sorted(maps.Keys(typesByName)), ", "))
		}
	}
	switch f.Semantics.text {
	case "", "instant":
	case "counter":
		c.sem = pcp.SemCounter
	case "discrete":
		c.sem = pcp.SemDiscrete
	default:
		c.line = f.Semantics.line
		return c, fmt.Errorf("semantics %q: want counter, instant or discrete", f.Semantics.text)
	}
	if c.units, err = scale.Parse(f.Units.text); err != nil {
		c.line = f.Units.line
		return c, err
	}
	return c, f.label(&c)
}

// label sets the labels of an entry.
func (f *mappingMetric) label(c *mapped) (err error) {
	var labels []labelset.Label
	for _, name := range slices.Sorted(maps.Keys(f.Labels)) {
		labels = append(labels, labelset.String(name, f.Labels[name].text))
		if c.labels, err = labelset.New(labelset.Item, labels...); err != nil {
			c.line = f.Labels[name].line
			return fmt.Errorf("label %q: %w", name, err)
		}
	}
	return nil
}

// check rejects a column that is mapped twice.
func (m *Mapping) check() error {
	lines := map[string]int{}
	for i := range m.columns {
		c := &m.columns[i]
		if line, twice := lines[c.column]; twice {
			return &Error{m.file, c.line, fmt.Errorf("column %q is mapped in line %d already", c.column, line)}
		}
		lines[c.column] = c.line
	}
	return nil
}

var (
	yamlLine  = lazyregexp.New(`^(?:yaml: )?line (\d+): (.*)$`)
	yamlField = lazyregexp.New(`^field (.*) not found in type .*$`)
)

// yamlError names the file and the line of a mistake in YAML.
func yamlError(file string, err error) error {
	text := err.Error()
	var types *yaml.TypeError
	if errors.As(err, &types) && len(types.Errors) > 0 {
		text = types.Errors[0]
	}
	line := 0
	if part := yamlLine().FindStringSubmatch(text); part != nil {
		line, _ = strconv.Atoi(part[1]) // a line that is no number counts as unknown
		text = part[2]
	}
	if part := yamlField().FindStringSubmatch(text); part != nil {
		text = fmt.Sprintf("unknown key %q", part[1])
	}
	return &Error{file, line, errors.New(text)}
}
