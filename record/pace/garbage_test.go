package pace

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestGarbage(t *testing.T) {
	for live, want := range map[uint64]int{0: 100, 50 << 20: 100, 80 << 20: 100, 130 << 20: 60, 200 << 20: 40, 8 << 30: 40} {
		assert.Equal(t, want, percentGC(live), live)
	}
	runtime.GC()
	assert.Positive(t, liveBytes())
	t.Setenv("GOGC", "")
	before := debug.SetGCPercent(70)
	defer debug.SetGCPercent(before)
	undo := Start(Options{AllProcessors: true})
	assert.Equal(t, mostGC, debug.SetGCPercent(mostGC))
	undo()
	assert.Equal(t, 70, debug.SetGCPercent(70))
}
