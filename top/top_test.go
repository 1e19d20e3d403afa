package top_test

import (
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/top"
)

// begin is the time of the first record of the test archive.
var begin = time.Unix(1_700_000_000, 0).UTC()

// record writes a record every ten seconds for two minutes. The first process uses a fifth
// of a CPU, the second half of one in the first minute only, and memory of 3 MiB. The
// number of CPUs is recorded once.
func record(t *testing.T) *store.Set {
	base := filepath.Join(t.TempDir(), "rec")
	b, err := archive.NewBuilder(base, "web1", nil)
	require.NoError(t, err)
	millisec := pcp.Units{DimTime: 1, ScaleTime: pcp.TimeMillisec}
	kbyte := pcp.Units{DimSpace: 1, ScaleSpace: pcp.SpaceKbyte}
	names := []string{"000012 steady", "000034 burst -x"}
	cpus := b.Metric("hinv.ncpu", pcp.TypeU32, pcp.SemDiscrete, pcp.Units{})
	user := b.Metric("proc.psinfo.utime", pcp.TypeU64, pcp.SemCounter, millisec, names...)
	sys := b.Metric("proc.psinfo.stime", pcp.TypeU64, pcp.SemCounter, millisec, names...)
	rss := b.Metric("proc.psinfo.rss", pcp.TypeU64, pcp.SemInstant, kbyte, names...)
	written := b.Metric("disk.dev.write_bytes", pcp.TypeU64, pcp.SemCounter, kbyte, "sda", "sdb")
	cpus.Set(4)
	for i := range 13 {
		burst := min(i, 6)
		user.Set(i*1500, burst*5000)
		sys.Set(i*500, 0)
		rss.Set(1024, 3072)
		written.Set(i*10, i*10_240)
		require.NoError(t, b.Record(begin.Add(time.Duration(i)*10*time.Second)))
	}
	require.NoError(t, b.Close())
	return storetest.Open(t, base)
}

// table returns a table of a report.
func table(t *testing.T, r *top.Report, name string) *top.Rows {
	for i := range r.Tables {
		if r.Tables[i].Table.Name == name {
			return &r.Tables[i]
		}
	}
	require.Fail(t, "no table", name)
	return nil
}

func at(t *testing.T, set *store.Set, after, window time.Duration) *top.Report {
	r, err := top.At(t.Context(), set, top.Options{At: pcp.TimestampOf(begin.Add(after)), Window: window})
	require.NoError(t, err)
	return r
}

func TestAt(t *testing.T) {
	set := record(t)
	r := at(t, set, 30*time.Second, 20*time.Second)
	processes := table(t, r, "process")
	require.True(t, processes.SortBy("cpu"))
	require.Len(t, processes.Rows, 2)
	busy, steady := processes.Rows[0], processes.Rows[1]
	assert.Equal(t, "000034 burst -x", busy.Instance)
	pid, command := busy.Process()
	assert.Equal(t, []string{"34", "burst -x"}, []string{pid, command})
	assert.InDelta(t, 50, busy.Values[0], 1e-9)
	assert.InDelta(t, 20, steady.Values[0], 1e-9, "user and system time")
	assert.InDelta(t, 3<<20, busy.Values[1], 0, "bytes")
	assert.True(t, math.IsNaN(busy.Values[2]), "not logged")

	disks := table(t, r, "disk")
	require.True(t, disks.SortBy("written"))
	assert.Equal(t, "sdb", disks.Rows[0].Instance)
	assert.InDelta(t, 1<<20, disks.Rows[0].Values[2], 1e-6, "bytes per second")
	assert.InDelta(t, 4, table(t, r, "host").Rows[0].Values[5], 0, "recorded once, before the window")

	assert.Contains(t, r.Missing, "proc.io.read_bytes")
	assert.Contains(t, r.Missing, "kernel.all.cpu.user")
	assert.NotContains(t, r.Missing, "proc.psinfo.rss")
	assert.Empty(t, r.Empty)
}

// A rate counts for the part of the window that it covers.
func TestWindow(t *testing.T) {
	set := record(t)
	cpu := func(after, window time.Duration) float64 {
		rows := table(t, at(t, set, after, window), "process")
		rows.SortBy("memory")
		return rows.Rows[0].Values[0]
	}
	assert.InDelta(t, 50, cpu(33*time.Second, 2*time.Second), 1e-9, "shorter than the recording interval")
	assert.InDelta(t, 25, cpu(60*time.Second, 20*time.Second), 1e-9, "half of the window")
	assert.InDelta(t, 0, cpu(90*time.Second, 20*time.Second), 1e-9, "after the burst")
	assert.InDelta(t, 50, cpu(0, 20*time.Second), 1e-9, "the window begins before the records")
}

func TestSortByIO(t *testing.T) {
	processes := &top.Tables[1]
	require.Equal(t, "process", processes.Name)
	nan := math.NaN()
	rows := top.Rows{Table: processes, Rows: []top.Row{
		{Instance: "a", ID: 1, Values: []float64{9, 9, 1, 2}}, {Instance: "b", ID: 2, Values: []float64{0, 0, nan, 5}}, {Instance: "c", ID: 3, Values: []float64{1, 1, nan, nan}},
	}}
	rows.SortByIO()
	assert.Equal(t, "b", rows.Rows[0].Instance)
	assert.Equal(t, "c", rows.Rows[2].Instance)
	assert.False(t, rows.SortBy("nothing"))
}

// Nothing around the window is said, and not taken for zero.
func TestEmpty(t *testing.T) {
	r := at(t, record(t), 5*time.Hour, time.Minute)
	assert.Contains(t, r.Empty, "proc.psinfo.utime")
	assert.Empty(t, table(t, r, "disk").Rows)
}
