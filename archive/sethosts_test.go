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
	hosts, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	_, err = hosts.Only()
	var several *store.HostsError
	require.ErrorAs(t, err, &several)
	assert.Equal(t, []string{"a", "b"}, several.Hosts)
	assert.EqualError(t, err, "archives of 2 hosts: a, b")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "odd.meta"), nil, 0o644))
	hosts, err = store.Open([]string{dir}, nil)
	require.NoError(t, err)
	sets := hosts.Sets()
	require.Len(t, sets, 2)
	assert.Equal(t, "a", sets[0].Host())
	assert.Equal(t, []string{"1 0", "1.001 mark", "21 2"}, timeline(t, sets[1], history.Query{}))
	assert.Equal(t, at(1), sets[1].Header().Start)
	bad := hosts.Problems()
	require.Len(t, bad, 1)
	assert.ErrorIs(t, bad[0].Err, fs.ErrNotExist)
}

func TestSetErrors(t *testing.T) {
	var none *store.NotArchiveError
	_, err := store.Open([]string{t.TempDir()}, nil)
	require.ErrorAs(t, err, &none)
	assert.Equal(t, store.EmptyFolder, none.Reason)
	_, err = store.Open(nil, nil)
	require.ErrorAs(t, err, &none)
	assert.Equal(t, store.EmptyName, none.Reason)
	_, err = store.Open([]string{filepath.Join(t.TempDir(), "none")}, nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
	base := recording{name: "x", secs: []int64{1}}.write(t, t.TempDir())
	require.NoError(t, os.Truncate(base+".0", 100))
	_, err = store.Open([]string{base}, nil)
	requireLocated(t, err)
}
