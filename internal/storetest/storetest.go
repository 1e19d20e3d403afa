// Package storetest opens archives for tests that need only the Sets.
package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/store"
)

// Open returns the Set of the archives of one host, which may be damaged.
func Open(t testing.TB, paths ...string) *store.Set {
	t.Helper()
	hosts, err := store.Open(paths, nil)
	require.NoError(t, err)
	set, err := hosts.Only()
	require.NoError(t, err)
	return set
}

// Sets returns a Set for each host of archives that must not be damaged.
func Sets(t testing.TB, paths ...string) []*store.Set {
	t.Helper()
	hosts, err := store.Open(paths, nil)
	require.NoError(t, err)
	require.Empty(t, hosts.Problems())
	return hosts.Sets()
}
