package top_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/top"
)

// procAgent is the reference's agent for processes, which pmlogger loads itself.
const procAgent = "/var/lib/pcp/pmdas/proc/pmda_proc.so"

// TestStagedProcesses lets PCP's logger record processes that burn a CPU, hold memory and
// write to the disk, and wants each at the top of its order.
func TestStagedProcesses(t *testing.T) {
	oracle.Path(t, "pmlogger")
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	// The agent names a process after its first argument.
	stage := func(name, program string, args ...string) {
		link := filepath.Join(dir, name)
		real, err := exec.LookPath(program)
		require.NoError(t, err)
		require.NoError(t, os.Symlink(real, link))
		cmd := exec.CommandContext(ctx, link, args...)
		require.NoError(t, cmd.Start())
		t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	}
	stage("stagedburner", "sh", "-c", "while :; do :; done")
	stage("stagedhog", "sh", "-c", `held=$(head -c 150000000 /dev/zero | tr '\0' x); while :; do sleep 1; done`)
	stage("stagedwriter", "dd", "if=/dev/zero", "of="+filepath.Join(dir, "out"), "bs=64k", "count=4000000", "oflag=dsync")
	config := filepath.Join(dir, "config")
	require.NoError(t, os.WriteFile(config, []byte("log mandatory on 500 msec { proc.psinfo.utime proc.psinfo.stime proc.psinfo.rss proc.io disk.dev }\n"), 0o666))
	base := filepath.Join(dir, "rec")
	oracle.Run(t, "pmlogger", "-o", "-K", "add,3,"+procAgent+",proc_init", "-c", config, "-T", "6sec", "-l", filepath.Join(dir, "log"), base)
	cancel()

	set, err := store.OpenSet([]string{base}, nil)
	require.NoError(t, err)
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
