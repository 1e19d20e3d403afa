//go:build !unix

package pace

import "time"

// processorTime returns false: the number of processors stays as it is.
func processorTime() (used time.Duration, ok bool) { return 0, false }
