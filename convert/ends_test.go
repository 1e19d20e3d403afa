package convert_test

import (
	"context"
	"testing"

	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/meta"
)

// TestCopyEnds: steps of an archive end with the context, even if the metrics wanted are recorded seldom.
func TestCopyEnds(t *testing.T) {
	const records = 40
	set := storetest.Open(t, archtest.Seldom(t, "m.once", records))
	q := history.Query{Metrics: func(d *meta.Desc) bool { return d.Name() == "m.once" }}
	archtest.Ends(t, records, func(ctx context.Context) error {
		return convert.Copy(ctx, discard{}, convert.FromArchive(set, q))
	})
}
