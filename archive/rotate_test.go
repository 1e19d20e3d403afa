package archive_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// perVolume returns the number of records in each volume and checks the index
// against them.
func perVolume(t *testing.T, base string) (n []int) {
	t.Helper()
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	type place struct {
		volume int32
		offset int64
	}
	stamps := map[place]pcp.Timestamp{}
	first := map[place]bool{}
	for rec, err := range r.Records(archive.RoleData) {
		require.NoError(t, err)
		at := place{int32(rec.Pos.Volume), rec.Pos.Offset}
		if rec.Pos.Volume == len(n) {
			n = append(n, 0)
			first[at] = true
		}
		n[rec.Pos.Volume]++
		switch rec := rec.Record.(type) {
		case *archive.Mark:
			stamps[at] = rec.Stamp
		case *archive.Result:
			stamps[at] = rec.Stamp
		}
	}
	for _, e := range r.Index() {
		at := place{e.Volume, e.Data}
		assert.Equal(t, e.Stamp, stamps[at], "index entry of volume %d", e.Volume)
		delete(first, at)
	}
	assert.Empty(t, first, "volumes without an entry for their first record")
	assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", base))
	return n
}

func TestVolumeLimits(t *testing.T) {
	size := map[pcp.Version]int64{pcp.V2: 132 + 3*40, pcp.V3: 808 + 3*44}
	for name, tt := range map[string]struct {
		options func(v pcp.Version) archive.WriteOptions
		want    []int
	}{
		"size":           {func(v pcp.Version) archive.WriteOptions { return archive.WriteOptions{VolumeSize: size[v]} }, []int{3, 3, 3, 1}},
		"size too small": {func(pcp.Version) archive.WriteOptions { return archive.WriteOptions{VolumeSize: 1, Buffer: 1} }, []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
		"records":        {func(pcp.Version) archive.WriteOptions { return archive.WriteOptions{VolumeRecords: 4} }, []int{4, 4, 2}},
		"time":           {func(pcp.Version) archive.WriteOptions { return archive.WriteOptions{VolumeTime: 6 * time.Second} }, []int{6, 4}},
		"none":           {func(pcp.Version) archive.WriteOptions { return archive.WriteOptions{} }, []int{10}},
	} {
		t.Run(name, func(t *testing.T) {
			archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
				o := tt.options(v)
				o.Version = v
				base := filepath.Join(t.TempDir(), "rec")
				a, err := archive.Create(base, archtest.Header, &o)
				require.NoError(t, err)
				require.NoError(t, a.Define(archtest.Count))
				for sec := range int64(10) {
					require.NoError(t, a.Append(count(sec, uint32(sec))))
				}
				require.NoError(t, a.Close())
				assert.Equal(t, tt.want, perVolume(t, base))
				assert.Len(t, counts(t, base), 10)
			})
		})
	}
}

// TestVersionLimitRolls checks that a new volume begins when one reaches the
// version's limit.
func TestVersionLimitRolls(t *testing.T) {
	a, base := create(t, pcp.V2)
	a.SetRecordLimit(132 + 3*40)
	require.NoError(t, a.Define(archtest.Count))
	for sec := range int64(7) {
		require.NoError(t, a.Append(count(sec, 1)))
	}
	require.NoError(t, a.Close())
	assert.Equal(t, []int{3, 3, 1}, perVolume(t, base))
}

func TestRotate(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		a, base := create(t, v)
		require.NoError(t, a.Rotate(), "before the first record it has no effect")
		require.NoError(t, a.Define(archtest.Count))
		require.NoError(t, a.Append(count(1, 1)))
		require.NoError(t, a.Append(count(2, 2)))
		require.NoError(t, a.Rotate())
		require.NoError(t, a.Rotate(), "twice is once")
		assert.NoFileExists(t, base+".1")
		size := a.Size()
		require.NoError(t, a.Append(count(2, 3))) // the index already has an entry for this time
		assert.Greater(t, a.Size(), size)
		require.NoError(t, a.Append(count(3, 4)))
		require.NoError(t, a.Rotate())
		require.NoError(t, a.SetInDom(&meta.InDom{Stamp: at(4), ID: 7, Instances: []meta.Instance{{ID: 1, Name: "x"}}}))
		require.NoError(t, a.Close())
		assert.NoFileExists(t, base+".2", "no volume without a record")
		require.ErrorIs(t, a.Rotate(), archive.ErrClosed)
		assert.Equal(t, []string{"1:1", "2:2", "2:3", "3:4"}, counts(t, base))
		var total int64
		for n, size := range sizes(t, base) {
			total += size
			assert.NotEqual(t, base+".2", n)
		}
		assert.Equal(t, total, a.Size())
	})
}

// sizes returns the lengths of an archive's files.
func sizes(t *testing.T, base string) map[string]int64 {
	t.Helper()
	_, members, err := archive.Members(base)
	require.NoError(t, err)
	all := map[string]int64{}
	for _, m := range members {
		all[m.Path] = m.Size
	}
	return all
}

// TestRotateFails checks that completed volumes remain if the next one cannot
// be created.
func TestRotateFails(t *testing.T) {
	dir := t.TempDir()
	base := filepath.Join(dir, "rec")
	open := func(name string) (archive.Disk, error) {
		if filepath.Ext(name) == ".2" {
			return nil, errDisk
		}
		return archive.CreateFile(name)
	}
	a, err := archive.CreateOn(base, archtest.Header, &archive.WriteOptions{VolumeRecords: 2}, open)
	require.NoError(t, err)
	require.NoError(t, a.Define(archtest.Count))
	for sec := range int64(4) {
		require.NoError(t, a.Append(count(sec, 1)))
	}
	require.ErrorIs(t, a.Append(count(4, 1)), errDisk)
	require.ErrorIs(t, a.Append(count(5, 1)), errDisk)
	require.ErrorIs(t, a.Close(), errDisk)
	assert.Equal(t, []string{"rec.0", "rec.1", "rec.index", "rec.meta"}, names(t, dir))
	assert.Len(t, counts(t, base), 4)
}

// TestFailingVolumes fails the nth write over several volumes.
func TestFailingVolumes(t *testing.T) {
	for n := 0; ; n++ {
		left := n
		base := filepath.Join(t.TempDir(), "rec")
		open := func(name string) (archive.Disk, error) {
			f, err := archive.CreateFile(name)
			return failingDisk{f, &left}, err
		}
		a, err := archive.CreateOn(base, archtest.Header, &archive.WriteOptions{VolumeRecords: 2, Buffer: 1}, open)
		require.NoError(t, err)
		require.NoError(t, a.Define(archtest.Count))
		written := 0
		for sec := range int64(6) {
			if a.Append(count(sec, 1)) != nil {
				break
			}
			written++
		}
		err = a.Close()
		if written == 6 && err == nil {
			return
		}
		if len(names(t, filepath.Dir(base))) == 0 {
			assert.Zero(t, written, "write %d", n)
			continue
		}
		assert.GreaterOrEqual(t, len(counts(t, base)), written, "write %d", n)
		for v := range 3 { // every existing volume has a record
			if info, err := os.Stat(base + "." + strconv.Itoa(v)); err == nil {
				assert.Greater(t, info.Size(), int64(808))
			}
		}
	}
}
