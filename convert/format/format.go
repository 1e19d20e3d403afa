// Package format recognizes the format of data that converters read: a file, a
// folder or a stream may hold archives, Prometheus blocks, exposition text or
// replies of Prometheus' query API.
//
// Detect looks at a path, DetectReader at a stream, and ForOutput at the name of
// an output that does not exist yet.
package format

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
)

// Format is a format of performance data. It is a flag value; "" means that the
// format is not known.
type Format string

// The formats.
const (
	Unknown     Format = ""
	Archive     Format = "archive"     // PCP archives
	Blocks      Format = "blocks"      // Prometheus TSDB blocks, or the data folder of a server
	Text        Format = "text"        // pages in Prometheus' text format, or in OpenMetrics
	OpenMetrics Format = "openmetrics" // pages in OpenMetrics
	JSON        Format = "json"        // replies of Prometheus' query API
)

// String returns the format's name.
func (f *Format) String() string { return string(*f) }

// Set sets the format by its name.
func (f *Format) Set(name string) error {
	if !slices.Contains([]Format{Archive, Blocks, Text, OpenMetrics, JSON}, Format(name)) {
		return errors.New("want archive, blocks, text, openmetrics or json")
	}
	*f = Format(name)
	return nil
}

// Type names the value in help.
func (*Format) Type() string { return "kind" }

// ErrUnknown says that the format of data is not recognized.
var ErrUnknown = errors.New("unknown format")

// ErrNotRegular says that a file is a pipe or a device, which can be read only
// once. [DetectReader] recognizes such a stream.
var ErrNotRegular = errors.New("can be read but once")

// unknownError explains an ErrUnknown.
type unknownError struct{ reason string }

// Error returns the explanation.
func (e unknownError) Error() string { return e.reason }

// Is reports the error as ErrUnknown.
func (unknownError) Is(target error) bool { return target == ErrUnknown }

// Detect returns the format of a file or folder. The error wraps [ErrUnknown] if
// the format is not recognized, and [ErrNotRegular] if Detect would consume the data.
func Detect(path string) (Format, error) {
	if _, _, err := archive.Members(path); err == nil {
		return Archive, nil
	}
	if isFolder(path) {
		return detectFolder(path)
	}
	f, err := detectFile(path)
	if err != nil && !hasPath(err) {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return f, err
}

// ForOutput returns the format of an output by its name: "-" is standard output,
// and an existing folder, or a name that ends in a slash, is a folder of blocks.
func ForOutput(name string) Format {
	switch {
	case name == "-", strings.HasSuffix(name, ".prom"), strings.HasSuffix(name, ".txt"):
		return Text
	case strings.HasSuffix(name, ".om"), strings.HasSuffix(name, ".openmetrics"):
		return OpenMetrics
	case strings.HasSuffix(name, "/"), isFolder(name):
		return Blocks
	}
	return Archive
}
