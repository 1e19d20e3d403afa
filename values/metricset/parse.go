package metricset

import (
	"fmt"
	"slices"
	"strings"
)

// section is a section of a file, with its keys in their order.
type section struct {
	name string
	keys []entry
}

// entry is a key with its value.
type entry struct {
	name, value string
	line        int
}

// parse parses a file as Python's configparser does: [section], lines "key = value" or "key:
// value", values that go on in lines that are indented deeper than their key, comments in
// lines that begin with # or ;. %% in a value stands for a per cent sign, and %(key)s for
// the value of another key of the section.
func parse(text string) ([]section, error) {
	var all []section
	var current *section
	indent, number := 0, 0 // indent is that of the last key
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		number++
		content := strings.TrimSpace(line)
		depth := len(line) - len(strings.TrimLeft(line, " \t"))
		switch {
		case content == "" || content[0] == '#' || content[0] == ';':
		case current != nil && len(current.keys) > 0 && depth > indent:
			last := &current.keys[len(current.keys)-1]
			last.value = strings.TrimLeft(last.value+"\n"+content, "\n")
		case content[0] == '[' && strings.Contains(content, "]"):
			name, _, _ := strings.Cut(content[1:], "]")
			all, current = begin(all, name)
		case current == nil:
			return nil, fmt.Errorf("line %d: %s stands before the first [section]", number, content)
		default:
			at := strings.IndexAny(content, "=:")
			if at <= 0 {
				return nil, fmt.Errorf("line %d: want key = value: %s", number, content)
			}
			name := strings.TrimSpace(content[:at])
			current.keys = slices.DeleteFunc(current.keys, func(e entry) bool { return e.name == name })
			current.keys = append(current.keys, entry{name, strings.TrimSpace(content[at+1:]), number})
			indent = depth
		}
	}
	return all, interpolate(all)
}

// begin returns the section of a name, which is a new one unless the file has it already.
func begin(all []section, name string) ([]section, *section) {
	i := slices.IndexFunc(all, func(s section) bool { return s.name == name })
	if i < 0 {
		i = len(all)
		all = append(all, section{name: name})
	}
	return all, &all[i]
}

// interpolate replaces %% and %(key)s in all values.
func interpolate(all []section) error {
	for i := range all {
		own := &all[i]
		written := slices.Clone(own.keys)
		for j := range own.keys {
			e := &own.keys[j]
			var err error
			if e.value, err = expand(e.value, written); err != nil {
				return fmt.Errorf("line %d: key %s: %w", e.line, e.name, err)
			}
		}
	}
	return nil
}

// expand replaces %% and %(key)s in a value. Values that stand for others hold none
// themselves.
func expand(value string, keys []entry) (string, error) {
	if !strings.Contains(value, "%") {
		return value, nil
	}
	var out strings.Builder
	for {
		before, after, ok := strings.Cut(value, "%")
		out.WriteString(before)
		switch {
		case !ok:
			return out.String(), nil
		case strings.HasPrefix(after, "%"):
			out.WriteByte('%')
			value = after[1:]
		case strings.HasPrefix(after, "(") && strings.Contains(after, ")s"):
			name, rest, _ := strings.Cut(after[1:], ")s")
			i := slices.IndexFunc(keys, func(e entry) bool { return e.name == name })
			if i < 0 || strings.Contains(strings.ReplaceAll(keys[i].value, "%%", ""), "%") {
				return "", fmt.Errorf("%%(%s)s stands for no plain value", name)
			}
			out.WriteString(strings.ReplaceAll(keys[i].value, "%%", "%"))
			value = rest
		default: // as in timefmt, where pmrep wants two
			out.WriteByte('%')
			value = after
		}
	}
}
