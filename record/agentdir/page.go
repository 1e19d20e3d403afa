package agentdir

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// rewriter makes a page what Prometheus' parser accepts and the filters let through. Unlike
// that parser, and like the agent, it accepts blanks at the beginning of a line, names with
// dots, and any end of a line. A line that it cannot read does not spoil the others.
type rewriter struct {
	rules    *Rules          // nil for an executable
	excluded map[string]bool // decisions of the rules, by the name of samples

	out     []byte
	metas   map[string]Metadata // by the name of samples
	block   *Metadata           // of the samples that follow
	samples bool                // the last line was a sample
	taken   int                 // samples
	line    sampleLine
	bad     int
	first   error // the first line that could not be read
}

// rewrite returns page for Prometheus' parser of the text format. The error says that the
// page has no sample that can be read, but other lines.
func (w *rewriter) rewrite(page []byte) error {
	number := 0
	for line := range bytes.Lines(page) {
		number++
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		if line[0] == '#' {
			w.comment(line)
			continue
		}
		w.samples = true
		if err := w.sample(line); err != nil {
			if w.bad++; w.first == nil {
				w.first = fmt.Errorf("line %d of the page: %w", number, err)
			}
		}
	}
	if w.taken == 0 {
		return w.first
	}
	return nil
}

// filterOpenMetrics copies a page in the OpenMetrics format without the excluded samples.
func (w *rewriter) filterOpenMetrics(page []byte) {
	for line := range bytes.Lines(page) {
		name := line
		if end := bytes.IndexAny(line, "{ \n"); end >= 0 {
			name = line[:end]
		}
		if line[0] != '#' && w.excludes(name) {
			continue
		}
		w.out = append(w.out, line...)
	}
}

// comment keeps HELP and TYPE, and reads PCP5 and PCP.
func (w *rewriter) comment(line []byte) {
	if w.samples {
		w.samples, w.block = false, nil
	}
	if len(line) < 2 || line[1] != ' ' && line[1] != '\t' {
		return
	}
	word, rest := cutWord(line[1:])
	switch string(word) {
	case "HELP", "TYPE":
		name, text := cutWord(rest)
		if isType := word[0] == 'T'; isType && !knownType(text) {
			return
		}
		w.describe(word, name, text)
	case "PCP5", "PCP":
		if m, ok := pcpLine(strings.Fields(string(line[1:]))); ok {
			w.block = &m
		}
	}
}

// describe writes a HELP or TYPE line, unless Prometheus' parser would reject it.
func (w *rewriter) describe(word, name, text []byte) {
	if n := len(name); n > 2 && name[0] == '"' && name[n-1] == '"' {
		name = name[1 : n-1]
	}
	if !isName(name) || !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		return
	}
	w.out = append(append(append(w.out, "# "...), word...), ' ')
	w.out = append(appendName(w.out, name), ' ')
	w.out = append(append(w.out, text...), '\n')
}

func knownType(text []byte) bool {
	switch string(text) {
	case "counter", "gauge", "histogram", "summary", "untyped":
		return true
	}
	return false
}

// cutWord returns the first word of a line and the rest without the blanks between.
func cutWord(line []byte) (word, rest []byte) {
	line = bytes.TrimLeft(line, " \t")
	end := bytes.IndexAny(line, " \t")
	if end < 0 {
		return line, nil
	}
	return line[:end], bytes.TrimLeft(line[end:], " \t")
}

// excludes reports whether a filter excludes the metric of a sample's name.
func (w *rewriter) excludes(name []byte) bool {
	if w.rules == nil || len(w.rules.metrics) == 0 {
		return false
	}
	out, known := w.excluded[string(name)]
	if !known {
		const most = 100_000 // names on a hostile page must not fill the memory
		if len(w.excluded) >= most {
			clear(w.excluded)
		}
		out = w.rules.Excludes(string(name))
		w.excluded[string(name)] = out
	}
	return out
}

// sample writes the line of a sample, unless a filter excludes it.
func (w *rewriter) sample(line []byte) error {
	l := &w.line
	if err := l.parse(line); err != nil {
		return err
	}
	if w.excludes(l.name) {
		return nil
	}
	if w.block != nil {
		if w.metas == nil {
			w.metas = map[string]Metadata{}
		}
		w.metas[string(l.name)] = *w.block
	}
	w.taken++
	if l.plain {
		w.out = append(append(w.out, line...), '\n')
		return nil
	}
	w.out = l.appendTo(w.out)
	return nil
}

// appendName writes a name, in quotes if Prometheus' parser needs them.
func appendName(out, name []byte) []byte {
	if isLegacyName(name) {
		return append(out, name...)
	}
	return append(append(append(out, '"'), name...), '"')
}

// isName reports whether a metric may have the name: a letter, an underscore or a colon,
// then also digits and dots.
func isName(name []byte) bool {
	for i, c := range name {
		if !isNameByte(c, i > 0) && (c != '.' || i == 0) {
			return false
		}
	}
	return len(name) > 0
}

// isLegacyName reports whether a name of a metric needs no quotes.
func isLegacyName(name []byte) bool {
	for i, c := range name {
		if !isNameByte(c, i > 0) {
			return false
		}
	}
	return len(name) > 0
}

func isNameByte(c byte, digits bool) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == ':' || digits && c >= '0' && c <= '9'
}

// errValue means that a sample's value is not a number.
var errValue = errors.New("the value is not a number")

// checkFloat reports whether Prometheus' parser accepts a value as it stands.
func checkFloat(text []byte) (v float64, plain bool, err error) {
	if bytes.ContainsAny(text, "pP_{") {
		return 0, false, errValue
	}
	v, err = strconv.ParseFloat(string(text), 64)
	if errors.Is(err, strconv.ErrRange) {
		return v, false, nil
	}
	if err != nil {
		return 0, false, errValue
	}
	return v, true, nil
}
