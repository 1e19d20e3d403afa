package overview

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/rewrite"
	"github.com/pcparchive/pcparchive/store"
)

// logged is a configuration of PCP's logger with the metrics that the rules need.
const logged = `log mandatory on 500 msec {
	kernel.all.load kernel.all.cpu kernel.all.pressure kernel.all.blocked hinv.ncpu
	mem.util.available mem.physmem mem.vmstat.oom_kill swap.pagesin swap.pagesout
	disk.dev.avactive disk.dev.aveq disk.dev.total disk.dev.total_rawactive filesys
	network.interface.in network.interface.out network.interface.baudrate network.tcp.retranssegs network.tcp.outsegs
	proc.psinfo.utime proc.psinfo.stime proc.psinfo.rss proc.io.read_bytes proc.io.write_bytes
}
`

// staged is an incident that a test has caused while PCP's logger recorded this host.
type staged struct {
	host     *Host
	from, to time.Time
}

// withoutOthers returns a copy of a recording that leaves out the processes that the test
// has not started, because other tests may keep the CPUs busy beside it.
func withoutOthers(t *testing.T, base string) string {
	t.Helper()
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	o := rewrite.Options{Metrics: []string{"kernel", "hinv", "mem", "swap", "disk", "filesys", "network"}}
	d, ok := r.Meta().Lookup("proc.psinfo.utime")
	require.True(t, ok)
	kept := rewrite.Instances{Metric: "proc"}
	for domain := range r.Meta().InDomVersions(d.InDom) {
		for _, in := range domain.Instances {
			if strings.Contains(in.Name, "staged") && !slices.Contains(kept.Names, in.Name) {
				kept.Names = append(kept.Names, in.Name)
			}
		}
	}
	require.NotEmpty(t, kept.Names)
	o.Instances = []rewrite.Instances{kept}
	out := filepath.Join(t.TempDir(), "staged")
	_, err = rewrite.Copy(t.Context(), out, []*archive.Reader{r}, o)
	require.NoError(t, err)
	return out
}

// stage lets PCP's logger record this host while something happens for four seconds.
func stage(t *testing.T, begin func() (end func())) staged {
	t.Helper()
	base, wait := oracle.Recording(t, logged, 9*time.Second)
	time.Sleep(3 * time.Second)
	s := staged{from: time.Now()}
	end := begin()
	time.Sleep(4 * time.Second)
	end()
	s.to = time.Now()
	wait()
	base = withoutOthers(t, base)
	set := storetest.Open(t, base)
	r, err := New(Options{}).Of(t.Context(), []*store.Set{set}, Request{})
	require.NoError(t, err)
	require.Len(t, r.Hosts, 1)
	s.host = r.Hosts[0]
	for _, in := range s.host.Worst {
		t.Log(in.Words)
	}
	return s
}

// incident returns the incident of one of some rules, which must be at the time at which it
// was caused, give or take the window of the rates and what a busy machine adds.
func (s staged) incident(t *testing.T, rules ...string) Incident {
	t.Helper()
	name, err := os.Hostname()
	require.NoError(t, err)
	assert.Equal(t, name, s.host.Name)
	const about = 3 * time.Second
	for _, in := range s.host.Worst {
		if slices.Contains(rules, in.Rule.Name) && time.UnixMilli(in.From).Before(s.to) && time.UnixMilli(in.To).After(s.from) {
			assert.WithinRange(t, time.UnixMilli(in.From), s.from.Add(-about), s.to)
			assert.WithinRange(t, time.UnixMilli(in.To), s.from, s.to.Add(about))
			loc := s.host.Location
			at := time.UnixMilli(in.From).In(loc).Format("15:04:05–") + time.UnixMilli(in.To).In(loc).Format("15:04:05 ")
			assert.Contains(t, in.Words, at)
			assert.InDelta(t, 1, in.Level, 0.5)
			return in
		}
	}
	require.Fail(t, "no incident", "of %s at %s among %d", rules, s.from, len(s.host.Worst))
	return Incident{}
}

// TestStagedRunaway wants a process that burns the CPUs to be named.
func TestStagedRunaway(t *testing.T) {
	oracle.Path(t, "pmlogger")
	s := stage(t, func() func() { return oracle.StageBurner(t, "stagedburner") })
	in := s.incident(t, "runaway")
	assert.Contains(t, in.Instance, "stagedburner")
	assert.Regexp(t, `^\d\d:\d\d:\d\d–\d\d:\d\d:\d\d (runaway|busy) process stagedburner .*\(pid \d+, [\d.]+ % of a CPU\)`, in.Words)
}

// TestStagedDiskStall wants a disk that cannot keep up with its writers to be named.
func TestStagedDiskStall(t *testing.T) {
	oracle.Path(t, "pmlogger")
	s := stage(t, func() func() { return oracle.StageWriters(t, "stagedwriter", 4, "direct") })
	if slices.ContainsFunc(s.host.Missing, func(m Missing) bool { return m.Rule.Name == "disk_busy" }) {
		t.Skip("the system shows no disk")
	}
	in := s.incident(t, "disk_busy", "disk_wait", "disk_queue")
	assert.Regexp(t, `^\d\d:\d\d:\d\d–\d\d:\d\d:\d\d disk `+in.Instance+` (saturated|busy|slow|queueing) \(`, in.Words)
	assert.Contains(t, in.Words, ", load ")
	assert.Contains(t, in.Words, "top process ")
}

// TestStagedShortage wants a shortage of memory, in which the kernel kills processes, to be
// named.
func TestStagedShortage(t *testing.T) {
	oracle.Path(t, "pmlogger")
	s := stage(t, func() func() { return oracle.StageShortage(t, "stagedhog") })
	in := s.incident(t, "memory_oom", "psi_memory") // which is worse depends on what else runs
	assert.Regexp(t, `^\d\d:\d\d:\d\d–\d\d:\d\d:\d\d processes (killed for want of|waiting for) memory`, in.Words)
	assert.Contains(t, in.Words, "processes killed for want of memory")
	assert.Equal(t, "memory", in.Rule.Resource)
	assert.Regexp(t, `mem_vmstat_oom_kill\{|kernel_all_pressure_memory`, in.Query)
}
