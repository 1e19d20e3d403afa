package pack_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/internal/outlock"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pack"
	"github.com/pcparchive/pcparchive/pcp"
)

// old is a time at which all archives are closed, wherever the tests run.
var old = time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)

// recorded writes an archive of several volumes, whose files are old, and returns its base
// and the contents of its files.
func recorded(t testing.TB) (base string, files map[string][]byte) {
	t.Helper()
	base = filepath.Join(t.TempDir(), "rec")
	a, err := archive.Create(base, archtest.Header, &archive.WriteOptions{Version: pcp.V3, VolumeRecords: 300})
	require.NoError(t, err)
	require.NoError(t, a.Define(archtest.Count))
	require.NoError(t, a.Define(archtest.Release))
	require.NoError(t, a.SetText(&meta.Text{Type: meta.TextPMID | meta.TextHelp, Ident: uint32(archtest.Count.PMID), Text: strings.Repeat("long help ", 1000)}))
	for n := range 700 {
		at := archtest.Start
		at.Sec += int64(n)
		require.NoError(t, a.Append(&archive.Result{Stamp: at, Sets: []archive.ValueSet{
			{PMID: archtest.Count.PMID, Values: []history.Value{history.WordValue(pcp.InstNull, uint32(n))}},
		}}))
	}
	require.NoError(t, a.Close())
	files = map[string][]byte{}
	for _, name := range names(t, base) {
		path := filepath.Join(filepath.Dir(base), name)
		files[name], err = os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.Chmod(path, 0o640))
		require.NoError(t, os.Chtimes(path, old, old))
	}
	return base, files
}

// names returns the names of all files in the folder of an archive.
func names(t testing.TB, base string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(base))
	require.NoError(t, err)
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestThereAndBack(t *testing.T) {
	for _, how := range []archive.Compression{archive.CompressXZ, archive.CompressZstd, archive.CompressGzip} {
		base, files := recorded(t)
		done, err := pack.Compress(t.Context(), base, pack.Options{How: how, DryRun: true})
		require.NoError(t, err)
		assert.Equal(t, 4, done.Files)
		assert.Len(t, names(t, base), len(files), "a dry run changes nothing")
		done, err = pack.Compress(t.Context(), base, pack.Options{How: how})
		require.NoError(t, err)
		s := how.Suffix()
		assert.Equal(t, []string{"rec.0" + s, "rec.1" + s, "rec.2" + s, "rec.index", "rec.meta" + s}, names(t, base))
		assert.Equal(t, 4, done.Files)
		assert.Less(t, done.After, done.Before)
		for _, name := range names(t, base) {
			info, err := os.Stat(filepath.Join(filepath.Dir(base), name))
			require.NoError(t, err)
			assert.True(t, info.ModTime().Equal(old), name)
			if runtime.GOOS != "windows" {
				assert.Equal(t, os.FileMode(0o640), info.Mode().Perm(), name)
			}
		}
		r, err := archive.Open(base, nil)
		require.NoError(t, err)
		assert.Empty(t, r.Warnings())
		again, err := pack.Compress(t.Context(), base, pack.Options{How: how})
		require.NoError(t, err)
		assert.Zero(t, again)
		back, err := pack.Decompress(t.Context(), base, pack.Options{})
		require.NoError(t, err)
		assert.Equal(t, 4, back.Files)
		requireFiles(t, base, files)
	}
	_, err := pack.Compress(t.Context(), "rec", pack.Options{})
	require.Error(t, err)
}

// requireFiles compares all files in the folder of an archive.
func requireFiles(t *testing.T, base string, files map[string][]byte) {
	t.Helper()
	require.Len(t, names(t, base), len(files))
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(filepath.Dir(base), name))
		require.NoError(t, err)
		require.Equal(t, want, got, name)
	}
}

// TestSmallFilesStay compresses an archive of which no file is worth it.
func TestSmallFilesStay(t *testing.T) {
	base := archtest.Sample(t, pcp.V3)
	done, err := pack.Compress(t.Context(), base, pack.Options{How: archive.CompressXZ, Now: func() time.Time { return time.Now().Add(2 * time.Hour) }})
	require.NoError(t, err)
	assert.Zero(t, done)
	assert.Equal(t, []string{"sample.0", "sample.index", "sample.meta"}, names(t, base))
}

// TestReferenceReadsXZ lets PCP's tools read what Compress writes.
func TestReferenceReadsXZ(t *testing.T) {
	base, _ := recorded(t)
	want := oracle.Run(t, "pmdumplog", "-a", base)
	_, err := pack.Compress(t.Context(), base, pack.Options{How: archive.CompressXZ})
	require.NoError(t, err)
	assert.Equal(t, want, oracle.Run(t, "pmdumplog", "-a", base))
	assert.Empty(t, oracle.Run(t, "pmlogcheck", base))
}

// TestBusy leaves archives alone that are being written.
func TestBusy(t *testing.T) {
	base, files := recorded(t)
	o := pack.Options{How: archive.CompressXZ}
	var busy *pack.BusyError
	lock, err := outlock.Take(base)
	require.NoError(t, err)
	_, err = pack.Compress(t.Context(), base, o)
	require.ErrorAs(t, err, &busy)
	require.NoError(t, lock.Release())

	o.OlderThan, o.Now = time.Hour, func() time.Time { return old.Add(59 * time.Minute) }
	_, err = pack.Compress(t.Context(), base, o)
	require.ErrorAs(t, err, &busy)
	assert.ErrorContains(t, err, "it was changed 59m0s ago")
	requireFiles(t, base, files)
	o.Now = func() time.Time { return old.Add(61 * time.Minute) }
	_, err = pack.Compress(t.Context(), base, o)
	require.NoError(t, err)
}

// TestOpenByLogger starts a process called pmlogger that has a volume open.
func TestOpenByLogger(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	base, files := recorded(t)
	sleep, err := exec.LookPath("sleep")
	require.NoError(t, err)
	program := filepath.Join(t.TempDir(), "pmlogger")
	raw, err := os.ReadFile(sleep)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(program, raw, 0o700))
	volume, err := os.OpenFile(base+".2", os.O_RDWR, 0)
	require.NoError(t, err)
	cmd := exec.Command(program, "60")
	cmd.ExtraFiles = []*os.File{volume}
	if err := cmd.Start(); err != nil {
		t.Skipf("a copy of sleep does not start: %v", err)
	}
	require.NoError(t, volume.Close())
	_, err = pack.Compress(t.Context(), base, pack.Options{How: archive.CompressXZ})
	var busy *pack.BusyError
	assert.ErrorAs(t, err, &busy)
	assert.ErrorContains(t, err, "pmlogger")
	requireFiles(t, base, files)
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait() // it was killed
	_, err = pack.Compress(t.Context(), base, pack.Options{How: archive.CompressXZ})
	require.NoError(t, err)
}

// TestAfterKill continues where a kill left a file in both forms, or an unfinished one.
func TestAfterKill(t *testing.T) {
	base, files := recorded(t)
	o := pack.Options{How: archive.CompressXZ}
	_, err := pack.Compress(t.Context(), base, o)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(base+".1", files["rec.1"], 0o640))
	require.NoError(t, os.Chtimes(base+".1", old, old))
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(base), ".pcparchive-rec.new-rec.2.xz.partial"), []byte("x"), 0o600))
	_, err = pack.Compress(t.Context(), base, o)
	require.NoError(t, err)
	assert.Equal(t, []string{"rec.0.xz", "rec.1.xz", "rec.2.xz", "rec.index", "rec.meta.xz"}, names(t, base))

	require.NoError(t, os.WriteFile(base+".1", files["rec.1"], 0o640))
	require.NoError(t, os.Chtimes(base+".1", old, old))
	_, err = pack.Decompress(t.Context(), base, o)
	require.NoError(t, err)
	requireFiles(t, base, files)

	require.NoError(t, os.WriteFile(base+".1.xz", []byte("no archive"), 0o640))
	require.NoError(t, os.Chtimes(base+".1.xz", old, old))
	_, err = pack.Compress(t.Context(), base, o)
	require.ErrorContains(t, err, "different contents")
	assert.FileExists(t, base+".1")
	assert.FileExists(t, base+".1.xz")
}

// TestCancelled ends between two files and leaves nothing unfinished.
func TestCancelled(t *testing.T) {
	base, files := recorded(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := pack.Compress(ctx, base, pack.Options{How: archive.CompressXZ})
	require.ErrorIs(t, err, context.Canceled)
	requireFiles(t, base, files)
}
