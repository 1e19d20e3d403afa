package archive_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

func TestStopEarly(t *testing.T) {
	r, err := archive.Open(archtest.Sample(t, pcp.V3), nil)
	require.NoError(t, err)
	for range r.Steps(history.Query{}) {
		break
	}
	for _, role := range []archive.Role{archive.RoleMeta, archive.RoleData, archive.RoleIndex} {
		n := 0
		for rec, err := range r.Records(role) {
			require.NoError(t, err)
			assert.Equal(t, role, rec.Pos.Role)
			n++
			break
		}
		assert.Equal(t, 1, n)
	}
}

func TestOpenErrors(t *testing.T) {
	for _, tt := range []struct {
		name, remove, truncate, want string
	}{
		{"no metadata", ".meta", "", ".meta is missing: file does not exist"},
		{"no volume", ".0", "", "it has no data volume: file does not exist"},
		{"empty volume", "", ".0", ".0: offset 0: label record: empty file: no data"},
		{"empty metadata", "", ".meta", ".meta: offset 0: label record: empty file: no data"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base := archtest.Sample(t, pcp.V3)
			if tt.remove != "" {
				require.NoError(t, os.Remove(base+tt.remove))
			} else {
				require.NoError(t, os.Truncate(base+tt.truncate, 0))
			}
			_, err := archive.Open(base, nil)
			assert.ErrorContains(t, err, tt.want)
		})
	}
	base := archtest.Sample(t, pcp.V3)
	require.NoError(t, os.Truncate(base+".index", 0))
	_, err := archive.Open(base, &archive.ReadOptions{Strict: true})
	require.ErrorContains(t, err, ".index: offset 0: label record: empty file: no data")
	base = archtest.Sample(t, pcp.V3)
	_, err = archive.Open(base, &archive.ReadOptions{MaxRecord: 100})
	assert.ErrorIs(t, err, pcp.ErrLimit)
}

// TestRecordsFrom checks that no record is omitted with a good index, a wrong
// one, or none.
func TestRecordsFrom(t *testing.T) {
	base := wideArchive(t, 100)
	const from = 60
	began := func() int64 {
		r, err := archive.Open(base, nil)
		require.NoError(t, err)
		var stamps []int64
		for rec, err := range r.RecordsFrom(pcp.Timestamp{Sec: from}) {
			require.NoError(t, err)
			stamps = append(stamps, rec.Record.(*archive.Result).Stamp.Sec)
		}
		require.NotEmpty(t, stamps)
		for i, s := range stamps {
			require.Equal(t, stamps[0]+int64(i), s)
		}
		assert.Equal(t, int64(99), stamps[len(stamps)-1])
		assert.Less(t, stamps[0], int64(from))
		return stamps[0]
	}
	assert.Greater(t, began(), int64(from-15), "entries are 100000 bytes apart")

	index, err := os.ReadFile(base + ".index")
	require.NoError(t, err)
	for at := int(archive.HeaderSize(pcp.V3)); at < len(index); at++ {
		index[at] ^= 0x10
	}
	require.NoError(t, os.WriteFile(base+".index", index, 0o644))
	began()
	require.NoError(t, os.Remove(base+".index"))
	assert.Zero(t, began())
}
