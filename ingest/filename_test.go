package ingest

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
)

// TestArchiveFileName demands names under which an archive is found again.
func TestArchiveFileName(t *testing.T) {
	for value, want := range map[string]string{
		"web1": "web1", "web1.example.com": "web1.example.com", "10.0.0.1": "10_0_0_1", "fe80::1": "fe80__1",
		"a/b": "a_b", "../up": "_.._up", ".": "__", "": "_", "x.meta": "x_meta", "x.index": "x_index", "a.0": "a_0", "é": "_", "C:\\x": "C__x",
		"-rf": "_-rf", "-": "_-", "CON": "_CON", "nul": "_nul", "com1.txt": "_com1.txt", "LPT9.a.b": "_LPT9.a.b", "prn.meta": "_prn_meta",
		"com10": "com10", "console": "console", "a.": "a_", "a ": "a_", "con ": "con_", "x.gz": "x_gz", "x.meta.zst": "x_meta_zst", "x.Z": "x_Z",
	} {
		name := archiveFileName(value)
		assert.Equal(t, want, name, value)
		base := filepath.Join(t.TempDir(), name)
		importSamples(t, Options{Out: base}, samples{{"up", "web"}})
		found, members, err := archive.Members(base)
		require.NoError(t, err, value)
		assert.Equal(t, base, found, value)
		assert.Len(t, members, 3, value)
	}
}

// TestArchiveFileNameOfLongValues has values that differ in what is cut off keep
// apart, run for run.
func TestArchiveFileNameOfLongValues(t *testing.T) {
	long := strings.Repeat("web.", 100)
	a, b := archiveFileName(long+"a"), archiveFileName(long+"b")
	assert.NotEqual(t, a, b)
	assert.Equal(t, a, archiveFileName(long+"a"))
	for _, name := range []string{a, b} {
		assert.Len(t, name, maxArchiveName)
		assert.True(t, strings.HasPrefix(name, "web.web."))
	}
	whole := strings.Repeat("x", maxArchiveName)
	assert.Equal(t, whole, archiveFileName(whole))
}

// TestFreeName has equal names, or names that differ in case, get numbers.
func TestFreeName(t *testing.T) {
	taken := map[string]bool{}
	var got []string
	for _, value := range []string{"web", "Web", "web_2", "a/b", "a b", "con", "_con"} {
		got = append(got, freeName(taken, value))
	}
	assert.Equal(t, []string{"web", "Web_2", "web_2_2", "a_b", "a_b_2", "_con", "_con_2"}, got)
}
