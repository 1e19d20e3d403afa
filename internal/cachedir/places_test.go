package cachedir_test

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/cachedir"
)

// TestPlaces uses folders that users have: each entry is there afterwards, or absent and the
// fault is known.
func TestPlaces(t *testing.T) {
	for name, tt := range map[string]struct {
		make  func(t *testing.T, dir string)
		fault string // "" if entries are kept
		mode  fs.FileMode
	}{
		"none":    {func(*testing.T, string) {}, "", 0o600},
		"private": {func(t *testing.T, dir string) { require.NoError(t, os.Mkdir(dir, 0o700)) }, "", 0o600},
		"of a group": {func(t *testing.T, dir string) {
			require.NoError(t, os.Mkdir(dir, 0o700))
			require.NoError(t, os.Chmod(dir, 0o770))
		}, "", 0o660},
		"of all": {func(t *testing.T, dir string) {
			require.NoError(t, os.Mkdir(dir, 0o700))
			require.NoError(t, os.Chmod(dir, 0o777|os.ModeSticky))
		}, "", 0o666},
		"link": {func(t *testing.T, dir string) {
			require.NoError(t, os.Mkdir(dir+"s", 0o700))
			require.NoError(t, os.Symlink(dir+"s", dir))
		}, "", 0o600},
		"dangling link":  {func(t *testing.T, dir string) { require.NoError(t, os.Symlink(dir+"s", dir)) }, "file exists", 0},
		"file":           {func(t *testing.T, dir string) { require.NoError(t, os.WriteFile(dir, nil, 0o600)) }, "not a directory", 0},
		"below a file":   {func(t *testing.T, dir string) { require.NoError(t, os.WriteFile(filepath.Dir(dir)+"/up", nil, 0o600)) }, "not a directory", 0},
		"link to itself": {func(t *testing.T, dir string) { require.NoError(t, os.Symlink(dir, dir)) }, "too many levels", 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "cache")
			tt.make(t, dir)
			if name == "below a file" {
				dir = filepath.Join(filepath.Dir(dir), "up", "cache")
			}
			d := cachedir.Open(dir, 0)
			_, err := d.Read(keyOf(1), kind)
			require.Equal(t, cachedir.ErrAbsent, err, "no damage")
			err = d.Put(keyOf(1), kind, func(w io.Writer) error {
				_, err := io.WriteString(w, "content")
				return err
			})
			if tt.fault != "" {
				require.Error(t, err)
				require.ErrorContains(t, d.Fault(), tt.fault)
				_, err = d.Read(keyOf(1), kind)
				require.Equal(t, cachedir.ErrAbsent, err)
				return
			}
			require.NoError(t, err)
			got, err := d.Read(keyOf(1), kind)
			require.NoError(t, err)
			assert.Equal(t, "content", string(got))
			assert.NoError(t, d.Fault())
			files, err := filepath.Glob(filepath.Join(dir, "*.test"))
			require.NoError(t, err)
			require.Len(t, files, 1)
			info, err := os.Stat(files[0])
			require.NoError(t, err)
			assert.Equal(t, tt.mode, info.Mode().Perm())
		})
	}
}

// TestSharedBound has several processes that fill a folder at once: it exceeds the bound by
// what each may put before it looks for the others.
func TestSharedBound(t *testing.T) {
	const bound, processes = 100_000, 8
	dir := t.TempDir()
	content := strings.Repeat("x", 1000)
	var wg sync.WaitGroup
	for p := range processes {
		d := cachedir.Open(dir, bound)
		put(t, d, keyOf(200), content) // each has seen an empty folder
		wg.Go(func() {
			for i := range 200 {
				key := cachedir.DerivedKey([]byte{byte(p), byte(i)})
				assert.NoError(t, d.Put(key, kind, func(w io.Writer) error {
					_, err := io.WriteString(w, content)
					return err
				}))
			}
		})
	}
	wg.Wait()
	_, used := cachedir.Open(dir, bound).Usage()
	assert.LessOrEqual(t, used, int64(bound+processes*bound/16+2000))
	assert.Greater(t, used, int64(bound/2))
}
