package compare

import (
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// The archive that is measured on: a made-up host, recorded every ten seconds
// for ten hours by five logging groups: 170 MB with 6 million values and 600 KB
// of metadata.
const (
	ticks     = 3600
	singulars = 700 // group 1: metrics without instances
	domains   = 40  // group 2: instance domains that never change
	perDomain = 6
	ofDomain  = 3  // metrics of each
	processes = 62 // group 3: a domain of which a member changes every now and then
	renewal   = 20 // ticks between two changes
	growHours = ticks / 360
	growTexts = 1  // of the metrics of group 3 are text
	usuals    = 15 // group 4: metrics of the overview's rules without instances
	usualDisk = 4  // and those of disks

	growValues = float64(ticks * (singulars + domains*perDomain*ofDomain + processes*len(processTypes) + usuals + usualDisk*perDomain))
)

var (
	hostTypes    = [...]pcp.Type{pcp.TypeU64, pcp.TypeU64, pcp.TypeDouble, pcp.TypeU32, pcp.Type64, pcp.TypeU64, pcp.TypeFloat}
	processTypes = [...]pcp.Type{pcp.TypeString, pcp.TypeU64, pcp.TypeU32, pcp.TypeU64}
	processDom   = pcp.NewInDomID(60, 1000)
)

var (
	growTo   = flag.String("grow", "", "archive to write for measuring")
	growLong = flag.Int("long", 1, "times ten hours that the archive covers")
)

// TestGrow writes the archive in a process of its own, so that its memory is
// none of the measuring one's.
func TestGrow(t *testing.T) {
	if *growTo == "" {
		t.Skip("writes an archive only with -grow")
	}
	growArchive(t, *growTo, *growLong*ticks)
	long := float64(*growLong)
	for suffix, want := range map[string]float64{".0": long * 174e6, ".meta": 590e3 + long*11e3} {
		info, err := os.Stat(*growTo + suffix)
		require.NoError(t, err)
		assert.InEpsilon(t, want, info.Size(), 0.05, suffix)
	}
}

// grower writes the archive.
type grower struct {
	t    *testing.T
	a    *archive.Appender
	at   pcp.Timestamp
	tick int
	next int // metric to be made
}

func growArchive(t *testing.T, base string, ticks int) {
	t.Helper()
	a, err := archive.Create(base, archive.Header{Host: "grown", Zone: "UTC"}, nil)
	require.NoError(t, err)
	g := &grower{t: t, a: a, at: pcp.Timestamp{Sec: 1_700_000_000}}
	host, err := labelset.New(labelset.Context, labelset.String("hostname", "grown"))
	require.NoError(t, err)
	require.NoError(t, a.SetLabels(&meta.Labels{
		Stamp: g.at.Add(time.Millisecond), Level: labelset.Context, Ident: meta.ContextIdent, Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: host}},
	}))
	var single, disks, procs []*meta.Desc
	for i := range singulars {
		single = append(single, g.define(fmt.Sprintf("kernel.group%d", i/50), hostTypes[i%len(hostTypes)], pcp.InDomNull))
	}
	for i := range domains {
		id := pcp.NewInDomID(60, uint32(i))
		g.domain(id, 0, perDomain, "disk")
		for range ofDomain {
			disks = append(disks, g.define(fmt.Sprintf("disk.kind%d", i), hostTypes[len(disks)%len(hostTypes)], id))
		}
	}
	for _, typ := range processTypes {
		procs = append(procs, g.define("proc", typ, processDom))
	}
	usual := g.usual(pcp.NewInDomID(60, 0))
	require.Len(t, usual, usuals+usualDisk)
	for g.tick = range ticks {
		g.record(usual[:usuals], 0, 1)
		g.record(usual[usuals:], 0, perDomain)
		g.record(single, 0, 1)
		g.record(disks, 0, perDomain)
		if g.tick%renewal == 0 {
			g.domain(processDom, g.tick/renewal, processes, "process")
		}
		g.record(procs, g.tick/renewal, processes)
		g.at.Sec += 10
	}
	require.NoError(t, a.Close())
}

// define makes the next metric, in a subtree.
func (g *grower) define(subtree string, typ pcp.Type, in pcp.InDomID) *meta.Desc {
	n := g.next
	g.next++
	d := &meta.Desc{
		PMID: pcp.NewPMID(60, uint32(n/100), uint32(n%100)), Type: typ, InDom: in, Sem: pcp.SemInstant,
		Names: []string{fmt.Sprintf("grown.%s.metric%d", subtree, n)},
	}
	if typ == pcp.TypeU64 || typ == pcp.Type64 {
		d.Sem, d.Units = pcp.SemCounter, pcp.Units{DimCount: 1}
	}
	require.NoError(g.t, g.a.Define(d))
	for typ, text := range map[meta.TextType]string{
		meta.TextOneLine: fmt.Sprintf("metric %d of the made-up host", n),
		meta.TextHelp:    strings.Repeat("A longer text that explains what this metric counts, and when. ", 9),
	} {
		require.NoError(g.t, g.a.SetText(&meta.Text{Type: meta.TextPMID | typ, Ident: uint32(d.PMID), Text: text}))
	}
	return d
}

// domain writes an instance domain.
func (g *grower) domain(id pcp.InDomID, first, n int, name string) {
	in := &meta.InDom{Stamp: g.at.Add(time.Millisecond), ID: id} // of the record that follows
	for i := first; i < first+n; i++ {
		in.Instances = append(in.Instances, meta.Instance{ID: pcp.InstID(i), Name: fmt.Sprintf("%s%d", name, i)})
	}
	require.NoError(g.t, g.a.SetInDom(in))
}

// record writes the record of a logging group, a millisecond after the last.
func (g *grower) record(descs []*meta.Desc, first, n int) {
	g.at = g.at.Add(time.Millisecond)
	res := &archive.Result{Stamp: g.at}
	for _, d := range descs {
		set := archive.ValueSet{PMID: d.PMID, Format: archive.FormatOf(d.Type)}
		for inst := first; inst < first+n; inst++ {
			id := pcp.InstID(inst)
			if d.InDom == pcp.InDomNull {
				id = pcp.InstNull
			}
			set.Values = append(set.Values, g.value(id, d, uint64(inst)))
		}
		res.Sets = append(res.Sets, set)
	}
	require.NoError(g.t, g.a.Append(res))
}

// value makes a value: counters grow at their own pace, others are noise.
func (g *grower) value(id pcp.InstID, d *meta.Desc, inst uint64) history.Value {
	seed := uint64(d.PMID)<<16 | inst
	noise := (seed<<20 | uint64(g.tick)) * 0x9e3779b97f4a7c15 >> 20
	switch d.Type {
	case pcp.TypeString:
		return history.StringValue(id, fmt.Sprintf("/usr/libexec/made-up/process%d --instance=%d --with --several=options --each=longer than=the last --and=a number of=words that=tell nobody=what it=does", inst, inst))
	case pcp.TypeU32:
		return history.WordValue(id, uint32(noise))
	case pcp.TypeDouble:
		return history.DoubleValue(id, float64(noise)/1024)
	case pcp.TypeFloat:
		return history.NumberValue(id, d.Type, uint64(math.Float32bits(float32(noise))))
	}
	return history.NumberValue(id, d.Type, uint64(g.tick)*(seed%1000+1)*4096+noise%4096)
}
