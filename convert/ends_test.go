package convert_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/store"
)

// TestCopyEnds: steps of an archive end with the context, even if the metrics wanted are recorded seldom.
func TestCopyEnds(t *testing.T) {
	const records = 40
	set, err := store.OpenSet([]string{archtest.Seldom(t, "m.once", records)}, nil)
	require.NoError(t, err)
	q := history.Query{Metrics: func(d *meta.Desc) bool { return d.Name() == "m.once" }}
	archtest.Ends(t, records, func(ctx context.Context) error {
		return convert.Copy(ctx, discard{}, convert.FromArchive(set, q))
	})
}
