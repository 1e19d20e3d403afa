package write_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/internal/blocktest"
	"github.com/pcparchive/pcparchive/internal/sinktest"
)

// endingContext ends when its error is asked for the n-th time.
type endingContext struct {
	context.Context
	end   context.CancelFunc
	asked atomic.Int64
	at    int64
}

func (c *endingContext) Err() error {
	if c.asked.Add(1) == c.at {
		c.end()
	}
	return c.Context.Err()
}

// TestBlockAfterEnd ends the context of a writer at each place where it asks. Between two
// questions it does a bounded piece of work: it asks before each wait for the disk and every few
// series. After the end it asks a few times more, to give up, writes no block, and leaves
// the folder as it was.
func TestBlockAfterEnd(t *testing.T) {
	const series, of = 300, 64 // and the series between two questions
	for at := int64(1); ; at++ {
		dir := t.TempDir()
		ctx := &endingContext{at: at}
		ctx.Context, ctx.end = context.WithCancel(t.Context())
		b, err := write.NewBlocks(dir, write.Options{Context: ctx})
		require.NoError(t, err)
		for i := range series {
			require.NoError(t, sinktest.Put(b, blocktest.NewSeries(i, "m", fmt.Sprint("a", i)), blocktest.Noon, 1))
		}
		err = b.Flush(t.Context())
		require.NoError(t, b.Close())
		if err == nil {
			assert.Greater(t, at, int64(4*(series/of)+6), "places where the writer asks")
			assert.Len(t, b.Written(), 1)
			ctx.end()
			return
		}
		require.ErrorIs(t, err, context.Canceled, "question %d", at)
		assert.LessOrEqual(t, ctx.asked.Load(), at+6, "question %d", at)
		assert.Empty(t, b.Written())
		assert.Empty(t, blocktest.Listing(t, dir), "question %d", at)
	}
}
