package store_test

import (
	"errors"
	"iter"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/history"
)

// TestStop ends passes over several archives at each question. The pass ends with the
// error, which is no problem of an archive.
func TestStop(t *testing.T) {
	dir := t.TempDir()
	for i, name := range []string{"mon", "tue", "wed"} {
		record(t, filepath.Join(dir, name), "db1", 100*int64(i+1))
	}
	h := open(t, dir)
	want := content(t, h)
	errEnough := errors.New("enough")
	for _, read := range []func(history.Query) iter.Seq2[*history.Step, error]{h.Sets()[0].Steps, h.Sets()[0].Backward} {
		stops := 0
		for at := 1; ; at++ {
			asked := 0
			var last error
			for _, err := range read(history.Query{Stop: func() error {
				if asked++; asked >= at {
					return errEnough
				}
				return nil
			}}) {
				last = err
			}
			if last == nil && asked < at {
				break
			}
			require.ErrorIs(t, last, errEnough)
			stops++
		}
		assert.GreaterOrEqual(t, stops, 6, "each record is preceded by a question")
	}
	assert.Empty(t, h.Problems())
	assert.Equal(t, want, content(t, h))
}
