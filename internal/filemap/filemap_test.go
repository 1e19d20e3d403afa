package filemap_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/defect"
	"github.com/pcparchive/pcparchive/internal/filemap"
)

// fileOf returns a file with n random bytes that is open for reading, and the bytes. It skips
// the test where files cannot be mapped.
func fileOf(t *testing.T, n int) (*os.File, []byte) {
	t.Helper()
	all := make([]byte, n)
	for i := range all {
		all[i] = byte(1 + rand.N(255))
	}
	name := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(name, all, 0o600))
	f, err := os.Open(name)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	err = filemap.Use(f, 0, 1, func([]byte) {})
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, filemap.ErrAbsent) {
		t.Skip(err)
	}
	require.NoError(t, err)
	return f, all
}

func TestUse(t *testing.T) {
	f, all := fileOf(t, 1<<20)
	for range 100 {
		from := rand.N(len(all))
		to := from + 1 + rand.N(len(all)/4)
		called := false
		require.NoError(t, filemap.Use(f, int64(from), int64(to), func(b []byte) {
			called = true
			assert.True(t, bytes.Equal(all[from:min(to, len(all))], b), "from %d to %d", from, to)
		}))
		assert.True(t, called)
	}
	for _, part := range [][2]int64{{-1, 10}, {10, 10}, {10, 9}, {1 << 20, 2 << 20}, {1 << 40, 1<<40 + 1}} {
		err := filemap.Use(f, part[0], part[1], func([]byte) { t.Error("called") })
		require.ErrorIs(t, err, errors.ErrUnsupported)
		assert.ErrorContains(t, err, f.Name())
	}
}

// TestFileShrinks cuts a file while it is mapped.
func TestFileShrinks(t *testing.T) {
	f, all := fileOf(t, 1<<20)
	const cut, from = 600_000, 1000
	sum, seen := 0, 0
	err := filemap.Use(f, from, int64(len(all)), func(b []byte) {
		require.NoError(t, os.Truncate(f.Name(), cut))
		for i := range b {
			sum += int(b[i])
			seen++
		}
	})
	var fault *filemap.FaultError
	require.ErrorAs(t, err, &fault)
	assert.Equal(t, f.Name(), fault.File)
	assert.GreaterOrEqual(t, fault.Offset, int64(cut))
	assert.Equal(t, fault.Offset, int64(from+seen))
	assert.ErrorContains(t, err, f.Name()+": byte ")
	require.NoError(t, filemap.Use(f, 0, int64(len(all)), func(b []byte) { assert.True(t, bytes.Equal(all[:cut], b)) }))
}

// TestPanics checks that panics other than faults of the file are not taken for them.
func TestPanics(t *testing.T) {
	f, _ := fileOf(t, 100)
	var none *struct{ n int }
	for _, panics := range []func(b []byte){
		func([]byte) { panic("a defect") },
		func(b []byte) { b[len(b)] = 1 },
		func([]byte) { none.n++ },
	} {
		e := defect.Catch(func() { assert.Fail(t, "no panic", filemap.Use(f, 0, 100, panics)) })
		require.NotNil(t, e)
		assert.Contains(t, string(e.Stack), "TestPanics")
	}
}
