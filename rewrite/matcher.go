package rewrite

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/internal/lazyregexp"
	"github.com/pcparchive/pcparchive/labelset"
)

// Matcher selects series by one label, as a matcher in PromQL does. An absent label counts
// as empty. A regular expression must match the whole value.
type Matcher struct {
	Name  string
	Value string
	not   bool           // the operator is != or !~
	re    *regexp.Regexp // nil if the operator is = or !=
}

// matcher matches one matcher at the beginning of a text.
var matcher = lazyregexp.New(`^\s*([A-Za-z_][A-Za-z0-9_.]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|[^",{}\s]*)\s*(?:,|$)`)

// ParseMatchers parses matchers such as job="web",code=~"5..". Braces around them, and
// quotes around a value without special characters, are optional.
func ParseMatchers(text string) ([]Matcher, error) {
	rest := strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(rest, "{"); ok {
		if rest, ok = strings.CutSuffix(inner, "}"); !ok {
			return nil, fmt.Errorf("label matchers %q: } is missing", text)
		}
	}
	var all []Matcher
	for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
		part := matcher().FindStringSubmatch(rest)
		if part == nil {
			return nil, fmt.Errorf(`label matchers %q: at %q: want NAME="VALUE", with =, !=, =~ or !~`, text, rest)
		}
		rest = rest[len(part[0]):]
		m := Matcher{Name: part[1], Value: part[3], not: part[2][0] == '!'}
		if strings.HasPrefix(m.Value, `"`) {
			value, err := strconv.Unquote(m.Value)
			if err != nil {
				return nil, fmt.Errorf("label matchers %q: value %s: %w", text, m.Value, err)
			}
			m.Value = value
		}
		if strings.HasSuffix(part[2], "~") {
			re, err := regexp.Compile("^(?s:" + m.Value + ")$")
			if err != nil {
				return nil, fmt.Errorf("label matchers %q: %w", text, err)
			}
			m.re = re
		}
		all = append(all, m)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("label matchers %q: want at least one, such as job=\"web\"", text)
	}
	return all, nil
}

// matches reports whether the matcher selects a series with the given labels.
func (m *Matcher) matches(set labelset.Set) bool {
	return m.matchesText(set.Text(m.Name))
}

// matchesText reports whether the matcher selects a value of its label.
func (m *Matcher) matchesText(value string) bool {
	if m.re != nil {
		return m.re.MatchString(value) != m.not
	}
	return (value == m.Value) != m.not
}
