package block

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/prometheus/tsdb/fileutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFault cuts a file that is mapped.
func TestFault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index")
	require.NoError(t, os.WriteFile(path, make([]byte, 1<<20), 0o644))
	f, err := fileutil.OpenMmapFile(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	if err := os.Truncate(path, 0); err != nil {
		t.Skip("a mapped file cannot be cut here: ", err)
	}
	sum := 0
	err = Guard(func() error {
		for _, b := range f.Bytes() {
			sum += int(b)
		}
		return nil
	})
	assert.ErrorContains(t, err, "damaged, although its checksums are right: runtime error: invalid memory address")
	assert.Zero(t, sum)
}
