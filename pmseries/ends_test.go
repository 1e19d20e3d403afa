package pmseries

import (
	"context"
	"testing"
	"time"

	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestEnds: a question ends with its context, even if the metrics it names are recorded seldom.
func TestEnds(t *testing.T) {
	const records = 40
	v := viewOf(t, archtest.Seldom(t, "m.once", records))
	end := pcp.TimestampOf(archtest.TargetsBegin.Add(records * time.Second))
	archtest.Ends(t, records, func(ctx context.Context) error {
		_, err := NewEngine(Options{}).Query(ctx, v, Times{Present: end}, "m.once[start:-1h]")
		return err
	})
}
