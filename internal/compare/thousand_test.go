package compare

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// The pile of archives that is measured on: hosts whose loggers rotate every half hour,
// each archive with the metadata of the one before and a few new processes.
const (
	pileHosts    = 20
	pileArchives = 50   // of each host
	pileMinutes  = 30   // of each archive; the busy metrics are recorded every minute
	pileBusy     = 250  // metrics of the busy group
	pileMetrics  = 1300 // of each archive
	pileSlow     = 10   // minutes between two records of the other metrics
	pileTasks    = 40   // processes, some of which change from archive to archive
)

var pileTo = flag.String("thousand", "", "folder in which to write a thousand archives for measuring")

// TestThousand writes the pile: a folder for each host, as pmlogger_daily keeps them.
func TestThousand(t *testing.T) {
	if *pileTo == "" {
		t.Skip("writes archives only with -thousand")
	}
	growPile(t, *pileTo, pileHosts, pileArchives)
}

// TestPile reads a small pile.
func TestPile(t *testing.T) {
	dir := t.TempDir()
	growPile(t, dir, 2, 3)
	found, err := filepath.Glob(filepath.Join(dir, "*", "*.meta"))
	require.NoError(t, err)
	require.Len(t, found, 6)
	for _, path := range found {
		r, err := archive.Open(path, nil)
		require.NoError(t, err)
		n := 0
		for range r.Meta().Metrics() {
			n++
		}
		assert.Equal(t, pileMetrics, n)
		assert.Empty(t, r.Warnings())
		assert.Equal(t, filepath.Base(filepath.Dir(path)), r.Header().Host)
	}
}

func growPile(t *testing.T, dir string, hosts, archives int) {
	t.Helper()
	for h := range hosts {
		host := fmt.Sprintf("host%02d", h)
		require.NoError(t, os.MkdirAll(filepath.Join(dir, host), 0o755))
		for i := range archives {
			growRotated(t, filepath.Join(dir, host), host, i)
		}
	}
}

// growRotated writes archive i of a host.
func growRotated(t *testing.T, dir, host string, i int) {
	t.Helper()
	at := pcp.Timestamp{Sec: 1_750_000_000 - 1_750_000_000%86400 + int64(i)*pileMinutes*60}
	base := filepath.Join(dir, at.Time().UTC().Format("20060102.15.04"))
	a, err := archive.Create(base, archive.Header{Host: host, Zone: "UTC", Start: at}, nil)
	require.NoError(t, err)
	g := &grower{t: t, a: a, at: at}
	set, err := labelset.New(labelset.Context, labelset.String("hostname", host), labelset.String("machineid", strings.Repeat(host, 4)), labelset.String("domainname", "example.com"))
	require.NoError(t, err)
	require.NoError(t, a.SetLabels(&meta.Labels{
		Stamp: g.at, Level: labelset.Context, Ident: meta.ContextIdent, Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: set}},
	}))
	busy, slow, tasks := g.pile(i)
	for minute := range pileMinutes {
		g.at, g.tick = at.Add(time.Duration(minute)*time.Minute), i*pileMinutes+minute
		g.groups(busy, i)
		if minute%pileSlow == 0 {
			g.groups(slow, i)
			g.groups(tasks, i)
		}
	}
	require.NoError(t, a.Close())
}

// pile describes the metrics of an archive: those of the busy group, those of the slow one,
// and those of processes.
func (g *grower) pile(i int) (busy, slow, tasks []*meta.Desc) {
	loads, disks, procs := pcp.NewInDomID(60, 1), pcp.NewInDomID(60, 2), pcp.NewInDomID(3, 9)
	g.instances(loads, 1, "1 minute", "5 minute", "15 minute")
	g.instances(disks, 0, "sda", "sdb", "nvme0n1", "nvme1n1")
	var names []string
	for n := range pileTasks {
		names = append(names, fmt.Sprintf("%06d /usr/bin/task%d", firstTask(i)+n, firstTask(i)+n))
	}
	g.instances(procs, firstTask(i), names...)
	busy = append(busy,
		g.describe("kernel.all.load", pcp.TypeFloat, loads, pcp.SemInstant),
		g.describe("kernel.all.cpu.user", pcp.TypeU64, pcp.InDomNull, pcp.SemCounter),
		g.describe("kernel.all.cpu.sys", pcp.TypeU64, pcp.InDomNull, pcp.SemCounter),
	)
	busy = append(busy, g.usual(disks)...)
	for n := len(busy); n < pileBusy; n++ {
		in := pcp.InDomNull
		if n < 30 {
			in = disks
		}
		busy = append(busy, g.describe(fmt.Sprintf("busy.group%d.metric%d", n/40, n), pcp.TypeU32, in, pcp.SemCounter))
	}
	for n := range 10 {
		tasks = append(tasks, g.describe(fmt.Sprintf("proc.made.up%d", n), pcp.TypeU32, procs, pcp.SemInstant))
	}
	for n := len(busy) + len(tasks); n < pileMetrics; n++ {
		slow = append(slow, g.describe(fmt.Sprintf("slow.group%d.metric%d", n/40, n), pcp.TypeU32, pcp.InDomNull, pcp.SemInstant))
	}
	return busy, slow, tasks
}

// usual describes the metrics that the rules of the overview need, but for those of processes.
// Their values are as made up as the others.
func (g *grower) usual(disks pcp.InDomID) (all []*meta.Desc) {
	for _, name := range []string{
		"kernel.all.cpu.idle", "kernel.all.cpu.wait.total", "kernel.all.cpu.steal", "kernel.all.pressure.cpu.some.total",
		"kernel.all.pressure.memory.some.total", "kernel.all.pressure.io.some.total", "swap.pagesin", "swap.pagesout",
		"mem.vmstat.oom_kill", "network.tcp.retranssegs", "network.tcp.outsegs",
	} {
		all = append(all, g.describe(name, pcp.TypeU64, pcp.InDomNull, pcp.SemCounter))
	}
	for _, name := range []string{"kernel.all.blocked", "mem.util.available", "mem.physmem", "hinv.ncpu"} {
		all = append(all, g.describe(name, pcp.TypeU32, pcp.InDomNull, pcp.SemInstant))
	}
	for _, name := range []string{"disk.dev.avactive", "disk.dev.aveq", "disk.dev.total", "disk.dev.total_rawactive"} {
		all = append(all, g.describe(name, pcp.TypeU32, disks, pcp.SemCounter))
	}
	return all
}

// firstTask returns the first process of archive i.
func firstTask(i int) int { return 1000 + i*4 }

// describe makes a metric with its texts.
func (g *grower) describe(name string, typ pcp.Type, in pcp.InDomID, sem pcp.Semantics) *meta.Desc {
	d := &meta.Desc{
		PMID: pcp.NewPMID(60, uint32(g.next/1000), uint32(g.next%1000)), Type: typ, InDom: in, Sem: sem, Names: []string{name},
	}
	g.next++
	if sem == pcp.SemCounter {
		d.Units = pcp.Units{DimCount: 1}
	}
	require.NoError(g.t, g.a.Define(d))
	for typ, text := range map[meta.TextType]string{
		meta.TextOneLine: "one line about " + name,
		meta.TextHelp:    "A longer text that explains what " + name + " counts, and when.",
	} {
		require.NoError(g.t, g.a.SetText(&meta.Text{Type: meta.TextPMID | typ, Ident: uint32(d.PMID), Text: text}))
	}
	return d
}

// instances writes an instance domain with ascending numbers.
func (g *grower) instances(id pcp.InDomID, first int, names ...string) {
	in := &meta.InDom{Stamp: g.at, ID: id}
	for i, name := range names {
		in.Instances = append(in.Instances, meta.Instance{ID: pcp.InstID(first + i), Name: name})
	}
	require.NoError(g.t, g.a.SetInDom(in))
}

// groups writes a record of metrics with all their instances.
func (g *grower) groups(descs []*meta.Desc, i int) {
	g.at = g.at.Add(time.Millisecond)
	res := &archive.Result{Stamp: g.at}
	for _, d := range descs {
		first, n := 0, 1
		switch {
		case d.InDom == pcp.InDomNull:
			first = int(pcp.InstNull)
		case d.InDom.Domain() == 3:
			first, n = firstTask(i), pileTasks
		case d.InDom.Serial() == 1:
			first, n = 1, 3
		default:
			n = 4
		}
		set := archive.ValueSet{PMID: d.PMID, Format: archive.FormatOf(d.Type)}
		for inst := first; inst < first+n; inst++ {
			set.Values = append(set.Values, g.value(pcp.InstID(inst), d, uint64(inst)&0xffff))
		}
		res.Sets = append(res.Sets, set)
	}
	require.NoError(g.t, g.a.Append(res))
}
