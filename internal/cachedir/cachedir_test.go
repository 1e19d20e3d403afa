package cachedir_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/cachedir"
)

var kind = cachedir.Kind{Name: "test", Version: 3}

func put(t *testing.T, d *cachedir.Dir, key cachedir.Key, content string) {
	t.Helper()
	require.NoError(t, d.Put(key, kind, func(w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	}))
}

func keyOf(n int) cachedir.Key { return cachedir.DerivedKey([]byte{byte(n)}) }

// only returns the path of the folder's only entry.
func only(t *testing.T, d *cachedir.Dir) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(d.Path(), "*.test"))
	require.NoError(t, err)
	require.Len(t, found, 1)
	return found[0]
}

func TestPutAndGet(t *testing.T) {
	d := cachedir.Open(filepath.Join(t.TempDir(), "a", "b"), 0)
	_, err := d.Read(keyOf(1), kind)
	require.ErrorIs(t, err, cachedir.ErrAbsent)
	require.NoDirExists(t, d.Path(), "reading creates nothing")

	for _, content := range []string{"first", "", strings.Repeat("longer than a buffer ", 10_000)} {
		put(t, d, keyOf(1), content)
		got, err := d.Read(keyOf(1), kind)
		require.NoError(t, err)
		assert.Equal(t, content, string(got))
	}
	e, err := d.Get(keyOf(1), kind)
	require.NoError(t, err)
	defer e.Close()
	part := make([]byte, 4)
	d.Remove(keyOf(1), kind)
	_, err = e.ReadAt(part, 12)
	require.NoError(t, err, "an open entry stays readable")
	assert.Equal(t, "a bu", string(part))
	_, err = d.Get(keyOf(1), kind)
	require.ErrorIs(t, err, cachedir.ErrAbsent)
	assert.FileExists(t, filepath.Join(d.Path(), "CACHEDIR.TAG"))
}

// TestFailedWriteKeepsTheEarlierEntry ends a write in the middle.
func TestFailedWriteKeepsTheEarlierEntry(t *testing.T) {
	d := cachedir.Open(t.TempDir(), 0)
	put(t, d, keyOf(1), "earlier")
	broken := errors.New("broken")
	err := d.Put(keyOf(1), kind, func(w io.Writer) error {
		_, err := w.Write(bytes.Repeat([]byte("x"), 100_000))
		return errors.Join(err, broken)
	})
	require.ErrorIs(t, err, broken)
	require.ErrorIs(t, d.Fault(), broken)
	got, err := d.Read(keyOf(1), kind)
	require.NoError(t, err)
	assert.Equal(t, "earlier", string(got))
	left, err := filepath.Glob(filepath.Join(d.Path(), "new-*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

// TestDamage flips every bit of an entry's file and cuts it at every length.
func TestDamage(t *testing.T) {
	d := cachedir.Open(t.TempDir(), 0)
	put(t, d, keyOf(1), "content")
	path := only(t, d)
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	damaged := func(what string, file []byte) {
		require.NoError(t, os.WriteFile(path, file, 0o600))
		_, err := d.Read(keyOf(1), kind)
		var fault *cachedir.DamagedError
		require.ErrorAs(t, err, &fault, what)
		assert.Equal(t, path, fault.File)
		_, err = d.Read(keyOf(1), kind)
		require.ErrorIs(t, err, cachedir.ErrAbsent, "%s: the fault is named once", what)
	}
	for bit := range len(good) * 8 {
		bad := bytes.Clone(good)
		bad[bit/8] ^= 1 << (bit % 8)
		damaged(fmt.Sprintf("bit %d", bit), bad)
	}
	for n := range good {
		damaged(fmt.Sprintf("%d bytes", n), good[:n])
	}
	damaged("longer", append(bytes.Clone(good), 0))

	put(t, d, keyOf(1), "content")
}

// TestSwappedFiles puts the file of an entry in the place of another one. Only the damage of
// the other one is named, once, although nobody can remove it.
func TestSwappedFiles(t *testing.T) {
	d := cachedir.Open(t.TempDir(), 0)
	put(t, d, keyOf(1), "content")
	first := only(t, d)
	content, err := os.ReadFile(first)
	require.NoError(t, err)
	other := filepath.Join(d.Path(), strings.Replace(filepath.Base(first), string(keyOf(1)), string(keyOf(2)), 1))
	for range 3 {
		require.NoError(t, os.WriteFile(other, content, 0o600))
		_, err = d.Read(keyOf(2), kind)
		require.ErrorContains(t, err, other+": it is another entry's file")
	}
	require.Len(t, d.Damage(), 1)
	_, err = d.Read(keyOf(1), kind)
	require.NoError(t, err)
	for i := range 1000 {
		d.Report(fmt.Errorf("fault %d", i))
	}
	assert.Len(t, d.Damage(), 100, "memory is bounded")
}

// TestVersions has two versions of the program that use a folder in turn: each keeps its own
// entries, and names no damage.
func TestVersions(t *testing.T) {
	d := cachedir.Open(t.TempDir(), 0)
	other := cachedir.Kind{Name: kind.Name, Version: kind.Version + 1}
	put(t, d, keyOf(1), "content")
	_, err := d.Read(keyOf(1), other)
	require.Equal(t, cachedir.ErrAbsent, err)
	require.NoError(t, d.Put(keyOf(1), other, func(w io.Writer) error {
		_, err := io.WriteString(w, "other")
		return err
	}))
	for k, want := range map[cachedir.Kind]string{kind: "content", other: "other"} {
		got, err := d.Read(keyOf(1), k)
		require.NoError(t, err)
		assert.Equal(t, want, string(got))
	}
}

func TestEvictLeastRecentlyUsed(t *testing.T) {
	dir := t.TempDir()
	d := cachedir.Open(dir, 5000)
	foreign := filepath.Join(dir, "notes.txt")
	require.NoError(t, os.WriteFile(foreign, make([]byte, 9000), 0o600))
	remnant := filepath.Join(dir, "new-123")
	require.NoError(t, os.WriteFile(remnant, nil, 0o600))
	old := time.Now().Add(-2 * time.Hour)
	require.NoError(t, os.Chtimes(remnant, old, old))
	for i := range 4 {
		put(t, d, keyOf(i), strings.Repeat("x", 1000))
		file := filepath.Join(dir, string(keyOf(i))+".00000003.test")
		require.NoError(t, os.Chtimes(file, old, old.Add(time.Duration(i)*time.Minute)))
	}
	_, err := d.Read(keyOf(0), kind) // now used last
	require.NoError(t, err)
	put(t, d, keyOf(4), strings.Repeat("x", 1000))
	var left []int
	for i := range 5 {
		if _, err := d.Read(keyOf(i), kind); err == nil {
			left = append(left, i)
		}
	}
	assert.Equal(t, []int{0, 2, 3, 4}, left)
	assert.FileExists(t, foreign)
	assert.NoFileExists(t, remnant)
	assert.Positive(t, d.Room())
	assert.Less(t, d.Room(), int64(2000))
	assert.Zero(t, (*cachedir.Dir)(nil).Room())

	err = d.Put(keyOf(9), kind, func(w io.Writer) error { _, err := w.Write(make([]byte, 5001)); return err })
	require.ErrorIs(t, err, cachedir.ErrTooLarge)
}

func TestKey(t *testing.T) {
	dir := t.TempDir()
	d := cachedir.Open(filepath.Join(dir, "cache"), 0)
	file, other, link := filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "link")
	require.NoError(t, os.WriteFile(file, []byte("one"), 0o600))
	require.NoError(t, os.WriteFile(other, []byte("one"), 0o600))
	require.NoError(t, os.Symlink(dir, link))
	seen := map[cachedir.Key]string{}
	differs := func(what string, paths ...string) {
		key, err := d.Key(paths...)
		require.NoError(t, err)
		assert.Len(t, key, 32)
		assert.NotContains(t, seen, key, what)
		seen[key] = what
	}
	differs("one file", file)
	differs("another file", other)
	differs("two files", file, other)
	same, err := d.Key(filepath.Join(link, "a"))
	require.NoError(t, err)
	assert.Equal(t, "one file", seen[same], "by a link to its folder")
	at := time.Now().Add(time.Minute)
	require.NoError(t, os.Chtimes(file, at, at))
	differs("another time", file)
	require.NoError(t, os.WriteFile(file, []byte("longer"), 0o600))
	require.NoError(t, os.Chtimes(file, at, at))
	differs("another size", file)
	_, err = d.Key(filepath.Join(dir, "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.NotEqual(t, cachedir.DerivedKey([]byte("ab"), []byte("c")), cachedir.DerivedKey([]byte("a"), []byte("bc")))
}

// TestConcurrentUse puts, reads, damages and evicts entries at once. A reader gets whole
// entries or none.
func TestConcurrentUse(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for worker := range 8 {
		d := cachedir.Open(dir, 20_000) // each as in a process of its own
		wg.Go(func() {
			for i := range 50 {
				key := keyOf((worker + i) % 5)
				content := strings.Repeat(string(rune('a'+worker)), 5000)
				_ = d.Put(key, kind, func(w io.Writer) error { _, err := io.WriteString(w, content); return err })
				got, err := d.Read(key, kind)
				if err == nil {
					assert.Equal(t, strings.Repeat(string(got[0]), 5000), string(got))
				} else {
					assert.ErrorIs(t, err, cachedir.ErrAbsent)
				}
				d.Evict()
			}
		})
	}
	wg.Wait()
}

// TestDerived reads an entry as one of another version, and as one that does not hang on
// the source of the program.
func TestDerived(t *testing.T) {
	d := cachedir.Open(t.TempDir(), 0)
	derived := cachedir.Kind{Name: "derived", Version: 1, Derived: true}
	require.NoError(t, d.Put(keyOf(1), derived, func(w io.Writer) error {
		_, err := io.WriteString(w, "content")
		return err
	}))
	content, err := d.Read(keyOf(1), derived)
	require.NoError(t, err)
	assert.Equal(t, "content", string(content))
	for _, other := range []cachedir.Kind{{Name: "derived", Version: 2, Derived: true}, {Name: "derived", Version: 1}} {
		_, err = d.Read(keyOf(1), other)
		assert.ErrorIs(t, err, cachedir.ErrAbsent)
	}
}
