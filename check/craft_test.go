package check_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/check"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// crafted is an archive put together record by record, so that it may be wrong
// in one place.
type crafted struct {
	t       *testing.T
	base    string
	layout  *wire.Layout
	files   map[string][]byte // by suffix
	missing []string
}

// start is the time in the labels.
var start = archtest.Start

// at returns a time so many seconds after the start.
func at(sec int) pcp.Timestamp { return start.Add(time.Duration(sec) * time.Second) }

// craft returns an archive of labels only.
func craft(t *testing.T, v pcp.Version) *crafted {
	t.Helper()
	layout, ok := wire.For(v)
	require.True(t, ok)
	m, i, d := archtest.Members(t, archtest.Sample(t, v))
	label := func(b []byte) []byte { return slices.Clone(b[:layout.HeaderSize]) }
	return &crafted{
		t: t, base: filepath.Join(t.TempDir(), "craft"), layout: layout,
		files: map[string][]byte{".meta": label(m), ".index": label(i), ".0": label(d)},
	}
}

// frame appends a framed record to a file.
func (c *crafted) frame(suffix string, payload []byte) {
	b, at := wire.BeginFrame(c.files[suffix])
	c.files[suffix] = wire.EndFrame(append(b, payload...), at)
}

// meta appends metadata records.
func (c *crafted) meta(records ...archive.Record) {
	for _, r := range records {
		b := wire.AppendU32(nil, uint32(c.layout.Tags[r.Kind()]))
		switch r := r.(type) {
		case *meta.Desc:
			b = r.AppendBinary(b)
		case *meta.InDom:
			b = r.AppendBinary(b, c.layout.Version)
		case *meta.InDomDelta:
			b = r.AppendBinary(b, c.layout.Version)
		case *meta.Labels:
			b = r.AppendBinary(b, c.layout.Version)
		case *meta.Text:
			b = r.AppendBinary(b)
		}
		c.frame(".meta", b)
	}
}

// data appends a data record; words are all that follows its time.
func (c *crafted) data(t pcp.Timestamp, words ...uint32) {
	b := c.layout.AppendStamp(nil, t)
	for _, w := range words {
		b = wire.AppendU32(b, w)
	}
	c.frame(".0", b)
}

// value appends a record with one value of a metric that is stored in situ.
func (c *crafted) value(t pcp.Timestamp, id pcp.PMID, inst pcp.InstID, v uint32) {
	c.data(t, 1, uint32(id), 1, 0, uint32(inst), v)
}

// index appends an index entry.
func (c *crafted) index(t pcp.Timestamp, volume int32, metaOffset, dataOffset int) {
	b := c.layout.AppendStamp(c.files[".index"], t)
	b = wire.AppendU32(b, uint32(volume))
	b = c.layout.AppendOffset(b, int64(metaOffset))
	c.files[".index"] = c.layout.AppendOffset(b, int64(dataOffset))
}

// write writes the files.
func (c *crafted) write() {
	for suffix, b := range c.files {
		if !slices.Contains(c.missing, suffix) {
			require.NoError(c.t, os.WriteFile(c.base+suffix, b, 0o644))
		}
	}
}

// findings writes the archive and checks it.
func (c *crafted) findings(o *check.Options) []check.Finding {
	c.write()
	return slices.Collect(check.Archive(c.base, o))
}

// codes returns the codes of findings, each once, sorted.
func codes(findings []check.Finding) []check.Code {
	var all []check.Code
	for _, f := range findings {
		all = append(all, f.Code)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// The metrics and the instance domain of crafted archives.
var (
	counter = &meta.Desc{PMID: pcp.NewPMID(60, 1, 1), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemCounter, Names: []string{"craft.counter"}}
	perInst = &meta.Desc{PMID: pcp.NewPMID(60, 1, 2), Type: pcp.TypeU32, InDom: disks, Sem: pcp.SemInstant, Names: []string{"craft.per"}}
	text    = &meta.Desc{PMID: pcp.NewPMID(60, 1, 3), Type: pcp.TypeString, InDom: pcp.InDomNull, Sem: pcp.SemDiscrete, Names: []string{"craft.text"}}
	events  = &meta.Desc{PMID: pcp.NewPMID(60, 1, 4), Type: pcp.TypeEvent, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"craft.events"}}
	disks   = pcp.NewInDomID(60, 1)
)

func indom(t pcp.Timestamp, names ...string) *meta.InDom {
	in := &meta.InDom{Stamp: t, ID: disks}
	for i, name := range names {
		in.Instances = append(in.Instances, meta.Instance{ID: pcp.InstID(i), Name: name})
	}
	return in
}

// good makes c an archive in which there is nothing to find.
func good(c *crafted) {
	c.meta(counter, perInst, indom(start, "sda", "sdb"))
	begin := len(c.files[".0"])
	for i := range 4 {
		c.data(at(i), 2, uint32(counter.PMID), 1, 0, 0xffffffff, uint32(i), uint32(perInst.PMID), 2, 0, 0, 7, 1, 8)
	}
	c.index(start, 0, c.layout.HeaderSize, begin)
	c.index(at(3), 0, len(c.files[".meta"]), begin+3*(len(c.files[".0"])-begin)/4)
}
