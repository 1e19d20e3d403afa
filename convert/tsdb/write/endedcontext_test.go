package write_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/internal/blocktest"
	"github.com/pcparchive/pcparchive/internal/endctx"
	"github.com/pcparchive/pcparchive/internal/sinktest"
)

// TestBlockAfterEnd ends the context of a writer at each place where it asks. Between two
// questions it does a bounded piece of work: it asks before each wait for the disk and every few
// series. After the end it asks a few times more, to give up, writes no block, and leaves
// the folder as it was.
func TestBlockAfterEnd(t *testing.T) {
	const series, of = 300, 64 // and the series between two questions
	for at := 1; ; at++ {
		dir := t.TempDir()
		ctx := endctx.At(at)
		b, err := write.NewBlocks(dir, write.Options{Context: ctx})
		require.NoError(t, err)
		for i := range series {
			require.NoError(t, sinktest.Put(b, blocktest.NewSeries(i, "m", fmt.Sprint("a", i)), blocktest.Noon, 1))
		}
		err = b.Flush(t.Context())
		require.NoError(t, b.Close())
		if err == nil {
			assert.Greater(t, at, 4*(series/of)+6, "places where the writer asks")
			assert.Len(t, b.Written(), 1)
			return
		}
		require.ErrorIs(t, err, context.Canceled, "question %d", at)
		assert.LessOrEqual(t, ctx.Checks(), at+6, "question %d", at)
		assert.Empty(t, b.Written())
		assert.Empty(t, blocktest.Listing(t, dir), "question %d", at)
	}
}
