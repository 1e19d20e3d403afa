package compare

import (
	"flag"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/store"
)

var (
	buildFrom = flag.String("build", "", "archive whose columns to write for measuring")
	buildIn   = flag.String("cache", "", "folder in which to write them")
)

// TestBuild writes the columns of archives as the background does, but without its pauses.
func TestBuild(t *testing.T) {
	if *buildFrom == "" {
		t.Skip("writes columns only with -build")
	}
	h, err := store.Open([]string{*buildFrom}, nil)
	require.NoError(t, err)
	dir := cachedir.Open(*buildIn, 2<<30)
	cache := columns.NewCache(dir)
	for _, set := range h.Sets() {
		for _, a := range set.Archives() {
			r, err := set.Open(a.Base)
			require.NoError(t, err)
			built, err := cache.Read(t.Context(), r, columns.Options{TempDir: dir.Path()})
			require.NoError(t, err)
			require.NoError(t, cache.Put(cache.Key(a.State), built))
			require.NoError(t, built.Close())
			en := cache.Get(cache.Key(a.State))
			require.NotNil(t, en)
			assert.True(t, en.Whole)
			en.Close()
		}
	}
	require.NoError(t, dir.Fault())
}
