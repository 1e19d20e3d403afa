package browsertest

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// begin is the time of the first record of the test archives.
var begin = time.Date(2026, 3, 4, 13, 0, 0, 0, time.UTC)

const (
	interval = 10 * time.Second
	cpus     = 4
	memory   = 16 << 20 // Kbyte
)

// moment is what a made-up host does at a time. Rates are for each second.
type moment struct {
	user, sys, wait float64    // shares of all CPUs
	load            float64    // processes
	available       float64    // share of the memory
	swapped         float64    // pages out
	busy            [2]float64 // shares of the time of sda and sdb
	written         [2]float64 // Kbyte to sda and sdb
	received        float64    // bytes on eth0
	processes       []process
}

// process is what a process does.
type process struct {
	cpu     float64 // share of a CPU
	rss     float64 // Kbyte
	written float64 // bytes
}

// quiet is what a host does when nothing happens.
func quiet() moment {
	return moment{
		user: .08, sys: .03, wait: .01, load: .4, available: .7, busy: [2]float64{.06, .01}, written: [2]float64{200, 20}, received: 4e4,
		processes: []process{{.05, 90_000, 1e3}, {.02, 40_000, 2e3}, {.01, 700_000, 1e4}, {0, 3_000, 0}},
	}
}

// commands are the instances of the processes.
var commands = []string{"000812 nginx: worker process", "001044 /usr/sbin/sshd -D", "002210 postgres: checkpointer", "004711 backup --all /srv"}

// spec describes a test archive.
type spec struct {
	base, host string
	from, to   time.Duration // after begin
	at         func(time.Duration) moment
	bare       bool   // without processes and pressure
	hostile    bool   // with names and texts that try to do harm
	hostname   string // the label hostname, if it is not the host
}

// attack is a text that must never be more than a text on the page.
const attack = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>\u202e\x1b[31m'\"`${1}</textarea>"

// write writes a test archive.
func (x spec) write(t testing.TB, dir string) {
	t.Helper()
	b, err := archive.NewBuilder(filepath.Join(dir, x.base), x.host, nil)
	require.NoError(t, err)
	h := newHost(b, x)
	if x.hostile {
		h.attack(t)
	}
	if x.hostname != "" {
		h.call(t, x.hostname)
	}
	for d := x.from; d < x.to; d += interval {
		h.advance(x.at(d))
		require.NoError(t, b.Record(begin.Add(d)))
	}
	require.NoError(t, b.Close())
}

// host holds the metrics of a made-up host, and the counters.
type host struct {
	x      spec
	b      *archive.Builder
	gauges map[string]*archive.BuiltMetric
	counts []*counter
	first  bool
}

// counter is a metric that counts what rate returns.
type counter struct {
	metric *archive.BuiltMetric
	rate   func(moment) []float64
	sums   []float64
}

var (
	millisec = pcp.Units{DimTime: 1, ScaleTime: pcp.TimeMillisec}
	kbyte    = pcp.Units{DimSpace: 1, ScaleSpace: pcp.SpaceKbyte}
	octets   = pcp.Units{DimSpace: 1}
	count    = pcp.Units{DimCount: 1}
	none     = pcp.Units{}
)

func newHost(b *archive.Builder, x spec) *host {
	h := &host{x: x, b: b, gauges: map[string]*archive.BuiltMetric{}, first: true}
	cpu := func(name string, share func(moment) float64) {
		h.counter(name, millisec, func(m moment) []float64 { return []float64{share(m) * cpus * 1000} })
	}
	cpu("kernel.all.cpu.user", func(m moment) float64 { return m.user })
	cpu("kernel.all.cpu.sys", func(m moment) float64 { return m.sys })
	cpu("kernel.all.cpu.wait.total", func(m moment) float64 { return m.wait })
	cpu("kernel.all.cpu.steal", func(moment) float64 { return 0 })
	cpu("kernel.all.cpu.idle", func(m moment) float64 { return 1 - m.user - m.sys - m.wait })
	h.gauge("hinv.ncpu", pcp.SemDiscrete, none)
	h.gauge("kernel.all.load", pcp.SemInstant, none, "1 minute", "5 minute", "15 minute")
	h.gauge("kernel.all.runnable", pcp.SemInstant, none)
	h.gauge("mem.physmem", pcp.SemDiscrete, kbyte)
	h.gauge("mem.util.available", pcp.SemInstant, kbyte)
	h.gauge("mem.util.free", pcp.SemInstant, kbyte)
	h.counter("swap.pagesout", count, func(m moment) []float64 { return []float64{m.swapped} })
	h.counter("swap.pagesin", count, func(m moment) []float64 { return []float64{m.swapped / 2} })
	disks := []string{"sda", "sdb"}
	h.counter("disk.dev.avactive", millisec, func(m moment) []float64 { return []float64{1000 * m.busy[0], 1000 * m.busy[1]} }, disks...)
	h.counter("disk.dev.write_bytes", kbyte, func(m moment) []float64 { return m.written[:] }, disks...)
	h.counter("disk.dev.write", count, func(m moment) []float64 { return []float64{m.written[0] / 16, m.written[1] / 16} }, disks...)
	h.counter("disk.all.write_bytes", kbyte, func(m moment) []float64 { return []float64{m.written[0] + m.written[1]} })
	h.counter("network.interface.in.bytes", octets, func(m moment) []float64 { return []float64{m.received, 100} }, "eth0", "lo")
	h.counter("network.interface.out.bytes", octets, func(m moment) []float64 { return []float64{m.received / 3, 100} }, "eth0", "lo")
	h.counter("network.interface.in.errors", count, func(moment) []float64 { return []float64{0, 0} }, "eth0", "lo")
	h.gauge("filesys.full", pcp.SemInstant, none, "/dev/sda1", "/dev/sdb1")
	if !x.bare {
		h.detailed()
	}
	return h
}

// detailed adds what not every host logs.
func (h *host) detailed() {
	for _, resource := range []string{"cpu", "memory", "io"} {
		h.gauge("kernel.all.pressure."+resource+".some.avg", pcp.SemInstant, none, "10 second", "1 minute", "5 minute")
	}
	each := func(of func(process) float64) func(moment) []float64 {
		return func(m moment) (values []float64) {
			for _, p := range m.processes {
				values = append(values, of(p))
			}
			return values
		}
	}
	h.counter("proc.psinfo.utime", millisec, each(func(p process) float64 { return 800 * p.cpu }), commands...)
	h.counter("proc.psinfo.stime", millisec, each(func(p process) float64 { return 200 * p.cpu }), commands...)
	h.counter("proc.io.read_bytes", octets, each(func(process) float64 { return 0 }), commands...)
	h.counter("proc.io.write_bytes", octets, each(func(p process) float64 { return p.written }), commands...)
	h.gauge("proc.psinfo.rss", pcp.SemInstant, kbyte, commands...)
}

func (h *host) gauge(name string, sem pcp.Semantics, units pcp.Units, instances ...string) {
	h.gauges[name] = h.b.Metric(name, pcp.TypeDouble, sem, units, instances...)
}

func (h *host) counter(name string, units pcp.Units, rate func(moment) []float64, instances ...string) {
	m := h.b.Metric(name, pcp.TypeU64, pcp.SemCounter, units, instances...)
	h.counts = append(h.counts, &counter{m, rate, make([]float64, max(1, len(instances)))})
}

// advance sets the values after an interval.
func (h *host) advance(m moment) {
	for _, c := range h.counts {
		values := make([]any, len(c.sums))
		for i, rate := range c.rate(m) {
			c.sums[i] += rate * interval.Seconds()
			values[i] = uint64(c.sums[i])
		}
		c.metric.Set(values...)
	}
	set := func(name string, values ...any) {
		if g := h.gauges[name]; g != nil {
			g.Set(values...)
		}
	}
	if h.first {
		set("hinv.ncpu", cpus)
		set("mem.physmem", memory)
		h.first = false
	}
	set("kernel.all.load", m.load, m.load, m.load)
	set("kernel.all.runnable", 1+m.load/2)
	set("mem.util.available", m.available*memory)
	set("mem.util.free", m.available*memory/2)
	set("filesys.full", 40, 62.5)
	for resource, share := range map[string]float64{"cpu": m.user * m.user, "memory": max(0, .2-m.available), "io": m.wait} {
		set("kernel.all.pressure."+resource+".some.avg", 100*share, 100*share, 100*share)
	}
	if rss := h.gauges["proc.psinfo.rss"]; rss != nil {
		values := make([]any, len(m.processes))
		for i, p := range m.processes {
			values[i] = p.rss
		}
		rss.Set(values...)
	}
}

// call gives the series another label hostname than the host of the archive's label.
func (h *host) call(t testing.TB, name string) {
	t.Helper()
	set, err := labelset.New(labelset.Context, labelset.String("hostname", name))
	require.NoError(t, err)
	require.NoError(t, h.b.Appender().SetLabels(&meta.Labels{
		Stamp: pcp.TimestampOf(begin.Add(h.x.from)), Level: labelset.Context, Ident: meta.ContextIdent, Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: set}},
	}))
}

// attack adds a metric whose instance, labels and help try to do harm.
func (h *host) attack(t testing.TB) {
	t.Helper()
	h.counter("hostile.counter", count, func(moment) []float64 { return []float64{5} }, attack)
	desc := h.counts[len(h.counts)-1].metric.Desc()
	stamp := pcp.TimestampOf(begin.Add(h.x.from))
	require.NoError(t, h.b.Appender().SetText(&meta.Text{Type: meta.TextPMID | meta.TextOneLine, Ident: uint32(desc.PMID), Text: attack}))
	require.NoError(t, h.b.Appender().SetText(&meta.Text{Type: meta.TextPMID | meta.TextHelp, Ident: uint32(desc.PMID), Text: "First line.\n" + attack}))
	set, err := labelset.New(labelset.Item, labelset.String("danger", attack))
	require.NoError(t, err)
	require.NoError(t, h.b.Appender().SetLabels(&meta.Labels{
		Stamp: stamp, Level: labelset.Item, Ident: uint32(desc.PMID), Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: set}},
	}))
}
