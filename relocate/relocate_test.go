package relocate_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/outlock"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/relocate"
)

// contents returns the files in a folder.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	all := map[string]string{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		all[e.Name()] = string(b)
	}
	return all
}

func TestMove(t *testing.T) {
	base := archtest.Sample(t, pcp.V3)
	before := contents(t, filepath.Dir(base))
	to := filepath.Join(t.TempDir(), "other")
	done, err := relocate.Move(t.Context(), base, to, relocate.Options{DryRun: true})
	require.NoError(t, err)
	assert.Equal(t, 3, done.Files)
	assert.Empty(t, contents(t, filepath.Dir(to)))
	done, err = relocate.Move(t.Context(), base, to, relocate.Options{})
	require.NoError(t, err)
	assert.Equal(t, 3, done.Files)
	assert.Empty(t, contents(t, filepath.Dir(base)))
	after := contents(t, filepath.Dir(to))
	assert.Len(t, after, 3)
	for _, suffix := range []string{".meta", ".index", ".0"} {
		assert.Equal(t, before["sample"+suffix], after["other"+suffix])
	}
}

// TestMoveAfterKill finishes a Move that ended after the files had their second names, with
// links as on one file system and copies as on two.
func TestMoveAfterKill(t *testing.T) {
	for name, bring := range map[string]func(from, to string) error{
		"links": os.Link,
		"copies": func(from, to string) error {
			b, err := os.ReadFile(from)
			if err != nil {
				return err
			}
			return os.WriteFile(to, b, 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			base := archtest.Sample(t, pcp.V3)
			to := filepath.Join(t.TempDir(), "other")
			for _, suffix := range []string{".meta", ".index", ".0"} {
				require.NoError(t, bring(base+suffix, to+suffix))
			}
			require.NoError(t, os.Remove(base+".index"))
			_, err := relocate.Move(t.Context(), base, to, relocate.Options{})
			require.NoError(t, err)
			assert.Empty(t, contents(t, filepath.Dir(base)))
			assert.Len(t, contents(t, filepath.Dir(to)), 3)
		})
	}
}

func TestMoveOverwritesOnlyByForce(t *testing.T) {
	a, b := archtest.Sample(t, pcp.V3), archtest.Sample(t, pcp.V2)
	beforeA, beforeB := contents(t, filepath.Dir(a)), contents(t, filepath.Dir(b))
	_, err := relocate.Move(t.Context(), a, b, relocate.Options{})
	require.ErrorIs(t, err, os.ErrExist)
	assert.Equal(t, beforeA, contents(t, filepath.Dir(a)))
	assert.Equal(t, beforeB, contents(t, filepath.Dir(b)))
	_, err = relocate.Move(t.Context(), a, b, relocate.Options{Force: true})
	require.NoError(t, err)
	assert.Equal(t, beforeA, contents(t, filepath.Dir(b)))
	assert.Empty(t, contents(t, filepath.Dir(a)))
}

func TestRemove(t *testing.T) {
	base := archtest.Sample(t, pcp.V3)
	lock, err := outlock.Take(base)
	require.NoError(t, err)
	var held *archive.InUseError
	_, err = relocate.Remove(base, relocate.Options{})
	require.ErrorAs(t, err, &held)
	require.NoError(t, lock.Release())
	done, err := relocate.Remove(base, relocate.Options{})
	require.NoError(t, err)
	assert.Equal(t, 3, done.Files)
	assert.Empty(t, contents(t, filepath.Dir(base)))
	_, err = relocate.Remove(base, relocate.Options{})
	assert.ErrorIs(t, err, os.ErrNotExist)
}
