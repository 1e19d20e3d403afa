package decomp_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/decomp"
)

// TestUntil stops readers on their way to an offset, at many of the questions.
func TestUntil(t *testing.T) {
	errEnough := errors.New("enough")
	wholeForms(t, func(t *testing.T, data, file []byte) {
		spill, _ := spilling(t, 1<<30)
		full, _ := spilling(t, tight)
		for name, c := range map[string]*decomp.Cache{
			"nothing is kept": decomp.NewCache(0), "memory": decomp.NewCache(8 << 20), "files": spill, "full files": full,
		} {
			f := open(t, file, decomp.Limits{}, c)
			stops, questions := 0, 0 // of a reading to the end
			for at := 1; ; at += 1 + at/3 {
				asked := 0
				r := f.NewReader(longSample - 10)
				r.Until(func() error {
					if asked++; asked == at {
						return errEnough
					}
					return nil
				})
				got, err := io.ReadAll(r)
				require.NoError(t, r.Close())
				if err == nil {
					require.True(t, bytes.Equal(data[longSample-10:], got))
					questions = asked
					break
				}
				require.ErrorIs(t, err, errEnough, name)
				require.Equal(t, at, asked, name)
				stops++
			}
			assert.GreaterOrEqual(t, stops, 1, name)
			if name == "nothing is kept" {
				assert.Greater(t, questions, longSample>>16, "it asks every 64 KiB")
			}
		}
	})
}
