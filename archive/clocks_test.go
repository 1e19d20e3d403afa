package archive_test

import (
	"iter"
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

// setTimes gives the records of an archive other times.
func setTimes(t *testing.T, v pcp.Version, all []timedRecord, from int, times ...pcp.Timestamp) {
	t.Helper()
	for i, stamp := range times {
		rec := all[from+i]
		f, err := os.OpenFile(rec.pos.File, os.O_WRONLY, 0)
		require.NoError(t, err)
		entry := archive.EncodeIndexEntry(archive.IndexEntry{Stamp: stamp}, v)
		_, err = f.WriteAt(entry[:map[pcp.Version]int{pcp.V2: 8, pcp.V3: 12}[v]], rec.pos.Offset+4)
		require.NoError(t, err)
		require.NoError(t, f.Close())
	}
}

// TestClocks has clocks that were set and several damaged times in a row.
func TestClocks(t *testing.T) {
	far := pcp.Timestamp{Sec: 2_000_000_000}
	shifted := func(all []timedRecord, from, to int, by time.Duration) (times []pcp.Timestamp) {
		for _, rec := range all[from:to] {
			times = append(times, rec.stamp.Add(by))
		}
		return times
	}
	for name, tt := range map[string]struct {
		from  int
		times func(all []timedRecord) []pcp.Timestamp
		lost  int // number of records, beginning at from
	}{
		"one ahead":           {20, func([]timedRecord) []pcp.Timestamp { return []pcp.Timestamp{far} }, 1},
		"two ahead":           {20, func([]timedRecord) []pcp.Timestamp { return []pcp.Timestamp{far, far.Add(1e18)} }, 2},
		"two, later first":    {20, func([]timedRecord) []pcp.Timestamp { return []pcp.Timestamp{far, far.Add(-1e17)} }, 2},
		"ahead and back":      {20, func([]timedRecord) []pcp.Timestamp { return []pcp.Timestamp{far, {Sec: 1000}, far.Add(1e15)} }, 3},
		"three by one bit":    {20, func(all []timedRecord) []pcp.Timestamp { return shifted(all, 20, 23, 1<<28*time.Second) }, 3},
		"three back":          {20, func(all []timedRecord) []pcp.Timestamp { return shifted(all, 20, 23, -1<<28*time.Second) }, 3},
		"first two":           {0, func([]timedRecord) []pcp.Timestamp { return []pcp.Timestamp{far, far} }, 2},
		"suspended":           {20, func(all []timedRecord) []pcp.Timestamp { return shifted(all, 20, 40, 30*24*time.Hour) }, 0},
		"suspended at an end": {39, func(all []timedRecord) []pcp.Timestamp { return shifted(all, 39, 40, 2*time.Hour) }, 0},
		"twice suspended": {20, func(all []timedRecord) []pcp.Timestamp {
			return append(shifted(all, 20, 22, 9*time.Hour), shifted(all, 22, 40, 99*time.Hour)...)
		}, 0},
		"set back an hour":   {20, func(all []timedRecord) []pcp.Timestamp { return shifted(all, 20, 40, -time.Hour) }, 0},
		"set back a bit":     {20, func(all []timedRecord) []pcp.Timestamp { return shifted(all, 20, 40, -13*time.Second) }, 0},
		"set back at an end": {36, func(all []timedRecord) []pcp.Timestamp { return shifted(all, 36, 40, -time.Hour) }, 0},
		"set back at first":  {2, func(all []timedRecord) []pcp.Timestamp { return shifted(all, 2, 40, -time.Hour) }, 0},
		"slip": {20, func(all []timedRecord) []pcp.Timestamp {
			return []pcp.Timestamp{all[19].stamp.Add(-9 * time.Microsecond)}
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
				base, all := writeTimed(t, v, rhythms["one group"], 40)
				require.NoError(t, os.Remove(base+".index"))
				setTimes(t, v, all, tt.from, tt.times(all)...)
				all = timedRecords(t, base)
				want := []string{}
				for i, rec := range all {
					if i < tt.from || i >= tt.from+tt.lost {
						want = append(want, rec.String())
					}
				}
				for reader, read := range timeReaders {
					r, err := archive.Open(base, nil)
					require.NoError(t, err)
					assert.Equal(t, want, read(t, r, pcp.MinTime, pcp.MaxTime), reader)
					assert.Len(t, r.Warnings(), tt.lost, reader)
				}
				r, err := archive.Open(base, &archive.ReadOptions{Strict: true})
				require.NoError(t, err)
				assert.Len(t, timedSteps(t, r.Steps(history.Query{})), len(all), "strict readers judge no time")
			})
		})
	}
}

// TestMarkForDamagedTime has a mark in place of a record whose time is damaged.
func TestMarkForDamagedTime(t *testing.T) {
	base, all := writeTimed(t, pcp.V2, rhythms["one group"], 40)
	setTimes(t, pcp.V2, all, 20, pcp.Timestamp{Sec: 2_000_000_000})
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	for _, seq := range []iter.Seq2[*history.Step, error]{r.Steps(history.Query{}), r.Backward(history.Query{})} {
		marks := 0
		for step, err := range seq {
			require.NoError(t, err)
			if step.Implied {
				assert.True(t, step.Mark)
				assert.Equal(t, all[19].stamp.Add(archive.MarkAfter), step.Stamp)
				marks++
			}
		}
		assert.Equal(t, 1, marks)
	}
	assert.Len(t, r.Warnings(), 1)
}

// TestEndBesideDamagedTime finds the end of an archive whose last records have damaged times.
func TestEndBesideDamagedTime(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		for _, indexed := range []bool{true, false} {
			base, all := writeTimed(t, v, rhythms["one group"], 40)
			if !indexed {
				require.NoError(t, os.Remove(base+".index"))
			}
			end := func() pcp.Timestamp {
				r, err := archive.Open(base, nil)
				require.NoError(t, err)
				end, err := r.End()
				require.NoError(t, err)
				return end
			}
			assert.Equal(t, all[39].stamp, end())
			setTimes(t, v, all, 38, pcp.Timestamp{Sec: 2_000_000_000})
			assert.Equal(t, all[39].stamp, end(), "the last but one is ahead")
			setTimes(t, v, all, 38, all[38].stamp, pcp.Timestamp{Sec: 1000})
			assert.Equal(t, all[38].stamp, end(), "the last one is far back")
			setTimes(t, v, all, 39, pcp.Timestamp{Sec: 2_000_000_000})
			if indexed {
				assert.Equal(t, all[38].stamp, end(), "by the index, the last one is not that late")
			} else {
				assert.Equal(t, int64(2_000_000_000), end().Sec, "nothing shows that the time is damaged")
			}
		}
	})
}
