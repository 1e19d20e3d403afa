package metricset

import (
	"errors"
	"fmt"
	"strings"
)

// ErrUnknown reports a set that no file has.
var ErrUnknown = errors.New("no such metric set")

// UnknownError reports a set that no file has.
type UnknownError struct {
	Name    string
	Similar []string // names that may be meant
}

// Error names the set.
func (e *UnknownError) Error() string {
	text := fmt.Sprintf("%s: %s", ErrUnknown, e.Name)
	if len(e.Similar) > 0 {
		text += "; did you mean " + strings.Join(e.Similar, " or ") + "?"
	}
	return text
}

// Unwrap returns ErrUnknown.
func (*UnknownError) Unwrap() error { return ErrUnknown }

// ErrSyntax reports a file that cannot be understood.
var ErrSyntax = errors.New("not a configuration file of pmrep")

// Config holds the sets of one or more files.
type Config struct {
	// Options are those of [options].
	Options Options
	// Global are the metrics of [global].
	Global []Metric

	sets map[string]*Set
}

// Set is a section with metrics.
type Set struct {
	Name    string
	File    string // that defines the set
	Options Options
	Metrics []Metric
}
