//go:build !unix

package scrape_test

import (
	"testing"
	"time"
)

// cpuTime is not known here.
func cpuTime(b *testing.B) time.Duration {
	b.Skip("processor time is read on Unix only")
	return 0
}
