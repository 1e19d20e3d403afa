package nativemap

import (
	"io"
	"maps"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/assemble"
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
)

// snapshot is a page and when it was fetched.
type snapshot struct {
	at   time.Time
	page []byte
}

// record makes an archive of pages of one host as an import does, and returns
// its path and what was lost.
func record(t *testing.T, snapshots ...snapshot) (string, *prom.Report) {
	t.Helper()
	base := filepath.Join(t.TempDir(), "rec")
	report := &prom.Report{}
	a, err := archive.Create(base, archive.Header{Version: pcp.V3, Start: pcp.TimestampOf(snapshots[0].at), Host: "h", Zone: "UTC"}, nil)
	require.NoError(t, err)
	mapper, err := mapper.New(mapper.Options{Host: "h", Report: report})
	require.NoError(t, err)
	natives, err := New("node_exporter")
	require.NoError(t, err)
	sink := assemble.New(convert.NewToArchive(a), mapper, assemble.Options{Natives: natives, Report: report})
	known := map[string]*prom.Series{}
	for _, s := range snapshots {
		for e, err := range expo.Page(s.page, "", report) {
			require.NoError(t, err)
			series := promSeries(known, &e)
			require.NoError(t, sinktest.Put(sink, series, s.at.UnixMilli(), e.Value))
		}
	}
	require.NoError(t, sinktest.Finish(sink))
	return base, report
}

// promSeries returns the series of an entry, as a source of samples has it.
func promSeries(known map[string]*prom.Series, e *expo.Entry) *prom.Series {
	key := e.Name
	for _, l := range e.Labels {
		key += "\xff" + l.Name + "\xff" + l.Value
	}
	s := known[key]
	if s == nil {
		family := e.Family
		s = &prom.Series{Family: &family, Name: e.Name, Labels: slices.Clone(e.Labels), ID: len(known)}
		known[key] = s
	}
	return s
}

// exporter starts the reference's node_exporter with all that the map has use
// for, and returns what fetches a page.
func exporter(t *testing.T) func() snapshot {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	args := []string{
		"--web.listen-address=" + addr, "--collector.netstat.fields=.*", "--collector.vmstat.fields=.*",
		"--collector.netdev.device-exclude=^$", "--no-collector.systemd",
	}
	for _, c := range []string{"cpu.info", "interrupts", "meminfo_numa", "processes", "buddyinfo", "ksmd", "slabinfo"} {
		args = append(args, "--collector."+c)
	}
	start(t, oracle.Command(t, "prometheus-node-exporter", args...))
	fetch := func() snapshot {
		at := time.Now()
		resp, err := http.Get("http://" + addr + "/metrics")
		if err != nil {
			return snapshot{}
		}
		defer resp.Body.Close()
		page, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return snapshot{at, page}
	}
	require.Eventually(t, func() bool { return len(fetch().page) > 0 }, 20*time.Second, 50*time.Millisecond)
	return fetch
}

// start starts a program that ends with the test.
func start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

// values reads what pminfo -f shows. Keys are the metric's name and, after a
// blank, the instance's.
func values(text string) map[string]string {
	out := map[string]string{}
	name := ""
	for line := range strings.SplitSeq(text, "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case line == trimmed:
			name = line
		case strings.HasPrefix(trimmed, "value "):
			out[name] = strings.TrimPrefix(trimmed, "value ")
		case strings.HasPrefix(trimmed, "inst ["):
			_, rest, _ := strings.Cut(trimmed, ` or "`)
			inst, v, _ := strings.Cut(rest, `"] value `)
			out[name+" "+inst] = v
		}
	}
	return out
}

// steady are metrics that do not change between two looks.
var steady = []string{
	"hinv.ncpu", "hinv.ndisk", "hinv.ninterface", "hinv.physmem", "hinv.machine", "hinv.map.cpu_num cpu0", "hinv.cpu.online cpu0",
	"mem.physmem", "mem.util.swapTotal", "swap.length", "kernel.all.boottime", "kernel.uname.release", "kernel.uname.nodename",
	"kernel.all.entropy.poolsize", "vfs.files.max", "network.interface.mtu lo", "network.interface.up lo", "network.interface.hw_addr lo",
	"hinv.cpu.model_name cpu0", "mem.numa.util.total node0",
}

// near is how far a value that goes up and down may be from both looks at it.
const near = 0.5

func TestValuesAreTheAgents(t *testing.T) {
	m, err := New("node_exporter")
	require.NoError(t, err)
	args := slices.Sorted(maps.Keys(m.metrics))
	agent(t, "kernel.all.load") // or skip
	fetch := exporter(t)
	before := values(agent(t, append([]string{"-f"}, args...)...))
	page := fetch()
	after := values(agent(t, append([]string{"-f"}, args...)...))
	page.at = page.at.Truncate(time.Millisecond)
	base, report := record(t, page, snapshot{page.at.Add(time.Second), fetch().page})
	assert.Empty(t, report.Losses())
	assert.Empty(t, oracle.Run(t, "pmlogcheck", base))

	// At the start of the archive, where the first page is.
	got := values(oracle.Exec(t, "pminfo", append([]string{"-a", base, "-f", "-O", "0"}, args...)...).Stdout)
	counters, compared := map[string]bool{}, 0
	for _, r := range m.table.rows {
		counters[r.name] = r.desc.Sem == pcp.SemCounter
	}
	for key, v := range got {
		name, _, _ := strings.Cut(key, " ")
		lo, err1 := strconv.ParseFloat(before[key], 64)
		hi, err2 := strconv.ParseFloat(after[key], 64)
		x, err3 := strconv.ParseFloat(v, 64)
		if err1 != nil || err2 != nil || err3 != nil {
			continue // text, or gone meanwhile
		}
		compared++
		// The exporter adds up CPUs, of which each is a tick at most behind.
		tick := 0.0
		if strings.HasPrefix(name, "kernel.") {
			tick = 10 * 1024
		}
		if counters[name] {
			assert.True(t, lo-tick <= x && x <= hi+tick, "%s: %v is not between %v and %v", key, x, lo, hi)
		}
	}
	assert.Greater(t, compared, 400)
	for _, key := range steady {
		assert.NotEmpty(t, got[key], key)
		assert.Equal(t, before[key], got[key], key)
	}
	for _, key := range []string{"mem.util.used", "mem.util.cached", "kernel.all.uptime", "kernel.all.idletime", "filesys.used"} {
		for k := range got {
			if k == key || strings.HasPrefix(k, key+" ") {
				x, want := floatOf(t, got[k]), floatOf(t, before[k])
				assert.InEpsilon(t, want, x, near, k)
			}
		}
	}
}

func floatOf(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	require.NoError(t, err)
	return v
}

// The reference's own views run on a recording.
func TestViews(t *testing.T) {
	agent(t, "kernel.all.load") // or skip
	fetch := exporter(t)
	var pages []snapshot
	start := time.Now().Truncate(time.Second)
	for i := range 3 {
		pages = append(pages, snapshot{start.Add(time.Duration(i) * time.Second), fetch().page})
		time.Sleep(100 * time.Millisecond) // pmstat divides by the CPU time between
	}
	base, _ := record(t, pages...)

	for _, view := range []string{"vmstat", "sar-u-ALL", "sar-r-ALL", "sar-n-DEV", "sar-v", "sar-d-dev"} {
		out := oracle.Run(t, "pmrep", "-a", base, "-z", "-t", "1", ":"+view)
		assert.NotContains(t, out, "Invalid", view)
		assert.GreaterOrEqual(t, strings.Count(out, "\n"), 2, view)
	}
	out := oracle.Run(t, "pmstat", "-a", base, "-t", "1", "-s", "2")
	assert.Contains(t, out, "loadavg")
	assert.NotContains(t, out, "?")
	mem := strings.Fields(strings.SplitN(oracle.Run(t, "pcp", "-a", base, "-O", "-0", "free"), "\n", 3)[1])
	assert.Equal(t, values(agent(t, "-f", "mem.physmem"))["mem.physmem"], mem[1])
	assert.Contains(t, oracle.Run(t, "pcp", "-a", base, "-t", "1", "iostat"), "%util")
	assert.Contains(t, oracle.Run(t, "pmval", "-a", base, "-t", "1", "-f", "0", "disk.all.total"), "disk.all.total")
	assert.Contains(t, oracle.Run(t, "pcp", "-a", base, "atop", "1", "2"), "MEM | tot")
}
