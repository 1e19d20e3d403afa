package main

import "strings"

// metricList is the value of a flag that lists metrics or instances. Commas separate them,
// but not inside brackets or quotes.
type metricList []string

// String returns the list.
func (l *metricList) String() string { return strings.Join(*l, ",") }

// Set adds a list.
func (l *metricList) Set(text string) error {
	start, depth, quoted := 0, 0, false
	for i, c := range text + "," {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted && i < len(text):
		case c == '[':
			depth++
		case c == ']' && depth > 0:
			depth--
		case c == ',' && (depth == 0 || i == len(text)):
			part := strings.TrimSpace(text[start:i])
			if depth == 0 {
				if whole, ok := strings.CutPrefix(part, `"`); ok {
					part = strings.TrimSuffix(whole, `"`)
				}
			}
			if part != "" {
				*l = append(*l, part)
			}
			start = i + 1
		}
	}
	return nil
}

// Type names the value in help.
func (*metricList) Type() string { return "strings" }
