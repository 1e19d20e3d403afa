package summary_test

import (
	"context"
	"testing"

	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/summary"
)

// TestEnds: reading ends with the context, even if the metrics wanted are recorded seldom.
func TestEnds(t *testing.T) {
	const records = 40
	set := storetest.Open(t, archtest.Seldom(t, "m.once", records))
	once := func(d *meta.Desc) bool { return d.Name() == "m.once" }
	archtest.Ends(t, records, func(ctx context.Context) error {
		_, err := summary.Present(ctx, set, once, pcp.Timestamp{}, pcp.Timestamp{})
		return err
	})
	archtest.Ends(t, records, func(ctx context.Context) error {
		_, err := summary.Of(ctx, set, summary.Options{Metrics: once})
		return err
	})
}
