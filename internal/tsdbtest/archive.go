package tsdbtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/assemble"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/read"
	"github.com/pcparchive/pcparchive/internal/sinktest"
)

// ToArchive writes the samples of blocks and logs at paths to an archive.
func ToArchive(t testing.TB, report *prom.Report, path string, paths ...string) {
	t.Helper()
	ToArchiveOf(t, "imported", report, path, paths...)
}

// ToArchiveOf does the same as ToArchive for an archive of a given host.
func ToArchiveOf(t testing.TB, host string, report *prom.Report, path string, paths ...string) {
	t.Helper()
	r, err := read.Open(t.Context(), paths, read.Options{Report: report, Damaged: func(d *read.Damage) { t.Error(d) }})
	require.NoError(t, err)
	m, err := mapper.New(mapper.Options{Host: host, Report: report})
	require.NoError(t, err)
	a, err := archive.Create(path, archive.Header{Host: host, PID: 1}, &archive.WriteOptions{NoSync: true, AsIs: true})
	require.NoError(t, err)
	sink := assemble.New(convert.NewToArchive(a), m, assemble.Options{Natives: r.Catalog().Natives(report), Report: report})
	require.NoError(t, r.Samples(t.Context(), sink))
	require.NoError(t, sinktest.Finish(sink))
	require.NoError(t, r.Close())
}
