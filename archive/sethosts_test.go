package archive_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/store"
)

func TestSetHosts(t *testing.T) {
	dir := t.TempDir()
	for i, host := range []string{"b", "a", "b"} {
		recording{name: fmt.Sprint("rec", i), host: host, pid: int32(i), secs: []int64{int64(10*i) + 1}}.write(t, dir)
	}
	_, err := store.OpenSet([]string{dir}, nil)
	var hosts *store.HostsError
	require.ErrorAs(t, err, &hosts)
	assert.Equal(t, []string{"a", "b"}, hosts.Hosts)
	assert.EqualError(t, err, "archives of 2 hosts: a, b")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "odd.meta"), nil, 0o644))
	sets, bad, err := store.OpenSets([]string{dir}, nil)
	require.NoError(t, err)
	require.Len(t, sets, 2)
	assert.Equal(t, "a", sets[0].Host())
	assert.Equal(t, []string{"1 0", "1.001 mark", "21 2"}, timeline(t, sets[1], history.Query{}))
	assert.Equal(t, at(1), sets[1].Header().Start)
	require.Len(t, bad, 1)
	assert.ErrorIs(t, bad[0].Err, fs.ErrNotExist)
}

func TestSetErrors(t *testing.T) {
	_, err := store.OpenSet([]string{t.TempDir()}, nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = store.OpenSet(nil, nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = store.OpenSet([]string{filepath.Join(t.TempDir(), "none")}, nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
	base := recording{name: "x", secs: []int64{1}}.write(t, t.TempDir())
	require.NoError(t, os.Truncate(base+".0", 100))
	_, err = store.OpenSet([]string{base}, nil)
	requireLocated(t, err)
}
