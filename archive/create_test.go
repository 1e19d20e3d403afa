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

// TestCreateNeverOverwrites checks that any member of the archive prevents creating
// it. The contents are not text: a text file numbered as a volume is not a member.
func TestCreateNeverOverwrites(t *testing.T) {
	for _, member := range []string{
		"rec.meta", "rec.index", "rec.0", "rec.7", "rec.0.xz", "rec.meta.xz", "rec.index.gz", "rec.3.zst", "rec.meta.bz2", "rec.0.Z",
	} {
		t.Run(member, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, member)
			require.NoError(t, os.WriteFile(path, []byte("precious\x00"), 0o644))
			_, err := archive.Create(filepath.Join(dir, "rec"), archive.Header{}, nil)
			require.ErrorIs(t, err, fs.ErrExist)
			assert.ErrorContains(t, err, path)
			kept, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, "precious\x00", string(kept))
			assert.Equal(t, []string{member}, names(t, dir))
		})
	}
}

// TestCreateBesideSimilarNames checks that only files of the same archive
// prevent creating it.
func TestCreateBesideSimilarNames(t *testing.T) {
	dir := t.TempDir()
	for _, other := range []string{"re.meta", "rec2.0", "rec.meta.txt", "rec", "rec.0.1"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, other), nil, 0o644))
	}
	for _, base := range []string{"rec", "rec.1"} { // rec.1 is not a volume of rec
		a, err := archive.Create(filepath.Join(dir, base), archive.Header{}, nil)
		require.NoError(t, err, base)
		require.NoError(t, a.Append(count(1, 1)))
		require.NoError(t, a.Close())
		assert.FileExists(t, filepath.Join(dir, base+".meta"))
	}
}

func names(t testing.TB, dir string) (all []string) {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestEmptyArchiveIsRemoved(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		a, base := create(t, v)
		require.NoError(t, a.Define(archtest.Count), "metadata alone is no archive")
		require.NoError(t, a.Flush())
		require.NoError(t, a.Close())
		assert.Empty(t, names(t, filepath.Dir(base)))
	})
}

func TestMembersOrder(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.10", "a.2", "a.2.xz", "a.0.gz", "a.index", "a.meta.xz", "a.007", "a.x", "a.0.0", "b.meta", "a.-1", "a.99999999999"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o644))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "a.5"), 0o755))
	want := []string{"a.meta.xz", "a.index", "a.0.gz", "a.2", "a.10"}
	for _, name := range []string{"a", "a.meta", "a.index", "a.10", "a.0.gz", "a.77"} {
		base, members, err := archive.Members(filepath.Join(dir, name))
		require.NoError(t, err, name)
		assert.Equal(t, filepath.Join(dir, "a"), base)
		var got []string
		for _, m := range members {
			got = append(got, filepath.Base(m.Path))
		}
		assert.Equal(t, want, got, name)
	}
	for _, name := range []string{"c", "c.meta", "x.0"} {
		_, _, err := archive.Members(filepath.Join(dir, name))
		assert.ErrorIs(t, err, fs.ErrNotExist, name)
	}
}
