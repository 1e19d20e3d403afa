package expo

import (
	"fmt"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Format is an exposition format. It implements pflag.Value, so a command-line flag
// can have it.
type Format int

// The formats.
const (
	Text        Format = iota // Prometheus text 0.0.4
	OpenMetrics               // OpenMetrics 1.0
)

var formatNames = [...]string{Text: "text", OpenMetrics: "openmetrics"}

// String returns the format's name: text or openmetrics.
func (f Format) String() string {
	if f < 0 || int(f) >= len(formatNames) {
		return fmt.Sprintf("Format(%d)", int(f))
	}
	return formatNames[f]
}

// Set sets the format by its name.
func (f *Format) Set(name string) error {
	for i, n := range formatNames {
		if n == name {
			*f = Format(i)
			return nil
		}
	}
	return fmt.Errorf("format %q: want text or openmetrics", name)
}

// Type returns the name of the value in a flag's usage.
func (f *Format) Type() string { return "format" }

// ContentType returns the format's HTTP content type. It declares that names are
// not escaped: [Write] quotes names instead.
func (f Format) ContentType() string {
	kind := expfmt.TypeTextPlain
	if f == OpenMetrics {
		kind = expfmt.TypeOpenMetrics
	}
	return string(expfmt.NewFormat(kind).WithEscapingScheme(model.NoEscaping))
}
