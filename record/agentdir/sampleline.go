package agentdir

import (
	"bytes"
	"errors"
	"strconv"
	"unicode/utf8"
)

// sampleLine is the line of a sample: name{label="value",…} value time. A further parse
// overwrites it.
type sampleLine struct {
	name   []byte
	labels []pageLabel
	value  []byte
	number float64
	stamp  []byte // nil without a valid time
	plain  bool   // Prometheus' parser accepts the line as it stands
	exact  bool   // value, as it stands, is the number
	rest   []byte // what parse has not read
}

// pageLabel is a label as it stands on the page, without quotes.
type pageLabel struct{ name, value []byte }

var (
	errName   = errors.New("not the name of a metric")
	errLabels = errors.New("the labels have a fault")
)

// parse reads a line without blanks at its ends.
func (l *sampleLine) parse(line []byte) error {
	l.name, l.labels, l.stamp, l.rest, l.plain = nil, l.labels[:0], nil, line, true
	if bytes.IndexByte(line, 0) >= 0 {
		return errors.New("it has a zero byte")
	}
	if line[0] != '{' {
		end := bytes.IndexAny(line, "{ \t")
		if end < 0 || !isName(line[:end]) {
			return errName
		}
		l.name, l.rest = line[:end], line[end:]
		l.plain = isLegacyName(l.name)
	}
	if blanks := l.skip(); len(l.rest) > 0 && l.rest[0] == '{' {
		l.plain = l.plain && !blanks && l.name != nil
		if err := l.parseLabels(); err != nil {
			return err
		}
		l.skip()
	}
	if len(l.name) == 0 {
		return errName
	}
	return l.parseValue()
}

// skip passes over blanks and reports whether there were any.
func (l *sampleLine) skip() bool {
	n := len(l.rest)
	l.rest = bytes.TrimLeft(l.rest, " \t")
	return len(l.rest) < n
}

// parseLabels reads {label="value",…}.
func (l *sampleLine) parseLabels() error {
	l.rest = l.rest[1:]
	for {
		if l.skip() {
			l.plain = false
		}
		if len(l.rest) == 0 {
			return errLabels
		}
		if l.rest[0] == '}' {
			l.rest = l.rest[1:]
			l.unique()
			return nil
		}
		if err := l.parseLabel(); err != nil {
			return err
		}
		if l.skip() {
			l.plain = false
		}
		if len(l.rest) > 0 && l.rest[0] == ',' {
			l.rest = l.rest[1:]
		} else if len(l.rest) == 0 || l.rest[0] != '}' {
			return errLabels
		}
	}
}

// parseLabel reads label="value", or a name of the metric in quotes.
func (l *sampleLine) parseLabel() error {
	name, quoted, err := l.labelName()
	if err != nil {
		return err
	}
	if l.skip() {
		l.plain = false
	}
	if quoted && l.name == nil && len(l.rest) > 0 && (l.rest[0] == ',' || l.rest[0] == '}') {
		if len(name) == 0 || !utf8.Valid(name) {
			return errName
		}
		l.name = name
		return nil
	}
	if len(name) == 0 || string(name) == "__name__" || !utf8.Valid(name) || len(l.rest) == 0 || l.rest[0] != '=' {
		return errLabels
	}
	l.rest = l.rest[1:]
	if l.skip() {
		l.plain = false
	}
	value, ok := l.quoted()
	if !ok {
		return errLabels
	}
	if !utf8.Valid(value) {
		value, l.plain = bytes.ToValidUTF8(value, []byte("\ufffd")), false
	}
	l.labels = append(l.labels, pageLabel{name, value})
	return nil
}

// labelName reads the name of a label.
func (l *sampleLine) labelName() (name []byte, quoted bool, err error) {
	if l.rest[0] == '"' {
		name, ok := l.quoted()
		if !ok {
			return nil, true, errLabels
		}
		l.plain = false
		return name, true, nil
	}
	end := bytes.IndexAny(l.rest, "= \t\"{},\\")
	if end <= 0 {
		return nil, false, errLabels
	}
	name, l.rest = l.rest[:end], l.rest[end:]
	if !isLegacyName(name) || bytes.IndexByte(name, ':') >= 0 {
		l.plain = false
	}
	return name, false, nil
}

// quoted reads a text in quotes, which keeps its escapes.
func (l *sampleLine) quoted() (text []byte, ok bool) {
	if len(l.rest) == 0 || l.rest[0] != '"' {
		return nil, false
	}
	for i := 1; i < len(l.rest); i++ {
		switch l.rest[i] {
		case '\\':
			i++
		case '"':
			text, l.rest = l.rest[1:i], l.rest[i+1:]
			return text, true
		}
	}
	return nil, false
}

// unique removes all labels of one name but the last, which counts as in the agent.
func (l *sampleLine) unique() {
	const few = 16
	if len(l.labels) <= few {
		kept := l.labels[:0]
		for i, label := range l.labels {
			if !hasName(l.labels[i+1:], label.name) {
				kept = append(kept, label)
			}
		}
		l.keep(kept)
		return
	}
	last := make(map[string]int, len(l.labels))
	for i, label := range l.labels {
		last[string(label.name)] = i
	}
	kept := l.labels[:0]
	for i, label := range l.labels {
		if last[string(label.name)] == i {
			kept = append(kept, label)
		}
	}
	l.keep(kept)
}

func (l *sampleLine) keep(kept []pageLabel) {
	if len(kept) < len(l.labels) {
		l.labels, l.plain = kept, false
	}
}

func hasName(labels []pageLabel, name []byte) bool {
	for i := range labels {
		if bytes.Equal(labels[i].name, name) {
			return true
		}
	}
	return false
}

// parseValue reads the value and the time.
func (l *sampleLine) parseValue() (err error) {
	l.value, l.rest = cutWord(l.rest)
	if len(l.value) == 0 {
		return errors.New("it has no value")
	}
	if l.number, l.exact, err = checkFloat(l.value); err != nil {
		return err
	}
	stamp, rest := cutWord(l.rest)
	if _, err := strconv.ParseUint(string(stamp), 10, 63); err == nil {
		l.stamp = stamp
	}
	l.plain = l.plain && l.exact && len(rest) == 0 && (len(stamp) == 0 || l.stamp != nil)
	return nil
}

// appendTo writes the line so that Prometheus' parser accepts it.
func (l *sampleLine) appendTo(out []byte) []byte {
	inside := !isLegacyName(l.name) // the name stands in the braces
	if !inside {
		out = append(out, l.name...)
	}
	if inside || len(l.labels) > 0 {
		out = append(out, '{')
		if inside {
			out = appendQuoted(out, l.name)
		}
		for i, label := range l.labels {
			if inside || i > 0 {
				out = append(out, ',')
			}
			if isLegacyName(label.name) && bytes.IndexByte(label.name, ':') < 0 {
				out = append(out, label.name...)
			} else {
				out = appendQuoted(out, label.name)
			}
			out = appendQuoted(append(out, '='), label.value)
		}
		out = append(out, '}')
	}
	out = append(out, ' ')
	if l.exact {
		out = append(out, l.value...)
	} else {
		out = strconv.AppendFloat(out, l.number, 'g', -1, 64)
	}
	if l.stamp != nil {
		out = append(append(out, ' '), l.stamp...)
	}
	return append(out, '\n')
}

func appendQuoted(out, text []byte) []byte {
	return append(append(append(out, '"'), text...), '"')
}
