package relocate_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/outlock"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/relocate"
)

// contents returns the files in a folder.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	all := map[string]string{}
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		all[e.Name()] = string(b)
	}
	return all
}

func TestMove(t *testing.T) {
	base := archtest.Sample(t, pcp.V3)
	before := contents(t, filepath.Dir(base))
	to := filepath.Join(t.TempDir(), "other")
	done, err := relocate.Move(t.Context(), base, to, relocate.Options{DryRun: true})
	require.NoError(t, err)
	assert.Equal(t, 3, done.Files)
	assert.Empty(t, contents(t, filepath.Dir(to)))
	done, err = relocate.Move(t.Context(), base, to, relocate.Options{})
	require.NoError(t, err)
	assert.Equal(t, 3, done.Files)
	assert.Empty(t, contents(t, filepath.Dir(base)))
	after := contents(t, filepath.Dir(to))
	assert.Len(t, after, 3)
	for _, suffix := range []string{".meta", ".index", ".0"} {
		assert.Equal(t, before["sample"+suffix], after["other"+suffix])
	}
}

// TestMoveAfterKill finishes a Move that ended after the files had their second names, with
// links as on one file system and copies as on two.
func TestMoveAfterKill(t *testing.T) {
	for name, bring := range map[string]func(from, to string) error{
		"links": os.Link,
		"copies": func(from, to string) error {
			b, err := os.ReadFile(from)
			if err != nil {
				return err
			}
			return os.WriteFile(to, b, 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			base := archtest.Sample(t, pcp.V3)
			to := filepath.Join(t.TempDir(), "other")
			for _, suffix := range []string{".meta", ".index", ".0"} {
				require.NoError(t, bring(base+suffix, to+suffix))
			}
			require.NoError(t, os.Remove(base+".index"))
			_, err := relocate.Move(t.Context(), base, to, relocate.Options{})
			require.NoError(t, err)
			assert.Empty(t, contents(t, filepath.Dir(base)))
			assert.Len(t, contents(t, filepath.Dir(to)), 3)
		})
	}
}

func TestMoveOverwritesOnlyByForce(t *testing.T) {
	a, b := archtest.Sample(t, pcp.V3), archtest.Sample(t, pcp.V2)
	beforeA, beforeB := contents(t, filepath.Dir(a)), contents(t, filepath.Dir(b))
	_, err := relocate.Move(t.Context(), a, b, relocate.Options{})
	require.ErrorIs(t, err, os.ErrExist)
	assert.Equal(t, beforeA, contents(t, filepath.Dir(a)))
	assert.Equal(t, beforeB, contents(t, filepath.Dir(b)))
	_, err = relocate.Move(t.Context(), a, b, relocate.Options{Force: true})
	require.NoError(t, err)
	assert.Equal(t, beforeA, contents(t, filepath.Dir(b)))
	assert.Empty(t, contents(t, filepath.Dir(a)))
}

func TestRemove(t *testing.T) {
	base := archtest.Sample(t, pcp.V3)
	lock, err := outlock.Take(base)
	require.NoError(t, err)
	var held *archive.InUseError
	_, err = relocate.Remove(base, relocate.Options{})
	require.ErrorAs(t, err, &held)
	require.NoError(t, lock.Release())
	done, err := relocate.Remove(base, relocate.Options{})
	require.NoError(t, err)
	assert.Equal(t, 3, done.Files)
	assert.Empty(t, contents(t, filepath.Dir(base)))
	_, err = relocate.Remove(base, relocate.Options{})
	assert.ErrorIs(t, err, os.ErrNotExist)
}

// TestMoveToItself: the same archive by another path stays.
func TestMoveToItself(t *testing.T) {
	base := archtest.Sample(t, pcp.V3)
	dir := filepath.Dir(base)
	before := contents(t, dir)
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(dir, link))
	t.Chdir(dir)
	for _, to := range []string{base, filepath.Join(dir, ".", "x", "..", "sample"), filepath.Join(link, "sample"), "sample", "./sample"} {
		for _, force := range []bool{false, true} {
			_, err := relocate.Move(t.Context(), base, to, relocate.Options{Force: force})
			require.ErrorIs(t, err, relocate.ErrSame, to)
			require.Equal(t, before, contents(t, dir), to)
		}
	}
}

// TestMoveAfterKillAtEveryStep has what a kill leaves after each step of Move: the old
// archive stays whole until the new one is, and the next Move finishes.
func TestMoveAfterKillAtEveryStep(t *testing.T) {
	suffixes := []string{".0", ".index", ".meta"} // in the order in which they get their places
	const ready = 1 + 3                           // steps until all files are aside, and complete
	for step := range ready + 3 + 3 {
		base := archtest.Sample(t, pcp.V3)
		before := contents(t, filepath.Dir(base))
		dir := t.TempDir()
		to := filepath.Join(dir, "other")
		aside := filepath.Join(dir, ".pcparchive-other.new")
		if step >= ready {
			aside = filepath.Join(dir, ".pcparchive-other.done")
		}
		require.NoError(t, os.Mkdir(aside, 0o700))
		for i, suffix := range suffixes {
			place := filepath.Join(aside, "other"+suffix)
			if step > ready+i {
				place = to + suffix
			}
			if step > i {
				require.NoError(t, os.Link(base+suffix, place))
			}
		}
		if step >= ready+3 {
			require.NoError(t, os.RemoveAll(aside))
			for _, suffix := range []string{".index", ".meta"}[:step-ready-3] {
				require.NoError(t, os.Remove(base+suffix))
			}
		}
		_, err := relocate.Move(t.Context(), base, to, relocate.Options{})
		require.NoError(t, err, "step %d", step)
		require.Empty(t, contents(t, filepath.Dir(base)), "step %d", step)
		after := contents(t, dir)
		require.Len(t, after, 3, "step %d", step)
		for _, suffix := range suffixes {
			require.Equal(t, before["sample"+suffix], after["other"+suffix], "step %d", step)
		}
	}
}

// TestMoveOfLinks: a link becomes a link to the same file, and the file stays. A file with
// several names keeps the others.
func TestMoveOfLinks(t *testing.T) {
	base := archtest.Sample(t, pcp.V3)
	store := filepath.Join(filepath.Dir(base), "store")
	require.NoError(t, os.Mkdir(store, 0o755))
	require.NoError(t, os.Rename(base+".0", filepath.Join(store, "volume")))
	require.NoError(t, os.Symlink(filepath.Join("store", "volume"), base+".0"))
	require.NoError(t, os.Link(base+".meta", filepath.Join(store, "second")))
	before, err := os.ReadFile(base + ".0")
	require.NoError(t, err)
	to := filepath.Join(t.TempDir(), "other")
	_, err = relocate.Move(t.Context(), base, to, relocate.Options{})
	require.NoError(t, err)
	assert.Equal(t, []string{"second", "volume"}, slices.Sorted(maps.Keys(contents(t, store))))
	info, err := os.Lstat(to + ".0")
	require.NoError(t, err)
	assert.Equal(t, os.ModeSymlink, info.Mode().Type())
	after, err := os.ReadFile(to + ".0")
	require.NoError(t, err)
	assert.Equal(t, before, after)

	// A link in the new place to a file of the old one is no second name.
	require.NoError(t, os.Rename(to+".index", base+".index"))
	require.NoError(t, os.Symlink(base+".index", to+".index"))
	require.NoError(t, os.Symlink(filepath.Join(store, "volume"), base+".0"))
	require.NoError(t, os.Link(to+".meta", base+".meta"))
	_, err = relocate.Move(t.Context(), base, to, relocate.Options{})
	require.ErrorIs(t, err, os.ErrExist)
	assert.FileExists(t, base+".index")
}

// TestOddNames moves archives whose names have dots, spaces, line ends, quotes and bytes
// that are not UTF-8, onto another archive.
func TestOddNames(t *testing.T) {
	for _, name := range []string{"a.b.c", "20260101.12.30", "with space", "line\n-end\n+x", `quo"te`, "\xff\xfe", "-dash", "x.meta", "x.0"} {
		from, other := archtest.Sample(t, pcp.V3), archtest.Sample(t, pcp.V2)
		before := contents(t, filepath.Dir(from))
		to := filepath.Join(t.TempDir(), name)
		_, err := relocate.Move(t.Context(), other, to, relocate.Options{})
		require.NoError(t, err, "%q", name)
		_, err = relocate.Move(t.Context(), from, to, relocate.Options{Force: true})
		require.NoError(t, err, "%q", name)
		after := contents(t, filepath.Dir(to))
		require.Len(t, after, 3, "%q", name)
		require.Equal(t, before["sample.meta"], after[name+".meta"], "%q", name)
		_, err = relocate.Remove(to, relocate.Options{})
		require.NoError(t, err, "%q", name)
		require.Empty(t, contents(t, filepath.Dir(to)), "%q", name)
	}
}
