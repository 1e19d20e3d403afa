package finding

import (
	"fmt"
	"strconv"
)

// Severity is how serious a finding is.
type Severity int8

const (
	// Note marks a finding that is often intended.
	Note Severity = iota
	// Warning marks doubtful data, or data that readers may misinterpret. Readers
	// can read all of it.
	Warning
	// Error marks data that cannot be read or that readers reject.
	Error
)

var severityNames = [...]string{"note", "warning", "error"}

// String returns note, warning or error.
func (s Severity) String() string {
	if s >= Note && s <= Error {
		return severityNames[s]
	}
	return "severity " + strconv.Itoa(int(s))
}

// Set parses the name of a severity. With String and Type, Severity is a flag
// value.
func (s *Severity) Set(name string) error {
	for i, n := range severityNames {
		if n == name {
			*s = Severity(i)
			return nil
		}
	}
	return fmt.Errorf("severity %q: want note, warning or error", name)
}

// Type returns the name of the value in command-line help.
func (*Severity) Type() string { return "severity" }

// MarshalText returns the name of the severity.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
