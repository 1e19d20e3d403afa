package top_test

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/top"
)

// TestPercentages has shares of time in percent and rates that are no counters, under the
// names of PCP's counters, as sadf writes them.
func TestPercentages(t *testing.T) {
	base := filepath.Join(t.TempDir(), "sar")
	b, err := archive.NewBuilder(base, "web1", nil)
	require.NoError(t, err)
	user := b.Metric("kernel.all.cpu.user", pcp.TypeFloat, pcp.SemInstant, pcp.Units{})
	wait := b.Metric("kernel.all.cpu.iowait", pcp.TypeFloat, pcp.SemInstant, pcp.Units{})
	each := b.Metric("kernel.percpu.cpu.user", pcp.TypeFloat, pcp.SemInstant, pcp.Units{}, "cpu0", "cpu1")
	received := b.Metric("network.interface.in.bytes", pcp.TypeFloat, pcp.SemInstant, pcp.Units{DimSpace: 1, DimTime: -1, ScaleSpace: pcp.SpaceKbyte, ScaleTime: pcp.TimeSec}, "eth0")
	for i := range 13 {
		user.Set(40)
		wait.Set(2.5)
		each.Set(30, 50)
		received.Set(8)
		require.NoError(t, b.Record(begin.Add(time.Duration(i)*10*time.Second)))
	}
	require.NoError(t, b.Close())
	set := storetest.Open(t, base)
	report := at(t, set, time.Minute, time.Minute)
	host := table(t, report, "host")
	for name, want := range map[string]float64{"user": 40, "wait": 2.5} {
		i := column(t, host, name)
		assert.InDelta(t, want, host.Rows[0].Values[i], 1e-6, name)
	}
	cpus := table(t, report, "cpu")
	require.Len(t, cpus.Rows, 2)
	i := column(t, cpus, "user")
	assert.InDelta(t, 80, cpus.Rows[0].Values[i]+cpus.Rows[1].Values[i], 1e-6)
	interfaces := table(t, report, "interface")
	assert.InDelta(t, 8192, interfaces.Rows[0].Values[column(t, interfaces, "received")], 1e-6)
}

// column returns the index of a column.
func column(t *testing.T, rows *top.Rows, name string) int {
	t.Helper()
	for i, c := range rows.Table.Columns {
		if c.Name == name {
			return i
		}
	}
	require.Fail(t, "no column", name)
	return 0
}

// TestSadf reads what sadf -l makes of two seconds of sar, where sysstat is built with PCP.
// Debian's is not.
func TestSadf(t *testing.T) {
	for _, name := range []string{"sar", "sadf"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip(err)
		}
	}
	data, base := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "sar")
	out, err := exec.CommandContext(t.Context(), "sar", "-o", data, "1", "2").CombinedOutput()
	require.NoError(t, err, "%s", out)
	out, err = exec.CommandContext(t.Context(), "sadf", "-l", "-O", "pcparchive="+base, data, "--", "-A").CombinedOutput()
	if _, missing := archive.AllMembers(base); missing != nil {
		t.Skipf("sadf has no PCP: %v: %s", err, out)
	}
	set := storetest.Open(t, base)
	report := at(t, set, time.Second, time.Second)
	host := table(t, report, "host")
	sum := 0.0
	for _, name := range []string{"user", "sys", "idle"} {
		sum += host.Rows[0].Values[column(t, host, name)]
	}
	assert.Greater(t, sum, 1.0)
	assert.LessOrEqual(t, sum, 101.0)
}
