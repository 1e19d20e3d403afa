package overview

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// begin is the time of the first record of test archives: 14:00 UTC.
var begin = time.Date(2025, 3, 4, 14, 0, 0, 0, time.UTC)

// host writes an archive of a host with two disks, which records every ten seconds. Disk
// sda is busy from minute 5 to minute 20.
type host struct {
	b                 *archive.Builder
	cpus, load        *archive.BuiltMetric
	busy, wait, total *archive.BuiltMetric
	records           int
	ms, waited        int
}

func newHost(t *testing.T, base, name string) *host {
	b, err := archive.NewBuilder(base, name, &archive.WriteOptions{AsIs: true})
	require.NoError(t, err)
	millisec := pcp.Units{DimTime: 1, ScaleTime: pcp.TimeMillisec}
	return &host{
		b: b, cpus: b.Metric("hinv.ncpu", pcp.TypeU32, pcp.SemDiscrete, pcp.Units{}),
		load:  b.Metric("kernel.all.load", pcp.TypeFloat, pcp.SemInstant, pcp.Units{}, "1 minute", "5 minute", "15 minute"),
		busy:  b.Metric("disk.dev.avactive", pcp.TypeU32, pcp.SemCounter, millisec, "sda", "sdb"),
		wait:  b.Metric("disk.dev.total_rawactive", pcp.TypeU32, pcp.SemCounter, millisec, "sda", "sdb"),
		total: b.Metric("disk.dev.total", pcp.TypeU64, pcp.SemCounter, pcp.Units{DimCount: 1}, "sda", "sdb"),
	}
}

// record writes the records of some minutes.
func (h *host) record(t *testing.T, minutes int) {
	for end := h.records + 6*minutes; h.records < end; h.records++ {
		minute := h.records / 6
		load := 1
		if minute >= 5 && minute < 20 {
			h.ms, h.waited, load = h.ms+9800, h.waited+21000, 38
		} else {
			h.ms, h.waited = h.ms+500, h.waited+200
		}
		if h.records == 0 {
			h.cpus.Set(16)
		}
		h.load.Set(load, 1, 1)
		h.busy.Set(h.ms, h.records*100)
		h.wait.Set(h.waited, h.records*100)
		h.total.Set(h.records*100, h.records*100)
		require.NoError(t, h.b.Record(begin.Add(time.Duration(h.records)*10*time.Second)))
	}
}

func openSets(t *testing.T, dir string) []*store.Set {
	h, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	return h.Sets()
}

// stalled writes the archive of an hour of a host.
func stalled(t *testing.T) []*store.Set {
	dir := t.TempDir()
	h := newHost(t, filepath.Join(dir, "web1"), "web1")
	h.record(t, 60)
	require.NoError(t, h.b.Close())
	return openSets(t, dir)
}

// age makes the files of a folder look old, so that their archives count as closed.
func age(t *testing.T, dir string) {
	all, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	old := time.Now().Add(-time.Hour)
	for _, path := range all {
		require.NoError(t, os.Chtimes(path, old, old))
	}
}
