package values

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// Pattern selects instances as pmrep's configuration files do: by the number of a process,
// by the name of a program, or by a regular expression that matches the whole name.
type Pattern struct {
	text  string
	whole *regexp.Regexp
}

// ParsePattern parses a Pattern.
func ParsePattern(text string) (Pattern, error) {
	whole, err := regexp.Compile(`\A(?:` + text + `)\z`)
	if err != nil {
		return Pattern{}, fmt.Errorf("instances %s: %w", text, err)
	}
	return Pattern{text, whole}, nil
}

// Match reports whether the pattern selects the instance of a name.
func (p Pattern) Match(name string) bool {
	if p.whole.MatchString(name) {
		return true
	}
	pid, command, ok := strings.Cut(name, " ")
	if !ok || strings.Trim(pid, "0123456789") != "" {
		return false
	}
	if p.text == strings.TrimLeft(pid, "0") {
		return true
	}
	program, _, _ := strings.Cut(command, " ")
	return p.text == programName(program)
}

// programName returns the name of a program from the first word of a command line.
func programName(word string) string {
	if strings.HasPrefix(word, "(") { // a thread of the kernel
		return strings.Trim(word, "()")
	}
	return path.Base(strings.TrimSuffix(strings.TrimPrefix(word, "-"), ":"))
}
