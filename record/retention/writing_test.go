package retention

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The end of an archive is read only if nobody writes the archive: it stays in any case, and
// would have to be read again each time.
func TestReadsNoEndOfWritten(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-1000 * time.Hour)
	for _, name := range []string{"open.meta", "open.0", "open.index", "closed.meta", "closed.0", "closed.index"} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte("no archive"), 0o644))
		require.NoError(t, os.Chtimes(path, old, old))
	}
	c := New(Options{Dir: dir, Limits: Limits{Keep: 2000 * time.Hour}})
	writing := func(base string) bool { return strings.HasSuffix(base, "open") }
	report, err := c.Cull(t.Context(), writing)
	require.NoError(t, err)
	assert.Equal(t, 2, report.Archives)
	assert.Positive(t, report.Bytes)
	assert.Contains(t, c.ends, filepath.Join(dir, "closed"))
	assert.NotContains(t, c.ends, filepath.Join(dir, "open"))

	c.opts.Limits.Keep = time.Hour
	report, err = c.Cull(t.Context(), writing)
	require.NoError(t, err)
	assert.Equal(t, 1, report.Removed)
	assert.FileExists(t, filepath.Join(dir, "open.meta"))
	report, err = c.Cull(t.Context(), func(string) bool { return false })
	require.NoError(t, err)
	assert.Equal(t, 1, report.Removed, "nobody writes it any more")
	assert.NoFileExists(t, filepath.Join(dir, "open.meta"))
}
