package parallel_test

import (
	"errors"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/internal/parallel"
)

func TestDo(t *testing.T) {
	calls := make([]atomic.Int32, 1000)
	assert.NoError(t, parallel.Do(len(calls), func(i int) error {
		calls[i].Add(1)
		return nil
	}))
	for i := range calls {
		assert.EqualValues(t, 1, calls[i].Load())
	}
	assert.NoError(t, parallel.Do(0, nil))
}

// TestDoFails checks that the error is that of the first call, not of the one that failed
// first, and that a failure ends the calls.
func TestDoFails(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	first, second := errors.New("first"), errors.New("second")
	var calls atomic.Int32
	failed := make(chan struct{})
	err := parallel.Do(1_000_000, func(i int) error {
		calls.Add(1)
		switch i {
		case 0:
			<-failed
			return first
		case 1:
			close(failed)
			return second
		}
		return nil
	})
	assert.Equal(t, first, err)
	assert.Less(t, calls.Load(), int32(1_000_000))
}
