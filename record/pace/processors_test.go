package pace

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProcessors(t *testing.T) {
	var p processors
	for range calmFor - 1 {
		assert.False(t, p.next(0.1))
	}
	assert.False(t, p.next(0.4), "not calm")
	for range calmFor - 1 {
		assert.False(t, p.next(0.1))
	}
	assert.True(t, p.next(0.1))
	assert.True(t, p.one)
	assert.False(t, p.next(0.4), "one processor can do this")
	assert.True(t, p.next(0.9))
	assert.False(t, p.one)
	assert.False(t, p.next(0.1), "calm for a moment")
	assert.False(t, p.next(2))
}

// A process without work gets along with one processor until the end.
func TestTuneProcessors(t *testing.T) {
	if _, ok := processorTime(); !ok || runtime.NumCPU() == 1 {
		t.Skip("needs two processors and their times")
	}
	if os.Getenv("GOMAXPROCS") != "" {
		t.Skip("GOMAXPROCS says how many processors there are")
	}
	all := runtime.GOMAXPROCS(0)
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tuneProcessors(stop, 10*time.Millisecond)
	}()
	require.Eventually(t, func() bool { return runtime.GOMAXPROCS(0) == 1 }, time.Minute, 20*time.Millisecond)
	close(stop)
	<-ended
	assert.Equal(t, all, runtime.GOMAXPROCS(0))
}
