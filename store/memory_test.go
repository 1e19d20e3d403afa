package store_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/store"
)

// settle makes the files below a folder look unchanged for a while. Each keeps a time of
// its own, because a new file may get the number of one that is gone.
func settle(t *testing.T, dir string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil || time.Since(info.ModTime()) > 30*time.Minute {
			return err
		}
		at := info.ModTime().Add(-time.Hour)
		return os.Chtimes(path, at, at)
	}))
}

// touch sets the time of the files below a folder.
func touch(t *testing.T, dir string, to time.Time) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Chtimes(path, to, to))
	}))
}

// seen is what a user sees of archives before reading their values.
type seen struct {
	Content  []string
	Ends     []string
	Problems []string
}

func look(t *testing.T, h *store.Hosts) (s seen) {
	t.Helper()
	for _, set := range h.Sets() {
		end, err := set.End()
		require.NoError(t, err)
		ending, err := set.Ending()
		require.NoError(t, err)
		s.Ends = append(s.Ends, set.Host(), end.String(), ending.String(), set.Header().Start.String(), set.Last().Base())
	}
	s.Content = content(t, h)
	for _, p := range h.Problems() {
		s.Problems = append(s.Problems, p.String())
	}
	return s
}

// TestRemember opens archives with what an earlier run remembers of them, while they come,
// go, grow, and are replaced or damaged. All is as if nothing was remembered.
func TestRemember(t *testing.T) {
	dir, kept := t.TempDir(), cachedir.Open(t.TempDir(), 0)
	base := func(name string) string { return filepath.Join(dir, name) }
	record(t, base("db1/mon"), "db1", 100)
	record(t, base("db1/tue"), "db1", 200)
	record(t, base("web1/mon"), "web1", 150)
	check := func(what string) {
		t.Helper()
		settle(t, dir)
		for range 3 {
			want, err := store.Open([]string{dir}, nil)
			require.NoError(t, err, what)
			got, err := store.OpenRemembering([]string{dir}, nil, kept)
			require.NoError(t, err, what)
			require.Empty(t, kept.Damage(), what)
			assert.Equal(t, look(t, want), look(t, got), what)
			got.Remember()
		}
	}
	check("three archives")
	record(t, base("web1/tue"), "web1", 300)
	check("one more")
	data, err := os.ReadFile(base("db1/tue.0"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(base("db1/tue.0"), data[:len(data)-5], 0o644))
	check("a record is cut off")
	require.NoError(t, os.WriteFile(base("db1/mon.meta"), []byte("damage"), 0o644))
	check("no metadata")
	require.NoError(t, os.RemoveAll(base("db1")))
	check("one host is gone")
	record(t, base("db1/mon"), "db2", 400)
	check("another host in its place")
	require.NoError(t, os.WriteFile(base("db1/mon.0"), nil, 0o644))
	check("nothing in the volume")
}

// TestRememberReads checks that a label which is remembered is not read, and that a state
// which may still change is not remembered.
func TestRememberReads(t *testing.T) {
	dir, kept := t.TempDir(), cachedir.Open(t.TempDir(), 0)
	base := filepath.Join(dir, "mon")
	record(t, base, "db1", 100)
	host := func() string {
		h, err := store.OpenRemembering([]string{dir}, nil, kept)
		require.NoError(t, err)
		h.Remember()
		return h.Sets()[0].Host()
	}
	known := func() int {
		h, err := store.OpenRemembering([]string{dir}, nil, kept)
		require.NoError(t, err)
		return store.Remembered(h)
	}
	rename := func(from, to string) { // in place, so that the file's number, length and time remain
		for _, name := range []string{".0", ".meta", ".index"} {
			info, err := os.Stat(base + name)
			require.NoError(t, err)
			data, err := os.ReadFile(base + name)
			require.NoError(t, err)
			f, err := os.OpenFile(base+name, os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = f.WriteAt(bytes.ReplaceAll(data, []byte(from), []byte(to)), 0)
			require.NoError(t, err)
			require.NoError(t, f.Close())
			require.NoError(t, os.Chtimes(base+name, info.ModTime(), info.ModTime()))
		}
	}
	touch(t, dir, time.Now().Add(time.Hour))
	assert.Equal(t, "db1", host())
	rename("db1", "db2")
	assert.Equal(t, "db2", host(), "the files are new")
	touch(t, dir, time.Now().Add(-time.Hour).Truncate(time.Second))
	assert.Zero(t, known())
	assert.Equal(t, "db2", host())
	assert.Equal(t, 1, known(), "the label is remembered")
	rename("db2", "db3")
	assert.Equal(t, "db3", host(), "the system knows that the files changed")
}

// TestRememberDamage changes each byte of what is remembered. The archives are as they
// are, and the damage is reported.
func TestRememberDamage(t *testing.T) {
	dir, folder := t.TempDir(), t.TempDir()
	record(t, filepath.Join(dir, "mon"), "db1", 100)
	touch(t, dir, time.Now().Add(-time.Hour).Truncate(time.Second))
	open := func() (*store.Hosts, []error) {
		kept := cachedir.Open(folder, 0)
		h, err := store.OpenRemembering([]string{dir}, nil, kept)
		require.NoError(t, err)
		return h, kept.Damage()
	}
	h, _ := open()
	want := look(t, h)
	h, _ = open()
	h.Remember()
	files, err := filepath.Glob(filepath.Join(folder, "*.labels"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	good, err := os.ReadFile(files[0])
	require.NoError(t, err)
	for i := range good {
		bad := slices.Clone(good)
		bad[i] ^= 1 << (i % 8)
		require.NoError(t, os.WriteFile(files[0], bad, 0o644))
		h, damage := open()
		assert.Equal(t, want, look(t, h))
		assert.Len(t, damage, 1, "byte %d", i)
		h.Remember()
		_, damage = open()
		require.Empty(t, damage)
	}
}
