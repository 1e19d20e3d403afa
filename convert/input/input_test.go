package input_test

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/input"
	"github.com/pcparchive/pcparchive/internal/archtest"
)

const page = "# TYPE up gauge\nup 1\n"

// write writes files below dir.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"p/b.prom": page, "p/a.om": "12345", "p/note.md": "", "p/sub/c.prom": page, "p/dir.prom/x": "", "single": page, "empty/x.md": ""})
	changed := time.Date(2026, 3, 7, 14, 30, 0, 0, time.UTC)
	require.NoError(t, os.Chtimes(filepath.Join(dir, "single"), changed, changed))

	files, err := input.Find([]string{filepath.Join(dir, "single"), filepath.Join(dir, "p")}, ".prom", ".om")
	require.NoError(t, err)
	var names []string
	for _, f := range files {
		names = append(names, f.Name)
	}
	assert.Equal(t, []string{filepath.Join(dir, "single"), filepath.Join(dir, "p", "a.om"), filepath.Join(dir, "p", "b.prom")}, names)
	assert.True(t, files[0].Time.Equal(changed))
	assert.Equal(t, int64(2*len(page)+5), input.Size(files))

	before := time.Now()
	files, err = input.Find([]string{filepath.Join(dir, "single"), input.Stdin})
	require.NoError(t, err)
	assert.Equal(t, "standard input", files[1].Name)
	assert.False(t, files[1].Time.Before(before))
	assert.Equal(t, int64(-1), input.Size(files))

	_, err = input.Find([]string{filepath.Join(dir, "absent")})
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = input.Find([]string{filepath.Join(dir, "empty")}, ".prom", ".om")
	require.ErrorContains(t, err, filepath.Join(dir, "empty")+": no file in it ends in .prom or .om")
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	content := strings.Repeat(page, 500)
	write(t, dir, map[string]string{"plain": content, "empty": ""})
	packers := map[string][]string{"gz": {"gzip", "-c"}, "xz": {"xz", "-c"}, "zst": {"zstd", "-c"}}
	for suffix, command := range packers {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "packed."+suffix), archtest.Pack(t, []byte(content), command[0], command[1:]...), 0o644))
	}
	for name, want := range map[string]string{"plain": content, "empty": "", "packed.gz": content, "packed.xz": content, "packed.zst": content} {
		files, err := input.Find([]string{filepath.Join(dir, name)})
		require.NoError(t, err)
		total := 0
		r, err := files[0].Open(input.Options{Progress: func(n int) { total += n }})
		require.NoError(t, err, name)
		_, seeks := r.(io.Seeker)
		assert.Equal(t, !strings.HasPrefix(name, "packed"), seeks, name)
		got, err := io.ReadAll(r)
		require.NoError(t, err, name)
		assert.Equal(t, want, string(got), name)
		assert.GreaterOrEqual(t, int64(total), files[0].Size, "%s: progress", name)
		require.NoError(t, r.Close())
	}
}

func TestOpenStream(t *testing.T) {
	files, err := input.Find([]string{input.Stdin})
	require.NoError(t, err)
	total := 0
	r, err := files[0].Open(input.Options{Stdin: strings.NewReader(page), Progress: func(n int) { total += n }})
	require.NoError(t, err)
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	assert.Equal(t, page, string(got))
	assert.Equal(t, len(page), total)
	require.NoError(t, r.Close())

	packed := string(archtest.Pack(t, []byte(page), "gzip", "-c"))
	_, err = files[0].Open(input.Options{Stdin: strings.NewReader(packed)})
	require.ErrorContains(t, err, "standard input: compressed with gzip")
}

func TestOpenFailures(t *testing.T) {
	dir := t.TempDir()
	_, err := input.File{Name: filepath.Join(dir, "gone")}.Open(input.Options{})
	require.ErrorIs(t, err, os.ErrNotExist)
	if runtime.GOOS != "windows" {
		r, err := input.File{Name: os.DevNull}.Open(input.Options{})
		require.NoError(t, err)
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		assert.Empty(t, got)
		require.NoError(t, r.Close())
	}
}
