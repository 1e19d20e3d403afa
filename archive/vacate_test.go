package archive_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestVacate truncates an archive wherever a kill could. Vacate must remove it
// if it has no whole record and keep it otherwise.
func TestVacate(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		whole := filepath.Join(t.TempDir(), "rec")
		a, err := archive.Create(whole, archtest.Header, &archive.WriteOptions{Version: v})
		require.NoError(t, err)
		fill(t, a, 1, 3)
		require.NoError(t, a.Close())
		size := func(suffix string) int64 {
			info, err := os.Stat(whole + suffix)
			require.NoError(t, err)
			return info.Size()
		}
		header := archive.HeaderSize(v)
		one := firstRecord(t, whole, header)
		for name, tt := range map[string]struct {
			meta, data, index int64 // remaining bytes; -1 for no file
			vacant            bool
		}{
			"empty":              {0, 0, 0, true},
			"metadata only":      {0, -1, -1, true},
			"no volume yet":      {0, -1, 0, true},
			"half a label":       {header / 2, 0, 0, true},
			"a word":             {3, 0, 0, true},
			"metadata":           {size(".meta"), 0, 0, true},
			"torn metadata":      {size(".meta") - 3, 0, 0, true},
			"labels":             {size(".meta"), header, header, true},
			"half a record":      {size(".meta"), header + one - 1, 0, true},
			"a record":           {size(".meta"), header + one, 0, false},
			"no metadata":        {0, header + one, 0, false},
			"an index":           {size(".meta"), header, size(".index"), false},
			"volumes are gone":   {size(".meta"), -1, header, false},
			"volumes are gone 2": {size(".meta"), -1, -1, false},
			"all":                {size(".meta"), size(".0"), size(".index"), false},
		} {
			t.Run(name, func(t *testing.T) {
				base := filepath.Join(t.TempDir(), "rec")
				for suffix, left := range map[string]int64{".meta": tt.meta, ".0": tt.data, ".index": tt.index} {
					if left >= 0 {
						raw, err := os.ReadFile(whole + suffix)
						require.NoError(t, err)
						require.NoError(t, os.WriteFile(base+suffix, raw[:left], 0o600))
					}
				}
				before := suffixes(t, base)
				_, err := archive.Continue(base, nil)
				if tt.vacant {
					require.ErrorIs(t, err, archive.ErrNoRecords)
					assert.Equal(t, before, suffixes(t, base), "nothing was changed")
				} else {
					require.NotErrorIs(t, err, archive.ErrNoRecords)
				}
			})
			t.Run(name+", new", func(t *testing.T) {
				base := filepath.Join(t.TempDir(), "rec")
				for suffix, left := range map[string]int64{".meta": tt.meta, ".0": tt.data, ".index": tt.index} {
					if left >= 0 {
						raw, err := os.ReadFile(whole + suffix)
						require.NoError(t, err)
						require.NoError(t, os.WriteFile(base+suffix, raw[:left], 0o600))
					}
				}
				a, err := archive.Create(base, archtest.Header, nil)
				if !tt.vacant {
					require.ErrorIs(t, err, fs.ErrExist)
					return
				}
				require.NoError(t, err)
				require.Len(t, a.Recovered(), 1)
				assert.Equal(t, archive.RecoveryAnew, a.Recovered()[0].Action)
				fill(t, a, 1, 3)
				require.NoError(t, a.Close())
				assert.Equal(t, []string{".0", ".index", ".meta"}, suffixes(t, base))
				assert.Len(t, counts(t, base), 2)
			})
		}
	})
}

// firstRecord returns the length of the record at an offset of volume 0.
func firstRecord(t *testing.T, base string, at int64) int64 {
	t.Helper()
	raw, err := os.ReadFile(base + ".0")
	require.NoError(t, err)
	return int64(raw[at])<<24 | int64(raw[at+1])<<16 | int64(raw[at+2])<<8 | int64(raw[at+3])
}

// TestVacateLeavesOtherFiles checks that files named like members but with
// other contents remain.
func TestVacateLeavesOtherFiles(t *testing.T) {
	for _, text := range []string{"x", "log of something\n"} {
		base := filepath.Join(t.TempDir(), "rec")
		require.NoError(t, os.WriteFile(base+".0", []byte(text), 0o600))
		require.NoError(t, os.WriteFile(base+".meta", nil, 0o600))
		require.NoError(t, os.WriteFile(base+".index", nil, 0o600))
		_, err := archive.Vacate(base)
		require.ErrorIs(t, err, fs.ErrExist)
		assert.Equal(t, []string{".0", ".index", ".meta"}, suffixes(t, base))
	}
}

// TestTwoAppenders checks that a second Appender is rejected, however it
// begins, and changes nothing.
func TestTwoAppenders(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	a, err := archive.Create(base, archtest.Header, nil)
	require.NoError(t, err)
	var held *archive.InUseError
	refused := func() {
		_, err := archive.Continue(base, nil)
		require.ErrorAs(t, err, &held)
		assert.Equal(t, os.Getpid(), held.PID)
		_, err = archive.Create(base, archtest.Header, nil)
		require.ErrorAs(t, err, &held)
		_, err = archive.CreateRecords(base, pcp.V3, nil)
		require.ErrorAs(t, err, &held)
		require.ErrorAs(t, archive.Remove(base), &held)
	}
	refused() // even before anything is written
	fill(t, a, 1, 3)
	require.NoError(t, a.Flush())
	refused()
	require.NoError(t, a.Close())
	assert.Len(t, counts(t, base), 2)
	a, err = archive.Continue(base, nil)
	require.NoError(t, err)
	refused()
	require.NoError(t, a.Close())
	assert.Equal(t, []string{".0", ".index", ".meta"}, suffixes(t, base), "no lock is left")
	require.NoError(t, archive.Remove(base))
	assert.Empty(t, suffixes(t, base))
}

// TestFilePool writes many archives with few open files and reads them back.
func TestFilePool(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		dir, pool := t.TempDir(), archive.NewFilePool(2)
		o := archive.WriteOptions{Version: v, Files: pool, NoLock: true, NoSync: true, Buffer: 1, VolumeRecords: 4, Compress: archive.CompressZstd}
		var all []*archive.Appender
		for i := range 20 {
			a, err := archive.Create(filepath.Join(dir, string(rune('a'+i))), archtest.Header, &o)
			require.NoError(t, err)
			all = append(all, a)
		}
		for k := int64(1); k < 10; k++ {
			for _, a := range all {
				fill(t, a, k, k+1)
			}
		}
		for i, a := range all {
			require.NoError(t, a.Close())
			assert.Len(t, counts(t, filepath.Join(dir, string(rune('a'+i)))), 9)
		}
		assert.FileExists(t, filepath.Join(dir, "a.0.zst"))
		a, err := archive.Continue(filepath.Join(dir, "a"), &archive.WriteOptions{Files: pool})
		require.NoError(t, err)
		fill(t, a, 10, 12)
		require.NoError(t, a.Close())
		assert.Len(t, counts(t, filepath.Join(dir, "a")), 11)
	})
}
