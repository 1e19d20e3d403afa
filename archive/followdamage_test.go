package archive_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

// followStrictly follows an archive in strict mode, which ends at damage.
func followStrictly(t *testing.T, base string) (f following, stop func()) {
	return followWith(t, base, &archive.ReadOptions{Poll: often.Poll, Strict: true}, history.Query{})
}

// TestFollowDamage checks that damage is skipped once a record follows it, and
// that strict mode ends the sequence.
func TestFollowDamage(t *testing.T) {
	for name, tt := range map[string]struct {
		damage func(t *testing.T, base string, data []byte, header, size int64)
		want   string
		before int // number of steps read before the damage
	}{
		"bad length":  {func(t *testing.T, base string, data []byte, header, size int64) { data[header+size+3] ^= 0x03 }, "", 1},
		"bad trailer": {func(t *testing.T, base string, data []byte, header, size int64) { data[header+2*size-1] ^= 0x80 }, "trailer differ", 1},
		"bad contents": {func(t *testing.T, base string, data []byte, header, size int64) {
			data[header+size+19] ^= 0x80
		}, ".0: offset ", 1},
		"cut": {func(t *testing.T, base string, data []byte, header, size int64) {
			require.NoError(t, os.WriteFile(base+".0", data, 0o644))
			f, stop := follow(t, base, history.Query{})
			defer stop()
			f.next(t)
			f.next(t)
			require.NoError(t, os.Truncate(base+".0", header+3))
			require.ErrorContains(t, f.ending(t), fmt.Sprintf("the file was cut to %d bytes", header+3))
		}, "", 2},
		"removed": {func(t *testing.T, base string, data []byte, header, size int64) {
			f, stop := follow(t, base, history.Query{})
			defer stop()
			f.next(t)
			f.next(t)
			for _, suffix := range []string{".0", ".meta", ".index"} {
				require.NoError(t, os.Remove(base+suffix))
			}
			require.ErrorIs(t, f.ending(t), fs.ErrNotExist)
			archtest.WriteSample(t, base, pcp.V3)
		}, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			base, header := threeVolumes(t, pcp.V3)
			for _, suffix := range []string{".1", ".2", ".index"} {
				if name != "removed" || suffix != ".index" {
					require.NoError(t, os.Remove(base+suffix))
				}
			}
			data, err := os.ReadFile(base + ".0")
			require.NoError(t, err)
			size := (int64(len(data)) - header) / 2
			tt.damage(t, base, data, header, size)
			if tt.want == "" {
				return
			}
			require.NoError(t, os.WriteFile(base+".0", data, 0o644))
			f, stop := followStrictly(t, base)
			for range tt.before {
				f.next(t)
			}
			err = f.ending(t)
			requireLocated(t, err)
			assert.ErrorContains(t, err, tt.want)
			stop()

			f, stop = follow(t, base, history.Query{})
			defer stop()
			for range tt.before {
				f.next(t)
			}
			f.nothing(t)
			grow(t, base+".0", data[header:header+size])
			for range 3 - tt.before {
				if step := f.next(t); strings.HasSuffix(step, "sample.count=0") {
					return
				}
			}
			assert.Fail(t, "the record after the damage does not come")
		})
	}
}

// TestFollowTornVolume checks that an incomplete volume is damage if another
// volume follows it.
func TestFollowTornVolume(t *testing.T) {
	base, _ := threeVolumes(t, pcp.V3)
	info, err := os.Stat(base + ".1")
	require.NoError(t, err)
	require.NoError(t, os.Truncate(base+".1", info.Size()-3))
	f, stop := follow(t, base, history.Query{})
	for sec := range 3 {
		assert.Equal(t, fmt.Sprintf("%d sample.count=%d", sec+1, sec), f.next(t))
	}
	assert.Equal(t, "3 mark", f.next(t))
	assert.Equal(t, "5 sample.count=4", f.next(t))
	stop()

	f, stop = followStrictly(t, base)
	defer stop()
	for range 3 {
		f.next(t)
	}
	err = f.ending(t)
	require.ErrorIs(t, err, pcp.ErrUnfinished)
	requireLocated(t, err)
}

// TestFollowCompressed compresses volumes while they are followed, one of which
// the follower skips.
func TestFollowCompressed(t *testing.T) {
	base, header := threeVolumes(t, pcp.V3)
	raw, err := os.ReadFile(base + ".2")
	require.NoError(t, err)
	require.NoError(t, os.Remove(base+".2"))
	packers[0].pack(t, base+".0")
	require.NoError(t, os.WriteFile(base+".1", []byte("half"), 0o644))
	f, stop := follow(t, base, history.Query{})
	defer stop()
	assert.Equal(t, "1 sample.count=0", f.next(t))
	assert.Equal(t, "2 sample.count=1", f.next(t))
	f.nothing(t)
	require.NoError(t, os.WriteFile(base+".2", raw[:header], 0o644))
	f.nothing(t)
	two, err := os.OpenFile(base+".2", os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	_, err = two.Write(raw[header:])
	require.NoError(t, err)
	require.NoError(t, two.Close())
	assert.Equal(t, "2 mark", f.next(t), "of the volume that is passed over")
	assert.Equal(t, "5 sample.count=4", f.next(t))
	packers[6].pack(t, base+".meta")
	assert.Equal(t, "6 sample.count=5", f.next(t))
}

// TestFollowDamagedTime appends a record with a time far ahead, which waits for the next one.
func TestFollowDamagedTime(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		base, all := writeTimed(t, v, rhythms["one group"], 20)
		raw, err := os.ReadFile(base + ".2")
		require.NoError(t, err)
		cut := all[18].pos.Offset
		require.NoError(t, os.WriteFile(base+".2", raw[:cut], 0o644))
		far := bytes.Clone(raw[cut:all[19].pos.Offset])
		far[4] ^= 0x10
		f, stop := follow(t, base, history.Query{})
		defer stop()
		for range 18 {
			f.next(t)
		}
		grow(t, base+".2", far)
		f.nothing(t)
		grow(t, base+".2", raw[all[19].pos.Offset:])
		assert.Contains(t, f.next(t), "mark")
		assert.Contains(t, f.next(t), "a.b=20")
	})
}
