package assemble_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/assemble"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/endctx"
	"github.com/pcparchive/pcparchive/internal/sinktest"
)

// counter is a history.Sink that counts steps.
type counter int

func (c *counter) Put(*history.Step) error { *c++; return nil }
func (*counter) Close() error              { return nil }

// TestFlushEnds ends the context at each check of the last step, which has the series
// of several sources: the sink gets the step only if the context lives to its end.
func TestFlushEnds(t *testing.T) {
	const sources = 3
	for n := 1; ; n++ {
		m, err := mapper.New(mapper.Options{Host: "h"})
		require.NoError(t, err)
		var steps counter
		a := assemble.New(&steps, m, assemble.Options{})
		for i := range sources {
			s := &prom.Series{Name: "m", ID: i, Labels: []prom.Label{{Name: "job", Value: string(rune('a' + i))}}}
			require.NoError(t, sinktest.Put(a, s, 1, 1))
		}
		err = a.Flush(endctx.At(n))
		require.NoError(t, a.Close())
		if err == nil {
			require.Greater(t, n, sources)
			require.EqualValues(t, 1, steps)
			return
		}
		require.ErrorIs(t, err, context.Canceled)
		require.Zero(t, steps)
	}
}
