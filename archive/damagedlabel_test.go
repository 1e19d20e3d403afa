package archive_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestDamagedLabels flips each bit of the label of each file. The labels of the other files
// prove every field, so that nothing is lost, and the damage is named once at most.
func TestDamagedLabels(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		d := writeDescribed(t, v, 8)
		header := *d.open(t, "").Header()
		for _, suffix := range []string{".meta", ".index", ".0", ".1", "no index: .0", "no index: .meta"} {
			suffix, unindexed := strings.CutPrefix(suffix, "no index: ")
			if unindexed {
				require.NoError(t, os.RemoveAll(d.base+".index"))
			}
			raw, err := os.ReadFile(d.base + suffix)
			require.NoError(t, err)
			size := int(archive.HeaderSize(v))
			for bit := range size * 8 {
				at := bit / 8
				if at > 48 && at < size-4 && raw[at] == 0 && raw[at-1] == 0 || unindexed && bit%5 > 0 {
					continue // room after a text
				}
				where := fmt.Sprintf("%s: byte %d, bit %d", suffix, at, bit%8)
				restore := flip(t, d.base+suffix, int64(at), 1<<(bit%8))
				r := d.open(t, where)
				assertAnswers(t, d.answers, answersOf(t, r, history.Query{}), where)
				got := *r.Header()
				got.Features = header.Features // readers do not use them
				assert.Equal(t, header, got, where)
				assert.Equal(t, unindexed, len(r.Hints()) == 0, where)
				end, err := r.End()
				assert.NoError(t, err, where)
				assert.Equal(t, header.Start.Add(7*10_000_000_000), end, where)
				if assert.LessOrEqual(t, len(r.Warnings()), 1, where) && len(r.Warnings()) > 0 {
					assert.ErrorContains(t, r.Warnings()[0], filepath.Base(d.base)+suffix+": offset ", where)
				}
				restore()
			}
		}
	})
}

// TestLoadNamesDamagedLabel loads an archive after its label was mended. The damage is named.
func TestLoadNamesDamagedLabel(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		d := writeDescribed(t, v, 8)
		header := *d.open(t, "").Header()
		defer flip(t, d.base+".0", 10, 1)()
		o := (&archive.ReadOptions{}).Shared()
		state, err := o.Listing.State(d.base, nil)
		require.NoError(t, err)
		label, err := archive.OpenState(state, o)
		require.NoError(t, err)
		r, err := label.Load()
		require.NoError(t, err)
		assert.Equal(t, header, *r.Header())
		require.Len(t, r.Warnings(), 1)
		assert.ErrorContains(t, r.Warnings()[0], d.base+".0: offset 0: label record: PID: ")
	})
}
