package converttest

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
)

// Create begins an archive. It returns the archive's base name and a sink that writes it.
func Create(t *testing.T, o *archive.WriteOptions) (string, *convert.ToArchive) {
	t.Helper()
	base := filepath.Join(t.TempDir(), "rec")
	a, err := archive.Create(base, archive.Header{Host: "recorder", Zone: "UTC", PID: 1}, o)
	require.NoError(t, err)
	return base, convert.NewToArchive(a)
}

// Open opens an archive.
func Open(t *testing.T, base string) *archive.Reader {
	t.Helper()
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	return r
}
