package write

import (
	"fmt"

	"github.com/pcparchive/pcparchive/convert/tsdb/block"
)

// OrderError is the error for a sample that comes too late to be stored. Blocks drops the
// sample and can take the next one.
type OrderError struct {
	Series string // in Prometheus' notation
	Time   int64  // time of the sample in milliseconds
	// Last is the time of the last sample of the series. If Window is true, it is the
	// start of the open window: Blocks has written the windows before it.
	Last   int64
	Window bool
}

// Error names the sample and the previous sample.
func (e *OrderError) Error() string {
	what := "a sample at"
	if e.Window {
		what = "the block that starts at"
	}
	return fmt.Sprintf("%s: sample at %s comes after %s %s", e.Series, block.FormatTime(e.Time), what, block.FormatTime(e.Last))
}
