package archive_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
)

// recorded writes seconds 1 to 9 in volumes of four records.
func recorded(t *testing.T, v pcp.Version) string {
	return record(t, &archive.WriteOptions{Version: v, VolumeRecords: 4, NoSync: true})
}

func record(t *testing.T, o *archive.WriteOptions) string {
	base := filepath.Join(t.TempDir(), "rec")
	a, err := archive.Create(base, archtest.Header, o)
	require.NoError(t, err)
	fill(t, a, 1, 10)
	require.NoError(t, a.Close())
	return base
}

// goOn appends second 10 and returns the repairs of Continue.
func goOn(t *testing.T, base string) []archive.Recovery {
	t.Helper()
	a, err := archive.Continue(base, &archive.WriteOptions{NoSync: true})
	require.NoError(t, err)
	found := a.Recovered()
	fill(t, a, 10, 11)
	require.NoError(t, a.Close())
	return found
}

// replace replaces a file by its compressed form.
func replace(t *testing.T, path, suffix, program string, args ...string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path+suffix, archtest.Pack(t, raw, program, args...), 0o644))
	if suffix != "" {
		require.NoError(t, os.Remove(path))
	}
}

func TestRecovered(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		assert.Empty(t, goOn(t, recorded(t, v)), "nothing is amiss")

		base := recorded(t, v)
		last, err := os.Stat(base + ".2")
		require.NoError(t, err)
		require.NoError(t, os.Truncate(base+".2", last.Size()-5))
		found := goOn(t, base)
		require.Len(t, found, 2)
		cut := found[0]
		assert.Equal(t, base+".2", cut.File)
		assert.Equal(t, archive.RecoveryCut, cut.Action)
		assert.Equal(t, last.Size()-5, cut.Offset+cut.Bytes)
		assert.Equal(t, archive.HeaderSize(v), cut.Offset, "its one record")
		assert.Equal(t, 1, cut.Records)
		require.ErrorIs(t, cut.Err, pcp.ErrUnfinished)
		assert.Contains(t, cut.String(), "cut at offset ")
		assert.Equal(t, base+".index", found[1].File)
		assert.Equal(t, 1, found[1].Records, "the entry for it")
		assert.Len(t, counts(t, base), 9)
		assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", base))

		base = recorded(t, v)
		raw, err := os.ReadFile(base + ".2")
		require.NoError(t, err)
		raw[len(raw)-1]++
		require.NoError(t, os.WriteFile(base+".2", raw, 0o644))
		found = goOn(t, base)
		require.NotEmpty(t, found)
		assert.Equal(t, archive.RecoveryLeft, found[0].Action)
		assert.Equal(t, int64(len(raw)), found[0].Offset+found[0].Bytes)
		require.ErrorIs(t, found[0].Err, pcp.ErrTrailer)
		assert.FileExists(t, base+".3")
	})
}

// TestContinuePacked checks that compressed metadata and index become plain,
// that nothing is lost and that no second form remains.
func TestContinuePacked(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		whole := recorded(t, v)
		assert.Empty(t, goOn(t, whole))
		want := everything(t, whole, nil)
		for _, p := range [][]string{{".xz", "xz", "-c"}, {".gz", "gzip", "-c"}, {".zst", "zstd", "-qc"}, {"", "gzip", "-c"}} {
			base := recorded(t, v)
			replace(t, base+".meta", p[0], p[1], p[2:]...)
			replace(t, base+".index", p[0], p[1], p[2:]...)
			found := goOn(t, base)
			require.Len(t, found, 2)
			for i, name := range []string{base + ".meta", base + ".index"} {
				assert.Equal(t, name+p[0], found[i].File)
				assert.Equal(t, archive.RecoveryUnpacked, found[i].Action)
			}
			assert.Equal(t, want, everything(t, base, nil))
			assert.Equal(t, []string{".0", ".1", ".2", ".index", ".meta"}, suffixes(t, base))
			assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", base))
		}
	})
}

// TestContinuePackedFails injects errors while metadata is decompressed. The
// archive must remain readable and allow continuing later.
func TestContinuePackedFails(t *testing.T) {
	for n := 0; ; n++ {
		require.Less(t, n, 20)
		base, left := recorded(t, pcp.V3), n
		want := counts(t, base)
		replace(t, base+".meta", ".xz", "xz", "-c")
		replace(t, base+".index", ".gz", "gzip", "-c")
		a, err := archive.ContinueOn(base, &archive.WriteOptions{NoSync: true}, func(name string) (archive.Disk, error) {
			f, err := archive.CreateFile(name)
			return failingDisk{f, &left}, err
		}, archive.OpenFile)
		assert.Equal(t, want, counts(t, base))
		if err == nil {
			require.NoError(t, a.Close())
			assert.Positive(t, n)
			break
		}
		require.ErrorIs(t, err, errDisk)
		goOn(t, base)
		assert.Len(t, counts(t, base), 10)
		assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", base))
	}
}

// TestContinueTwice checks that of a plain and an equal compressed file, which
// a crash may leave, the compressed one is removed, and that Continue fails if
// the metadata of both differs.
func TestContinueTwice(t *testing.T) {
	base := recorded(t, pcp.V3)
	for _, s := range []string{".meta", ".index", ".2"} {
		raw, err := os.ReadFile(base + s)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(base+s+".xz", archtest.Pack(t, raw, "xz", "-c"), 0o644))
	}
	assert.Equal(t, []archive.Recovery{{File: base + ".2.xz", Action: archive.RecoveryRemoved, Kept: base + ".2"}}, goOn(t, base))
	assert.Equal(t, []string{".0", ".1", ".2", ".index", ".meta"}, suffixes(t, base))
	assert.Len(t, counts(t, base), 10)

	base = recorded(t, pcp.V3)
	other, err := os.ReadFile(base + ".0")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(base+".2.gz", archtest.Pack(t, other, "gzip", "-c"), 0o644))
	goOn(t, base)
	assert.FileExists(t, base+".3", "nobody knows which of them counts")
	require.NoError(t, os.WriteFile(base+".meta.gz", archtest.Pack(t, other, "gzip", "-c"), 0o644))
	before := suffixes(t, base)
	_, err = archive.Continue(base, nil)
	require.ErrorIs(t, err, pcp.ErrMismatch)
	require.ErrorContains(t, err, "differ; remove the one that is wrong")
	assert.Equal(t, before, suffixes(t, base))
}

// TestContinueBesideForeign checks that a volume in an unknown form keeps its
// number, and that a volume that is not writable stays unchanged.
func TestContinueBesideForeign(t *testing.T) {
	base := recorded(t, pcp.V3)
	for _, s := range []string{".2.lz4", ".5.7z", ".note", ".x.9"} {
		require.NoError(t, os.WriteFile(base+s, []byte("\x01?"), 0o644))
	}
	require.NoError(t, os.WriteFile(base+".8.log", []byte("a log"), 0o644))
	found := goOn(t, base)
	require.Len(t, found, 1)
	assert.Equal(t, base+".5.7z", found[0].File)
	assert.Equal(t, archive.RecoveryLeft, found[0].Action)
	require.ErrorIs(t, found[0].Err, errors.ErrUnsupported)
	assert.FileExists(t, base+".6")
	assert.Len(t, counts(t, base), 10)

	base = recorded(t, pcp.V3)
	want, err := os.ReadFile(base + ".2")
	require.NoError(t, err)
	a, err := archive.ContinueOn(base, nil, archive.CreateFile, func(name string) (archive.Disk, error) {
		if strings.HasSuffix(name, ".2") {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
		}
		return archive.OpenFile(name)
	})
	require.NoError(t, err)
	require.Len(t, a.Recovered(), 1)
	assert.Equal(t, base+".2: left as it is; a new volume follows (open "+base+".2: permission denied)", a.Recovered()[0].String())
	fill(t, a, 10, 12)
	require.NoError(t, a.Close())
	got, err := os.ReadFile(base + ".2")
	require.NoError(t, err)
	assert.True(t, bytes.Equal(want, got))
	assert.Len(t, counts(t, base), 11)
	assert.FileExists(t, base+".3")
}

// TestContinueRebuildsIndex checks that a rebuilt index has the same entries as
// the original.
func TestContinueRebuildsIndex(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		base := record(t, &archive.WriteOptions{Version: v, NoSync: true})
		r, err := archive.Open(base, nil)
		require.NoError(t, err)
		want := r.Index()
		require.Len(t, want, 9, "the instance domain changes every second")
		require.NoError(t, os.Remove(base+".index"))
		a, err := archive.Continue(base, &archive.WriteOptions{NoSync: true})
		require.NoError(t, err)
		require.Len(t, a.Recovered(), 1)
		assert.Equal(t, archive.RecoveryRebuilt, a.Recovered()[0].Action)
		require.ErrorIs(t, a.Recovered()[0].Err, fs.ErrNotExist)
		require.NoError(t, a.Close())
		r, err = archive.Open(base, nil)
		require.NoError(t, err)
		for i, e := range r.Index() {
			// Help text, which has no time, follows the metadata of the first
			// record.
			if e.Meta != want[i].Meta {
				assert.Equal(t, 1, i)
				e.Meta = want[i].Meta
			}
			assert.Equal(t, want[i], e)
		}
		indexIsTrue(t, r)
	})
}

func TestResume(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		base := filepath.Join(t.TempDir(), "rec")
		a, err := archive.Create(base, archtest.Header, &archive.WriteOptions{Version: v})
		require.NoError(t, err)
		assert.Nil(t, a.Meta())
		assert.Equal(t, archtest.Header.Host, a.Header().Host)
		require.NoError(t, a.Resume(at(1)), "a new archive has no gap")
		fill(t, a, 1, 2)
		require.NoError(t, a.Resume(at(2)))
		require.NoError(t, a.Close())

		for range 2 {
			a, err = archive.Continue(base, nil)
			require.NoError(t, err)
			require.NotNil(t, a.Meta())
			_, ok := a.Meta().Lookup(archtest.Count.Name())
			assert.True(t, ok)
			require.NoError(t, a.Resume(at(1).Add(200*time.Microsecond)), "not later than what follows")
			require.NoError(t, a.Resume(at(5)))
			require.NoError(t, a.Close())
		}
		a, err = archive.Continue(base, nil)
		require.NoError(t, err)
		require.NoError(t, a.Resume(at(2)))
		fill(t, a, 2, 3)
		assert.Nil(t, a.Meta(), "given up")
		require.NoError(t, a.Close())
		a, err = archive.Continue(base, nil)
		require.NoError(t, err)
		require.NoError(t, a.Resume(at(9)))
		require.NoError(t, a.Resume(at(9)))
		require.NoError(t, a.Close())
		require.ErrorIs(t, a.Resume(at(9)), archive.ErrClosed)

		r, err := archive.Open(base, nil)
		require.NoError(t, err)
		var got []string
		for rec, err := range r.Records(archive.RoleData) {
			require.NoError(t, err)
			got = append(got, rec.Record.Kind().String())
			if m, ok := rec.Record.(*archive.Mark); ok {
				got = append(got, m.Stamp.String())
			}
		}
		assert.Equal(t, []string{"result", "mark", at(1).Add(200 * time.Microsecond).String(), "result", "mark", at(2).Add(time.Millisecond).String()}, got)
	})
}
