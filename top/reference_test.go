package top_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/top"
)

// TestStagedProcesses lets PCP's logger record processes that burn a CPU, hold memory and
// write to the disk, and wants each at the top of its order.
func TestStagedProcesses(t *testing.T) {
	oracle.Path(t, "pmlogger")
	ends := []func(){
		oracle.StageBurner(t, "stagedburner"),
		oracle.StageHog(t, "stagedhog", 150_000_000),
		oracle.StageWriters(t, "stagedwriter", 1, "dsync"),
	}
	// Whole subtrees would bring derived metrics, at which pmlogger 6.0.3 sometimes stops recording.
	base := oracle.Record(t, "log mandatory on 500 msec { proc.psinfo.utime proc.psinfo.stime proc.psinfo.rss proc.io.read_bytes proc.io.write_bytes disk.dev.avactive }\n", 6*time.Second)
	for _, end := range ends {
		end()
	}

	set := storetest.Open(t, base)
	end, err := set.End()
	require.NoError(t, err)
	r, err := top.At(t.Context(), set, top.Options{At: end.Add(-2 * time.Second), Window: 3 * time.Second})
	require.NoError(t, err)
	processes := table(t, r, "process")
	staged := func(name string) (row top.Row) {
		for _, row := range processes.Rows {
			if strings.Contains(row.Instance, name) {
				return row
			}
		}
		require.Fail(t, "no process", name)
		return row
	}
	cpu, memory, writes := staged("stagedburner").Values[0], staged("stagedhog").Values[1], staged("stagedwriter").Values[3]
	assert.Greater(t, cpu, 0.0)
	assert.Greater(t, memory, 100e6)
	assert.Greater(t, writes, 0.0)
	for order, least := range map[string]string{"memory": "stagedhog", "written": "stagedwriter", "cpu": "stagedburner"} {
		require.True(t, processes.SortBy(order))
		place := 0
		for i, row := range processes.Rows {
			if strings.Contains(row.Instance, least) {
				place = i
				break
			}
		}
		assert.Less(t, place, 25, "%s is %d. by %s", least, place+1, order) // other tests run beside it
	}
}
