package archive_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestSeekPastDamagedTime flips each bit of the time of a record that begins a volume. Without
// an index, a query from any time on yields all other records.
func TestSeekPastDamagedTime(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		base, all := writeTimed(t, v, rhythms["three groups"], 40)
		require.NoError(t, os.Remove(base+".index"))
		for victim := 1; victim < len(all); victim++ {
			if all[victim].pos.Volume == all[victim-1].pos.Volume {
				continue
			}
			for bit := range timeBits[v] {
				restore := flip(t, all[victim].pos.File, all[victim].pos.Offset+4+int64(bit/8), byte(1<<(bit%8)))
				for _, from := range []int{victim - 5, victim - 1, victim, victim + 1, victim + 2, len(all) - 1} {
					where := fmt.Sprint("record ", victim, ", bit ", bit, ", from record ", from)
					var want []string
					for i := from; i < len(all); i++ {
						if i != victim {
							want = append(want, all[i].String())
						}
					}
					r, err := archive.Open(base, nil)
					require.NoError(t, err, where)
					got := timedSteps(t, r.Steps(history.Query{From: all[from].stamp}))
					got = slices.DeleteFunc(got, func(s string) bool { return !slices.Contains(want, s) })
					assert.Equal(t, want, got, where)
				}
				restore()
			}
		}
	})
}

// TestDamagedIndexTimes flips each bit of the time of each index entry. No reader yields
// anything else than without damage, and the archive ends when it did.
func TestDamagedIndexTimes(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		for number, name := range slices.Sorted(maps.Keys(rhythms)) {
			base, all := writeTimed(t, v, rhythms[name], 40)
			r, err := archive.Open(base, nil)
			require.NoError(t, err)
			entries := len(r.Hints())
			require.Greater(t, entries, 3)
			for bit := range timeBits[v] {
				for e := range entries {
					if !turn(bit, number+e) {
						continue
					}
					at := archive.HeaderSize(v) + int64(e)*archive.IndexEntrySize(v) + int64(bit/8)
					restore := flip(t, base+".index", at, byte(1<<(bit%8)))
					where := fmt.Sprint(name, ": entry ", e, ", bit ", bit)
					sameAnswers(t, base, all, (bit+e)%len(all), where)
					restore()
				}
			}
		}
	})
}

// sameAnswers checks that readers yield all records, and those from one on.
func sameAnswers(t *testing.T, base string, all []timedRecord, from int, where string) {
	t.Helper()
	for reader, read := range timeReaders {
		first := 0
		if reader == "bounded" || reader == "backward, bounded" {
			first = from
		}
		want := make([]string, 0, len(all))
		for _, rec := range all[first:] {
			want = append(want, rec.String())
		}
		r, err := archive.Open(base, nil)
		require.NoError(t, err, where)
		assert.Equal(t, want, read(t, r, all[first].stamp, all[len(all)-1].stamp), "%s: %s", where, reader)
		end, err := r.End()
		require.NoError(t, err, where)
		assert.Equal(t, all[len(all)-1].stamp, end, "%s: end", where)
	}
}
