package record

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// A turn ends with the record, or when its target does not answer, or when the record takes
// very long. Few are under way at the same time.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &firsts{slots: make(chan struct{}, 2), ending: make(chan struct{})}
		began := time.Now()
		var quick, silent, stuck, next, last turn
		quick.begin(f)
		quick.writes()
		quick.end()
		quick.end()
		silent.begin(f)
		stuck.begin(f)
		stuck.writes()
		next.begin(f) // waits for silent
		assert.Equal(t, longestAsking, time.Since(began))
		silent.writes()
		silent.end()
		next.writes()
		last.begin(f) // waits for stuck
		assert.Equal(t, longestAsking+longestWriting, time.Since(began))
		last.end()
		next.end()
		assert.Empty(t, f.slots)

		f.slots <- struct{}{}
		f.slots <- struct{}{}
		close(f.ending)
		var late turn
		late.begin(f) // does not wait
		late.end()
		assert.Len(t, f.slots, 2)
	})
}
