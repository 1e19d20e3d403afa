package convert

import (
	"time"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
)

// Stages are the stages between steps that a conversion applies. The zero value
// applies none.
type Stages struct {
	// Unwrap continues 32-bit counters over a wrap; see [Unwrap].
	Unwrap bool
	// Step is the interval of [Downsample]; zero keeps every step.
	Step time.Duration
}

// Source returns src with its steps passed through the stages. The report may be
// nil.
func (s Stages) Source(src history.Source, r *prom.Report) history.Source {
	if s.Unwrap {
		src = Through(src, func(dst history.Sink) history.Sink { return NewUnwrap(dst, r) })
	}
	if s.Step > 0 {
		src = Through(src, func(dst history.Sink) history.Sink { return NewDownsample(dst, s.Step, r) })
	}
	return src
}
