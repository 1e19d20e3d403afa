package archtest

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/endctx"
	"github.com/pcparchive/pcparchive/pcp"
)

// Seldom writes an archive of the host web1 with a record each second from TargetsBegin on. All have the
// metric m.often, the first one alone has a counter of the given name.
func Seldom(t testing.TB, counter string, records int) (base string) {
	t.Helper()
	base = filepath.Join(t.TempDir(), "seldom")
	b, err := archive.NewBuilder(base, "web1", nil)
	require.NoError(t, err)
	b.Metric(counter, pcp.TypeU64, pcp.SemCounter, pcp.Units{}).Set(1)
	often := b.Metric("m.often", pcp.TypeU32, pcp.SemInstant, pcp.Units{})
	for i := range records {
		often.Set(i)
		require.NoError(t, b.Record(TargetsBegin.Add(time.Duration(i)*time.Second)))
	}
	require.NoError(t, b.Close())
	return base
}

// Ends ends the context of a reading at each of its questions in turn. The reading must ask before each
// record, fail when its context has ended, and ask little after that.
func Ends(t *testing.T, records int, read func(context.Context) error) {
	t.Helper()
	for at := 1; ; at++ {
		ctx := endctx.At(at)
		err := read(ctx)
		ended := ctx.Ended()
		if err == nil {
			require.Greater(t, at, records, "questions")
		}
		if !ended {
			require.NoError(t, err)
			return
		}
		if err != nil { // else the last question came after the reading
			require.ErrorIs(t, err, context.Canceled, "question %d", at)
		}
		assert.LessOrEqual(t, ctx.Checks(), at+8, "question %d", at)
	}
}
