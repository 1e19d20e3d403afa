package pmseries

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/seriestest"
	"github.com/pcparchive/pcparchive/pcp"
)

// stampAt returns the time of a record.
func stampAt(i int) pcp.Timestamp { return seriestest.StampAt(i) }

// writeHost writes an archive of a host.
func writeHost(t testing.TB, dir, host string, factor int) string {
	return seriestest.WriteHost(t, dir, host, factor)
}

// twoHosts returns a View of two hosts.
func twoHosts(t testing.TB) *View {
	dir := t.TempDir()
	return viewOf(t, writeHost(t, dir, "node88", 1), writeHost(t, dir, "node89", 3))
}

// ask returns the answer to an expression, at a present soon after the data.
func ask(t testing.TB, v *View, expr string) *Result {
	t.Helper()
	r, err := NewEngine(Options{}).Query(context.Background(), v, Times{Present: stampAt(9)}, expr)
	require.NoError(t, err, expr)
	return r
}
