package archive_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestDamagedIndex flips each bit of each index entry. Queries from several times on answer as
// without an index, the archive ends as before, and the other entries remain.
func TestDamagedIndex(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		d := writeDescribed(t, v, 16)
		r := d.open(t, "")
		entries := slices.Clone(r.Index())
		require.GreaterOrEqual(t, len(entries), 5)
		end, err := r.End()
		require.NoError(t, err)
		var froms []pcp.Timestamp
		var want [][]string
		for i := range 4 {
			froms = append(froms, r.Header().Start.Add(time.Duration(i)*50*time.Second))
			want = append(want, slices.DeleteFunc(slices.Clone(d.answers), func(s string) bool { return s < froms[i].String() }))
		}
		size, head := archive.IndexEntrySize(v), archive.HeaderSize(v)
		for i := range entries {
			for bit := range int(size) * 8 {
				where := fmt.Sprint("entry ", i, ", bit ", bit)
				restore := flip(t, d.base+".index", head+int64(i)*size+int64(bit/8), 1<<(bit%8))
				r := d.open(t, where)
				q := (bit + i) % len(froms)
				assertAnswers(t, want[q], answersOf(t, r, history.Query{From: froms[q]}), where)
				got, err := r.End()
				assert.NoError(t, err, where)
				assert.Equal(t, end, got, where)
				assert.GreaterOrEqual(t, len(r.Hints()), len(entries)-2, where)
				if assert.LessOrEqual(t, len(r.Warnings()), 1, where) && len(r.Warnings()) > 0 {
					assert.ErrorContains(t, r.Warnings()[0], filepath.Base(d.base)+".index: offset ", where)
				}
				restore()
			}
		}
	})
}

// TestDamagedIndexOfCompressed flips each bit of the last index entries of an archive that is
// compressed in one block, so that its end is estimated. The damage moves the estimate by a
// few minutes at most.
func TestDamagedIndexOfCompressed(t *testing.T) {
	if _, err := exec.LookPath("xz"); err != nil {
		t.Skip("no xz")
	}
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		for _, rhythm := range []string{"one group", "days"} {
			base, all := writeTimed(t, v, rhythms[rhythm], 400)
			var volumes []string
			for n := range 3 {
				volumes = append(volumes, fmt.Sprint(base, ".", n))
			}
			require.NoError(t, exec.Command("xz", volumes...).Run())
			last := all[len(all)-1]
			var index []byte
			for i := range 6 { // evenly in the last volume
				rec := all[len(all)-1-(5-i)*20]
				entry := archive.IndexEntry{Stamp: rec.stamp, Volume: int32(last.pos.Volume), Meta: archive.HeaderSize(v), Data: rec.pos.Offset}
				index = append(index, archive.EncodeIndexEntry(entry, v)...)
			}
			raw, err := os.ReadFile(base + ".index")
			require.NoError(t, err)
			raw = append(raw[:archive.HeaderSize(v)], index...)
			for bit := range len(index) * 8 {
				if *allTimes || bit/8 >= len(index)*5/6 || bit%7 == 0 {
					where := fmt.Sprint(rhythm, ", bit ", bit)
					at := int(archive.HeaderSize(v)) + bit/8
					raw[at] ^= 1 << (bit % 8)
					require.NoError(t, os.WriteFile(base+".index", raw, 0o644))
					raw[at] ^= 1 << (bit % 8)
					r, err := archive.Open(base, nil)
					require.NoError(t, err, where)
					end, err := r.Ending()
					require.NoError(t, err, where)
					assert.LessOrEqual(t, end.Sub(last.stamp).Abs(), archive.EndSlack, where)
					assert.LessOrEqual(t, len(r.Warnings()), 1, where)
				}
			}
		}
	})
}
