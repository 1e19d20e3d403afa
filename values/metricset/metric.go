package metricset

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Metric is a metric of a set.
type Metric struct {
	Name string
	// Key is the key of the line that declares the metric.
	Key   string
	Label string // a short name; may be empty
	// Instances are regular expressions that match whole names, numbers of processes, or
	// names of programs; none means all instances.
	Instances []string
	Unit      string // in which the values are wanted; may be empty
	Raw       bool   // a counter is not turned into a rate
	Rate      bool   // a counter is turned into a rate, even if the option type_prefer is raw
	// Width and Precision are the least width of a column and the digits after the
	// decimal point; -1 means those of the set.
	Width, Precision int
	// Limit leaves out values below it or, if it is negative, above its absolute value.
	// Zero means the limit of the set.
	Limit int
	// Formula defines a derived metric; may be empty.
	Formula string
}

// specifiers are the fields of a metric in their order, and formula.
var specifiers = []string{"label", "instances", "unit", "type", "width", "precision", "limit", "formula"}

// add adds the keys of a section.
func (s *Set) add(keys []entry) error {
	declared := map[string]*Metric{}
	var order []string
	for _, key := range keys {
		name, value := key.name, key.value
		if value == "" {
			return fmt.Errorf("key %s has no value", name)
		}
		if slices.Contains(optionKeys, name) {
			s.Options[name] = value
			continue
		}
		if handle, specifier, ok := split(name); ok && (specifier == "formula" || !strings.Contains(value, ",") || declared[handle] != nil) {
			m := declared[handle]
			if m == nil {
				return fmt.Errorf("key %s: no line before it declares %s", name, handle)
			}
			if err := m.set(specifier, unquoted(value)); err != nil {
				return fmt.Errorf("key %s: %w", name, err)
			}
			continue
		}
		m, err := declare(name, value)
		if err != nil {
			return fmt.Errorf("key %s: %w", name, err)
		}
		declared[name] = m
		order = append(order, name)
	}
	for _, name := range order {
		s.put(*declared[name])
	}
	return nil
}

// split splits the key of a specifier, such as idle.unit.
func split(key string) (handle, specifier string, ok bool) {
	handle, specifier, ok = strings.Cut(key, ".")
	return handle, specifier, ok && slices.Contains(specifiers, specifier)
}

// declare returns the metric of a line that declares one: the metric as key with its
// fields, or a handle with the name of the metric.
func declare(key, value string) (*Metric, error) {
	m := &Metric{Name: key, Key: key, Width: -1, Precision: -1}
	if !strings.Contains(value, ",") && !strings.Contains(key, ".") {
		m.Name = unquoted(value)
		return m, nil
	}
	fields, err := splitFields(value)
	if err != nil {
		return nil, err
	}
	for i, field := range fields {
		if i >= len(specifiers)-1 {
			return nil, fmt.Errorf("%d fields, want at most %d: %s", len(fields), len(specifiers)-1, strings.Join(specifiers[:len(specifiers)-1], ", "))
		}
		if field == "" {
			continue
		}
		if err := m.set(specifiers[i], field); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// splitFields splits a compact declaration at its commas. The field of the instances may
// stand in quotes, in which are quoted instances with commas between them.
func splitFields(value string) ([]string, error) {
	label, rest, ok := strings.Cut(value, ",")
	if !ok || rest == "" || rest[0] != '"' && rest[0] != '\'' {
		return strings.Split(value, ","), nil
	}
	end := strings.LastIndexByte(rest, rest[0])
	if end == 0 {
		return nil, fmt.Errorf("instances %s: a quote is not closed", rest)
	}
	fields := []string{label, rest[:end+1]}
	if rest = rest[end+1:]; rest == "" {
		return fields, nil
	}
	if rest[0] != ',' {
		return nil, fmt.Errorf("want a comma before %s", rest)
	}
	return append(fields, strings.Split(rest[1:], ",")...), nil
}

// set sets a field.
func (m *Metric) set(specifier, value string) (err error) {
	switch specifier {
	case "label":
		m.Label = value
	case "instances":
		m.Instances, err = instances(value)
	case "unit":
		m.Unit = value
	case "type":
		m.Raw, m.Rate = value == "raw", value == "default"
		if !m.Raw && !m.Rate {
			err = fmt.Errorf("type %s: want raw or default", value)
		}
	case "width":
		m.Width, err = number(specifier, value, 0)
	case "precision":
		m.Precision, err = number(specifier, value, 0)
	case "limit":
		m.Limit, err = number(specifier, value, -1<<31)
	case "formula":
		m.Formula = value
	}
	return err
}

// number parses a whole number that is at least least.
func number(what, text string, least int) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < least {
		return 0, fmt.Errorf("%s %s: want a whole number of at least %d", what, text, least)
	}
	return n, nil
}

// instances parses instances with commas between them, each of which may be quoted. All
// together may be quoted once more.
func instances(text string) ([]string, error) {
	if len(text) > 2 && (text[0] == '\'' || text[0] == '"') && text[len(text)-1] == text[0] {
		inner := text[1 : len(text)-1]
		if strings.ContainsAny(inner, `'"`) || !strings.Contains(inner, ",") {
			text = inner
		}
	}
	r := csv.NewReader(strings.NewReader(text))
	r.LazyQuotes = true
	names, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("instances %s: %w", text, err)
	}
	for i, name := range names {
		names[i] = strings.Trim(name, `'"`)
	}
	return names, nil
}

// unquoted returns a text without the double quotes around it.
func unquoted(text string) string {
	if len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"' {
		return text[1 : len(text)-1]
	}
	return text
}
