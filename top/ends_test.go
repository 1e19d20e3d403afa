package top_test

import (
	"context"
	"testing"
	"time"

	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/top"
)

// TestEnds: reading ends with the context, even if the counters wanted are recorded seldom.
func TestEnds(t *testing.T) {
	const records = 40
	set := storetest.Open(t, archtest.Seldom(t, "disk.dev.write_bytes", records))
	archtest.Ends(t, records, func(ctx context.Context) error {
		_, err := top.At(ctx, set, top.Options{At: pcp.TimestampOf(archtest.TargetsBegin), Window: time.Hour})
		return err
	})
}
