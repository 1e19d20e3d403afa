package write

import (
	"fmt"

	"github.com/pcparchive/pcparchive/convert/tsdb/block"
)

// OrderError is the error for a sample that comes too late to be stored. It
// changes nothing: Blocks goes on with the next sample.
type OrderError struct {
	Series string // as Prometheus writes it
	Time   int64  // of the sample, in milliseconds
	// Last is the time of the series' last sample or, with Window, the start of
	// the window that is being gathered: those before it are written.
	Last   int64
	Window bool
}

// Error says which sample it was and what it came after.
func (e *OrderError) Error() string {
	what := "a sample at"
	if e.Window {
		what = "the block that starts at"
	}
	return fmt.Sprintf("%s: sample at %s comes after %s %s", e.Series, block.FormatTime(e.Time), what, block.FormatTime(e.Last))
}
