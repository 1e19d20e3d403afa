package archive_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
)

// obstacles put something at a path that is no volume.
func obstacles(t *testing.T) map[string]func(path string) string {
	file := func(path, text string) string {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	return map[string]func(path string) string{
		"log": func(path string) string { return file(path, "Nov 29 12:00:00 rotated\n") },
		"compressed log": func(path string) string {
			return file(path+".gz", string(archtest.Pack(t, []byte("a log\n"), "gzip", "-c")))
		},
		"folder": func(path string) string {
			require.NoError(t, os.Mkdir(path, 0o755))
			return path
		},
		"folder like a compressed volume": func(path string) string {
			require.NoError(t, os.Mkdir(path+".zst", 0o755))
			return path + ".zst"
		},
		"dangling link": func(path string) string {
			require.NoError(t, os.Symlink("nowhere", path))
			return path
		},
	}
}

// refused checks that an error names what is in the way of a volume.
func refused(t *testing.T, err error, path string) {
	t.Helper()
	var taken *archive.TakenError
	require.ErrorAs(t, err, &taken)
	require.ErrorIs(t, err, fs.ErrExist)
	require.ErrorContains(t, err, path+" is no volume of archive ")
	assert.Equal(t, path, taken.Path)
}

// TestTakenBefore has the name of a further volume taken before a recording starts.
// It must not start if it will need the volume, and must leave no trace.
func TestTakenBefore(t *testing.T) {
	for name, put := range obstacles(t) {
		t.Run(name, func(t *testing.T) {
			base := filepath.Join(t.TempDir(), "rec")
			way := put(base + ".2")
			_, err := archive.Create(base, archtest.Header, &archive.WriteOptions{VolumeRecords: 4})
			refused(t, err, way)
			assert.Equal(t, []string{filepath.Base(way)}, names(t, filepath.Dir(base)))
			a, err := archive.Create(base, archtest.Header, nil)
			require.NoError(t, err, "an archive of one volume does not need it")
			fill(t, a, 1, 10)
			require.NoError(t, a.Close())

			before := names(t, filepath.Dir(base))
			_, err = archive.Continue(base, &archive.WriteOptions{VolumeSize: 1 << 20})
			refused(t, err, way)
			assert.Equal(t, before, names(t, filepath.Dir(base)))
			assert.Empty(t, goOn(t, base), "the last volume goes on")
			require.NoError(t, os.Remove(way), "pmlogcheck takes it for a volume")
			assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", base))

			replace(t, base+".0", ".gz", "gzip", "-c")
			other := put(base + ".1")
			_, err = archive.Continue(base, nil)
			refused(t, err, other)
		})
	}
	base := filepath.Join(t.TempDir(), "rec")
	require.NoError(t, os.WriteFile(base+".20261129", []byte("a log of a day\n"), 0o644))
	a, err := archive.Create(base, archtest.Header, &archive.WriteOptions{VolumeRecords: 4})
	require.NoError(t, err, "no recording gets as far")
	fill(t, a, 1, 10)
	require.NoError(t, a.Close())
}

// TestTakenDuring has the name taken while the recording runs, which ends with whole
// archives.
func TestTakenDuring(t *testing.T) {
	for name, put := range obstacles(t) {
		t.Run(name, func(t *testing.T) {
			archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
				base := filepath.Join(t.TempDir(), "rec")
				a, err := archive.Create(base, archtest.Header, &archive.WriteOptions{Version: v})
				require.NoError(t, err)
				fill(t, a, 1, 5)
				require.NoError(t, a.Rotate())
				fill(t, a, 5, 8)
				way := put(base + ".2")
				require.NoError(t, a.Rotate())
				err = a.Append(count(8, 8))
				refused(t, err, way)
				refused(t, errors.Join(a.Close()), way)
				assert.Len(t, counts(t, base), 7)
				require.NoError(t, os.Remove(way), "pmlogcheck takes it for a volume")
				assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", base))
			})
		})
	}
}
