package instant_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestEnds: a reading back from the instant, and one forward from an earlier instant, ends with the context
// and leaves nothing incomplete in the Cache.
func TestEnds(t *testing.T) {
	const records = 40
	s := instant.Host(host(t, archtest.Seldom(t, "m.once", records)).Sets()[0])
	end := pcp.TimestampOf(archtest.TargetsBegin.Add(records * time.Second))
	want := values(t, instant.NewCache(instant.Options{}), s, end.Sec)
	for _, first := range []bool{false, true} {
		archtest.Ends(t, records, func(ctx context.Context) error {
			c := instant.NewCache(instant.Options{})
			if first {
				values(t, c, s, pcp.TimestampOf(archtest.TargetsBegin).Sec)
			}
			_, err := c.At(ctx, s, end, nil)
			require.Equal(t, want, values(t, c, s, end.Sec))
			return err
		})
	}
}
