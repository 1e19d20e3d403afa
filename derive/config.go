package derive

import (
	"fmt"
	"strings"
)

// Definition is a line of a file of derived metrics.
type Definition struct {
	Name string
	Expr *Expr
}

// ConfigError reports a line that defines no metric.
type ConfigError struct {
	Line   int
	Name   string // of the metric; may be empty
	Reason string
	Err    error // a *SyntaxError, or nil
}

// Error names the line and the reason.
func (e *ConfigError) Error() string {
	if e.Name != "" {
		return fmt.Sprintf("line %d: %s: %s", e.Line, e.Name, e.Reason)
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Reason)
}

// Unwrap returns the error of the expression.
func (e *ConfigError) Unwrap() error { return e.Err }

// ParseConfig reads definitions of the form name = expression, one a line. Empty lines and
// lines that begin with # are comments. A wrong line costs itself alone. Lines that set an
// attribute of a metric, as in name(oneline) = text, are ignored.
func ParseConfig(text string) (all []Definition, wrong []*ConfigError) {
	defined := map[string]bool{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		d, err := parseLine(line)
		switch {
		case err != nil:
		case d == nil:
			continue
		case defined[d.Name]:
			err = &ConfigError{Name: d.Name, Reason: DuplicateGlobal}
		}
		if err != nil {
			err.Line = number
			wrong = append(wrong, err)
			continue
		}
		defined[d.Name] = true
		all = append(all, *d)
	}
	return all, wrong
}

// parseLine parses a definition. It returns neither for an attribute.
func parseLine(line string) (*Definition, *ConfigError) {
	name, text, ok := strings.Cut(line, "=")
	name, text = strings.TrimSpace(name), strings.TrimSpace(text)
	switch {
	case !ok:
		return nil, &ConfigError{Reason: "missing ``='' after derived metric name"}
	case name == "":
		return nil, &ConfigError{Reason: "derived metric name missing"}
	}
	if metric, attribute, ok := strings.Cut(name, "("); ok && strings.HasSuffix(attribute, ")") && CheckName(metric) {
		return nil, nil
	}
	switch {
	case !CheckName(name):
		return nil, &ConfigError{Reason: "illegal derived metric name (" + name + ")"}
	case text == "":
		return nil, &ConfigError{Name: name, Reason: "expression missing"}
	}
	expr, err := Parse(text)
	if err != nil {
		return nil, &ConfigError{Name: name, Reason: err.Error(), Err: err}
	}
	return &Definition{name, expr}, nil
}

// CheckName reports whether a text can be the name of a derived metric: words with dots
// between them, each a letter followed by letters, digits and underscores.
func CheckName(name string) bool {
	for word := range strings.SplitSeq(name, ".") {
		if word == "" || !isAlpha(word[0]) {
			return false
		}
		for i := range len(word) {
			if !isNameByte(word[i]) {
				return false
			}
		}
	}
	return true
}
