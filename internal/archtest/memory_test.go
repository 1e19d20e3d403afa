package archtest

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRemoveAbandoned wants only the folders of dead processes to go.
func TestRemoveAbandoned(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	root := t.TempDir()
	alive := fmt.Sprintf("%s%d-1", memoryPrefix, os.Getpid())
	const dead = memoryPrefix + "99999999-1" // above the largest number of a process
	for _, name := range []string{alive, dead, memoryPrefix + "12", "other-99999999-1"} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, name, "block"), 0o755))
	}
	removeAbandoned(root)
	assert.NoDirExists(t, filepath.Join(root, dead))
	for _, name := range []string{alive, memoryPrefix + "12", "other-99999999-1"} {
		assert.DirExists(t, filepath.Join(root, name))
	}
}
