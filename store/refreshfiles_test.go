package store_test

import (
	"bytes"
	"compress/gzip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/cachedir"
)

func TestRefreshReplaced(t *testing.T) {
	dir := t.TempDir()
	base := filepath.Join(dir, "mon")
	other := filepath.Join(t.TempDir(), "mon")
	record(t, base, "web1", 100)
	record(t, filepath.Join(dir, "tue"), "web1", 200)
	record(t, other, "db1", 100)
	h := open(t, dir)
	for _, ext := range []string{".meta", ".0", ".index"} {
		require.NoError(t, os.Rename(other+ext, base+ext))
	}
	next, changed, err := h.Refresh(t.Context())
	require.NoError(t, err)
	assert.True(t, changed)
	require.Len(t, next.Sets(), 2)
	assert.Equal(t, "db1", next.Sets()[0].Host())
	assert.Equal(t, []string{"web1 200 disk.dev.read 0", "web1 201 disk.dev.read 1"}, content(t, h), "values of db1 are not web1's")
	require.Len(t, h.Problems(), 1)
	assert.ErrorContains(t, h.Problems()[0].Err, "another archive has taken the place")

	// The same files, overwritten with longer ones of another host.
	third := filepath.Join(t.TempDir(), "mon")
	w := startRecording(t, third, "third")
	for i := range int64(50) {
		w.put(i)
	}
	require.NoError(t, w.Close())
	for _, ext := range []string{".meta", ".0", ".index"} {
		data, err := os.ReadFile(third + ext)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(base+ext, data, 0o644))
	}
	h, changed, err = next.Refresh(t.Context())
	require.NoError(t, err)
	assert.True(t, changed)
	assert.Equal(t, "third", h.Sets()[0].Host())
	assert.Equal(t, content(t, open(t, dir)), content(t, h))
}

// TestRefreshRewritten changes files where they are, without a change of their length.
func TestRefreshRewritten(t *testing.T) {
	dir := t.TempDir()
	w := startRecording(t, filepath.Join(dir, "now"), "web1")
	w.put(10)
	require.NoError(t, w.Close())
	h := open(t, dir)
	assert.Equal(t, []string{"web1 10 m.first 10"}, content(t, h))
	data, err := os.ReadFile(w.base + ".meta")
	require.NoError(t, err)
	f, err := os.OpenFile(w.base+".meta", os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte("other"), int64(bytes.Index(data, []byte("first"))))
	require.NoError(t, err)
	require.NoError(t, f.Close())
	later := time.Now().Add(time.Minute)
	require.NoError(t, os.Chtimes(w.base+".meta", later, later))
	next, changed, err := h.Refresh(t.Context())
	require.NoError(t, err)
	assert.True(t, changed)
	assert.Equal(t, []string{"web1 10 m.other 10"}, content(t, next))
}

func TestRefreshTruncated(t *testing.T) {
	dir := t.TempDir()
	w := startRecording(t, filepath.Join(dir, "now"), "web1")
	w.put(10)
	info, err := os.Stat(w.base + ".0")
	require.NoError(t, err)
	w.put(20)
	require.NoError(t, w.Close())
	h := open(t, dir)
	assert.Len(t, content(t, h), 2)
	require.NoError(t, os.Truncate(w.base+".0", info.Size()))
	next, changed, err := h.Refresh(t.Context())
	require.NoError(t, err)
	assert.True(t, changed)
	assert.Equal(t, []string{"web1 10 m.first 10"}, content(t, next))
	assert.Equal(t, content(t, next), content(t, h), "answers what it can")
}

func TestRefreshCompressed(t *testing.T) {
	if _, err := exec.LookPath("xz"); err != nil {
		t.Skip("xz is not installed")
	}
	dir := t.TempDir()
	record(t, filepath.Join(dir, "mon"), "web1", 100)
	record(t, filepath.Join(dir, "tue"), "web1", 200)
	h := open(t, dir)
	want := content(t, h)
	for _, file := range []string{"mon.0", "mon.meta"} {
		require.NoError(t, exec.Command("xz", filepath.Join(dir, file)).Run())
		h = refresh(t, h, dir)
		assert.Equal(t, want, content(t, h))
	}
	assert.Empty(t, h.Problems())
}

// TestCompressedMeanwhile opens an archive while a program compresses its volume, and reads
// it after that.
func TestCompressedMeanwhile(t *testing.T) {
	dir := t.TempDir()
	record(t, filepath.Join(dir, "mon"), "web1", 100)
	volume := filepath.Join(dir, "mon.0")
	for _, begun := range []int{0, 10} { // bytes that are written when the archive is opened
		data, err := os.ReadFile(volume)
		require.NoError(t, err)
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, err = w.Write(data)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		require.NoError(t, os.WriteFile(volume+".gz", packed.Bytes()[:begun], 0o644))
		want, h := content(t, open(t, dir)), open(t, dir)
		require.NotEmpty(t, want)
		require.NoError(t, os.WriteFile(volume+".gz", packed.Bytes(), 0o644))
		require.NoError(t, os.Remove(volume))
		assert.Equal(t, want, content(t, h))
		assert.Empty(t, h.Problems())
		require.NoError(t, os.WriteFile(volume, data, 0o644))
		require.NoError(t, os.Remove(volume+".gz"))
	}
}

// TestRefreshSameSizeAndTime puts an archive of another host in the place of one: with the
// same name, size and time of change, where the files are or by renaming. The former Hosts
// never take its values for theirs.
func TestRefreshSameSizeAndTime(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("the system does not say when a file changed, whatever its time of change")
	}
	place := func(path string, data []byte) error { return os.WriteFile(path, data, 0o600) }
	renamed := func(path string, data []byte) error {
		if err := os.WriteFile(path+"~", data, 0o600); err != nil {
			return err
		}
		return os.Rename(path+"~", path)
	}
	anew := func(path string, data []byte) error { // mostly with the number of the former file
		if err := os.Remove(path); err != nil {
			return err
		}
		return os.WriteFile(path, data, 0o600)
	}
	for what, replace := range map[string]func(string, []byte) error{"in place": place, "renamed": renamed, "made anew": anew} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			base, other := filepath.Join(dir, "mon"), filepath.Join(t.TempDir(), "mon")
			record(t, base, "web1", 100)
			record(t, other, "web2", 100)
			want := content(t, open(t, filepath.Dir(other)))
			h, kept := open(t, dir), cachedir.Open(t.TempDir(), 0)
			before := kept.KeyOf(h.Sets()[0].Archives()[0].State.Files)
			for _, ext := range []string{".meta", ".0", ".index"} {
				info, err := os.Stat(base + ext)
				require.NoError(t, err)
				data, err := os.ReadFile(other + ext)
				require.NoError(t, err)
				require.EqualValues(t, info.Size(), len(data))
				require.NoError(t, replace(base+ext, data))
				require.NoError(t, os.Chtimes(base+ext, info.ModTime(), info.ModTime()))
			}
			assert.Empty(t, content(t, h))
			next, changed, err := h.Refresh(t.Context())
			require.NoError(t, err)
			require.True(t, changed)
			assert.Equal(t, want, content(t, next))
			assert.NotEqual(t, before, kept.KeyOf(next.Sets()[0].Archives()[0].State.Files))
		})
	}
}
