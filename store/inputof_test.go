package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

func TestInputOf(t *testing.T) {
	dir := t.TempDir()
	base := filepath.Join(dir, "rec")
	archtest.WriteSample(t, base, pcp.V3)
	page := filepath.Join(dir, "pages", "deep", "a.prom")
	require.NoError(t, os.MkdirAll(filepath.Dir(page), 0o755))
	other := filepath.Join(dir, "other")
	for _, name := range []string{page, other} {
		require.NoError(t, os.WriteFile(name, []byte("up 1\n"), 0o644))
	}
	link := filepath.Join(dir, "link")
	require.NoError(t, os.Link(page, link))
	pages := filepath.Join(dir, "pages")
	inputs := []string{base, filepath.Join(dir, "none"), pages}
	for _, tc := range []struct{ file, want string }{
		{base + ".0", base}, {base + ".meta", base}, {page, pages}, {link, pages},
		{other, ""}, {filepath.Join(dir, "absent"), ""}, {pages, ""}, {os.DevNull, ""},
	} {
		got, ok := store.InputOf(tc.file, inputs)
		assert.Equal(t, tc.want, got, tc.file)
		assert.Equal(t, tc.want != "", ok, tc.file)
	}
}

func TestMergedHeader(t *testing.T) {
	dir := t.TempDir()
	archtest.WriteSample(t, filepath.Join(dir, "new"), pcp.V3)
	archtest.WriteSample(t, filepath.Join(dir, "old"), pcp.V2)
	hosts, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	set, err := hosts.Only()
	require.NoError(t, err)
	got := set.MergedHeader()
	assert.Equal(t, pcp.V3, got.Version)
	assert.Equal(t, set.Host(), got.Host)
	var size int64
	for r := range set.Readers() {
		for _, m := range r.Members() {
			if filepath.Ext(m.Path) == ".0" {
				size += m.Size
			}
		}
	}
	assert.Positive(t, size)
	assert.Equal(t, size, set.DataSize())
}
