package archive_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestDamagedStart flips each bit of the start in the first volume's label. The reader takes
// that of another file and yields every record.
func TestDamagedStart(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		for _, indexed := range []bool{true, false} {
			base, all := writeTimed(t, v, rhythms["one group"], 40)
			if !indexed {
				require.NoError(t, os.Remove(base+".index"))
			}
			for bit := range map[pcp.Version]int{pcp.V2: 32, pcp.V3: 64}[v] { // the seconds
				restore := flip(t, base+".0", 12+int64(bit/8), byte(1<<(bit%8)))
				r, err := archive.OpenLabel(base, nil)
				require.NoError(t, err)
				where := fmt.Sprint("bit ", bit)
				if r.Header().Start != all[0].stamp {
					assert.LessOrEqual(t, r.Header().Start.Sub(all[0].stamp).Abs(), time.Second, where)
				} else if assert.Len(t, r.Warnings(), 1, where) {
					assert.ErrorContains(t, r.Warnings()[0], base+".0: offset 0: label record: start: ", where)
				}
				r, err = archive.Open(base, nil)
				require.NoError(t, err)
				assert.Len(t, timedSteps(t, r.Steps(history.Query{From: all[0].stamp, To: all[39].stamp})), len(all), where)
				assert.LessOrEqual(t, len(r.Warnings()), 1, where)
				restore()
			}
		}
	})
}
