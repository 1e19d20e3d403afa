package check_test

import (
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/check"
	"github.com/pcparchive/pcparchive/finding"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// codeCases are archives in which one thing is wrong, and the codes that say so,
// the first of which the case is for.
var codeCases = []struct {
	name  string
	make  func(t *testing.T, c *crafted)
	codes []finding.Code
}{
	{"good", func(_ *testing.T, c *crafted) { good(c) }, nil},
	{"no metadata file", func(_ *testing.T, c *crafted) { good(c); c.Missing = []string{".meta"} }, []finding.Code{check.FileMissing}},
	{"unreadable", func(t *testing.T, c *crafted) {
		if os.Geteuid() == 0 {
			t.Skip("root may read everything")
		}
		good(c)
		c.Missing = []string{".index"}
		require.NoError(t, os.Symlink("craft.index2", c.Base+".index"))
		require.NoError(t, os.WriteFile(c.Base+".index2", nil, 0o000))
	}, []finding.Code{check.FileUnreadable}},
	{"damaged gzip", func(_ *testing.T, c *crafted) { good(c); c.Files[".index"] = []byte("\x1f\x8b\x08rubbish") }, []finding.Code{check.FileCompressed}},
	{"empty volume", func(_ *testing.T, c *crafted) { good(c); c.Files[".0"] = nil }, []finding.Code{check.FileEmpty}},
	{"two forms", func(_ *testing.T, c *crafted) { good(c); c.Files[".index.gz"] = c.Files[".index"] }, []finding.Code{check.FileTwice}},
	{"volume with a label only", func(_ *testing.T, c *crafted) {
		good(c)
		c.Files[".1"] = slices.Clone(c.Files[".0"][:c.Layout.HeaderSize])
		c.Put(".1", 12+c.Layout.StampSize, 1)
	}, []finding.Code{check.VolumeEmpty}},
	{"volume left out", func(_ *testing.T, c *crafted) {
		good(c)
		c.Files[".2"] = slices.Clone(c.Files[".0"][:c.Layout.HeaderSize])
		c.Put(".2", 12+c.Layout.StampSize, 2)
	}, []finding.Code{check.VolumeMissing, check.VolumeEmpty}},

	{"label length", func(_ *testing.T, c *crafted) { good(c); c.Put(".0", 0, 64) }, []finding.Code{check.LabelRecord}},
	{"label magic", func(_ *testing.T, c *crafted) { good(c); c.Put(".0", 4, 0xdeadbe03) }, []finding.Code{check.LabelMagic}},
	{"label version", func(_ *testing.T, c *crafted) { good(c); c.Put(".0", 4, wire.Magic|9) }, []finding.Code{check.LabelVersion}},
	{"label volume", func(_ *testing.T, c *crafted) { good(c); c.Put(".0", 12+c.Layout.StampSize, 5) }, []finding.Code{check.LabelVolume}},
	{"label process", func(_ *testing.T, c *crafted) { good(c); c.Put(".0", 8, 5) }, []finding.Code{check.LabelMismatch}},
	{"label features", func(_ *testing.T, c *crafted) { good(c); c.Put(".0", 28, 1) }, []finding.Code{check.LabelFeatures}},
	{"label start", func(_ *testing.T, c *crafted) { good(c); c.Put(".0", 12, 5) }, []finding.Code{check.LabelStart}},
	{"label zone", func(_ *testing.T, c *crafted) { good(c); c.Put(".0", 36+256, 0x41424300) }, []finding.Code{check.LabelZone}},

	{"length zero", func(_ *testing.T, c *crafted) { good(c); c.Put(".0", c.Layout.HeaderSize, 0) }, []finding.Code{check.FrameLength}},
	{"trailer", func(_ *testing.T, c *crafted) { good(c); c.Put(".0", len(c.Files[".0"])-4, 5) }, []finding.Code{check.FrameTrailer}},
	{"torn", func(_ *testing.T, c *crafted) { good(c); c.Files[".0"] = c.Files[".0"][:len(c.Files[".0"])-4] }, []finding.Code{check.FrameTorn}},
	{"zeros", func(_ *testing.T, c *crafted) { good(c); c.Files[".0"] = append(c.Files[".0"], make([]byte, 100)...) }, []finding.Code{check.FrameLost, check.FrameLength}},

	{"no index", func(_ *testing.T, c *crafted) { good(c); c.Missing = []string{".index"} }, []finding.Code{check.IndexMissing}},
	{"torn index", func(_ *testing.T, c *crafted) { good(c); c.Files[".index"] = append(c.Files[".index"], 1) }, []finding.Code{check.IndexTorn}},
	{"index volume", func(_ *testing.T, c *crafted) { good(c); c.Index(at(3), 7, c.Layout.HeaderSize, c.Layout.HeaderSize) }, []finding.Code{check.IndexVolume}},
	{"index time", func(_ *testing.T, c *crafted) {
		bare(c)
		c.Index(pcp.Timestamp{Sec: start.Sec, Nsec: 2e9}, 0, c.Layout.HeaderSize, c.Layout.HeaderSize)
	}, []finding.Code{check.IndexTime, check.IndexStamp}},
	{"index order", func(_ *testing.T, c *crafted) { good(c); c.Index(at(1), 0, len(c.Files[".meta"]), len(c.Files[".0"])) }, []finding.Code{check.IndexOrder}},
	{"index past the end", func(_ *testing.T, c *crafted) { good(c); c.Index(at(3), 0, len(c.Files[".meta"]), 1e6) }, []finding.Code{check.IndexOffset}},
	{"index between records", func(_ *testing.T, c *crafted) {
		good(c)
		c.Index(at(3), 0, len(c.Files[".meta"]), len(c.Files[".0"])-8)
	}, []finding.Code{check.IndexBoundary}},
	{"index of another record", func(_ *testing.T, c *crafted) { bare(c); c.Index(at(1), 0, c.Layout.HeaderSize, c.Layout.HeaderSize) }, []finding.Code{check.IndexStamp}},

	{"index ahead of the data", func(_ *testing.T, c *crafted) { good(c); c.Index(at(9), 0, len(c.Files[".meta"]), len(c.Files[".0"])) }, []finding.Code{check.IndexAhead}},

	{"short desc", func(_ *testing.T, c *crafted) { bare(c); c.Frame(".meta", []byte{0, 0, 0, 1, 0, 0, 0, 0}) }, []finding.Code{check.MetaRecord}},
	{"unknown tag", func(_ *testing.T, c *crafted) { bare(c); c.Frame(".meta", []byte{0, 0, 0, 99, 0, 0, 0, 0}) }, []finding.Code{check.MetaTag}},
	{"metadata with a rest", func(_ *testing.T, c *crafted) {
		bare(c)
		c.Frame(".meta", append((&meta.Text{Type: 5, Ident: uint32(counter.PMID), Text: "x"}).AppendBinary([]byte{0, 0, 0, 4}), 'y', 0))
	}, []finding.Code{check.MetaRest}},
	{"tag of version 2", func(_ *testing.T, c *crafted) {
		bare(c)
		b := wire.AppendU32(nil, 2)
		c.Frame(".meta", indom(start, "sda").AppendBinary(b, pcp.V2))
	}, []finding.Code{check.MetaVersion, check.InDomIdent}},
	{"metadata before the start", func(_ *testing.T, c *crafted) { good(c); c.Meta(indom(at(-1), "sdc")) }, []finding.Code{check.MetaTime}},
	{"metadata after the end", func(_ *testing.T, c *crafted) { good(c); c.Meta(indom(at(9), "sdc")) }, []finding.Code{check.MetaTime}},
	{"metadata out of order", func(_ *testing.T, c *crafted) {
		good(c)
		c.Meta(indom(at(2), "sda", "sdb"), indom(at(1), "sda", "sdb"))
	}, []finding.Code{check.MetaOrder}},

	{"two descriptions", func(_ *testing.T, c *crafted) {
		bare(c)
		c.Meta(changed(counter, func(d *meta.Desc) { d.Type = pcp.Type32 }))
	}, []finding.Code{check.DescConflict}},
	{"domains", func(_ *testing.T, c *crafted) {
		bare(c)
		c.Meta(changed(perInst, func(d *meta.Desc) { d.InDom = pcp.NewInDomID(61, 1) }))
	}, []finding.Code{check.DescDomain, check.DescInDom, check.CoverageNever}},
	{"logged derived metric", func(_ *testing.T, c *crafted) { // its domain is 511, and its instance domain another's
		good(c)
		d := changed(perInst, func(d *meta.Desc) { d.PMID, d.Names = pcp.NewPMID(511, 2048|1, 1), []string{"craft.derived"} })
		c.Meta(d)
		c.Value(at(4), d.PMID, 0, 9)
		c.Value(at(5), d.PMID, 0, 9)
	}, nil},
	{"reserved bit", func(_ *testing.T, c *crafted) {
		bare(c)
		c.Meta(changed(text, func(d *meta.Desc) { d.PMID |= 1 << 31 }))
	}, []finding.Code{check.DescIdent, check.CoverageNever}},
	{"no domain", func(_ *testing.T, c *crafted) { bare(c); c.Meta(perInst) }, []finding.Code{check.DescInDom, check.CoverageNever}},
	{"no name", func(_ *testing.T, c *crafted) { bare(c); c.Meta(changed(text, func(d *meta.Desc) { d.Names = nil })) }, []finding.Code{check.DescName, check.CoverageNever}},
	{"bad name", func(_ *testing.T, c *crafted) {
		bare(c)
		c.Meta(changed(text, func(d *meta.Desc) { d.Names = []string{"a..b"} }))
	}, []finding.Code{check.DescName, check.CoverageNever}},
	{"name taken", func(_ *testing.T, c *crafted) {
		bare(c)
		c.Meta(changed(text, func(d *meta.Desc) { d.Names = counter.Names }))
	}, []finding.Code{check.DescNameTaken, check.CoverageNever}},
	{"name of a node", func(_ *testing.T, c *crafted) {
		bare(c)
		c.Meta(changed(text, func(d *meta.Desc) { d.Names = []string{"craft"} }))
	}, []finding.Code{check.DescNameTaken, check.CoverageNever}},
	{"semantics", func(_ *testing.T, c *crafted) { bare(c); c.Meta(changed(text, func(d *meta.Desc) { d.Sem = 2 })) }, []finding.Code{check.DescSemantics, check.CoverageNever}},
	{"type", func(_ *testing.T, c *crafted) { bare(c); c.Meta(changed(text, func(d *meta.Desc) { d.Type = 11 })) }, []finding.Code{check.DescType, check.CoverageNever}},
	{"units", func(_ *testing.T, c *crafted) {
		bare(c)
		c.Meta(changed(text, func(d *meta.Desc) { d.Units.ScaleTime = 3 }))
	}, []finding.Code{check.DescUnits, check.CoverageNever}},

	{"no instances", func(_ *testing.T, c *crafted) { good(c); c.Meta(indom(at(1))) }, []finding.Code{check.InDomEmpty}},
	{"domain of nothing", func(_ *testing.T, c *crafted) { bare(c); c.Meta(indom(start, "sda")) }, []finding.Code{check.InDomIdent}},
	{"instance twice", func(_ *testing.T, c *crafted) {
		good(c)
		in := indom(at(1), "sda", "sdb", "sdc")
		in.Instances[2].ID = 1
		c.Meta(in)
	}, []finding.Code{check.InDomRepeat}},
	{"nameless instance", func(_ *testing.T, c *crafted) { good(c); c.Meta(indom(at(1), "sda", "sdb", "")) }, []finding.Code{check.InDomName}},
	{"one name for two", func(_ *testing.T, c *crafted) { good(c); c.Meta(indom(at(1), "sda", "sdb", "sda")) }, []finding.Code{check.InDomNames}},
	{"alike up to the blank", func(_ *testing.T, c *crafted) { good(c); c.Meta(indom(at(1), "sda", "sdb x", "sdb y")) }, []finding.Code{check.InDomPrefix}},
	{"delta of nothing", func(_ *testing.T, c *crafted) {
		good(c)
		c.Meta(changed(perInst, func(d *meta.Desc) { d.PMID++; d.InDom++; d.Names = []string{"craft.other"} }))
		c.Meta(&meta.InDomDelta{Stamp: at(1), ID: disks + 1, Changes: []meta.Change{{Instance: meta.Instance{ID: 3, Name: "x"}}}})
	}, []finding.Code{check.DeltaBase, check.CoverageNever}},
	{"delta adds what is there", func(_ *testing.T, c *crafted) {
		good(c)
		c.Meta(&meta.InDomDelta{Stamp: at(1), ID: disks, Changes: []meta.Change{{Instance: meta.Instance{ID: 1, Name: "sdb"}}}})
	}, []finding.Code{check.DeltaAdd}},
	{"delta removes what is not", func(_ *testing.T, c *crafted) {
		good(c)
		c.Meta(&meta.InDomDelta{Stamp: at(1), ID: disks, Changes: []meta.Change{{Instance: meta.Instance{ID: 5}, Remove: true}}})
	}, []finding.Code{check.DeltaRemove}},

	{"labels are no JSON", func(_ *testing.T, c *crafted) { bare(c); rawLabels(c, `{"a":1`, 0x00020101, 0x00050001) }, []finding.Code{check.LabelsJSON}},
	{"label slices", func(_ *testing.T, c *crafted) { bare(c); rawLabels(c, `{"a":1}`, 0x00020101, 0x00040002) }, []finding.Code{check.LabelsSlice}},
	{"label past the JSON", func(_ *testing.T, c *crafted) { bare(c); rawLabels(c, `{"a":1}`, 0x00020101, 0x00050009) }, []finding.Code{check.LabelsSlice}},
	{"labels without entries", func(_ *testing.T, c *crafted) { bare(c); rawLabels(c, `{"a":1}`) }, []finding.Code{check.LabelsSlice}},
	{"label twice", func(_ *testing.T, c *crafted) {
		bare(c)
		rawLabels(c, `{"a":1,"a":2}`, 0x00020101, 0x00050001, 0x00080101, 0x000b0001)
	}, []finding.Code{check.LabelsDuplicate}},
	{"two sets for an instance", func(t *testing.T, c *crafted) {
		good(c)
		c.Meta(labels(labelset.Instances, uint32(disks), archiveSet(t, 0, 32, `{"a":1}`), archiveSet(t, 0, 32, `{"b":1}`)))
	}, []finding.Code{check.LabelsRepeat}},
	{"a record for each instance", func(t *testing.T, c *crafted) {
		good(c)
		c.Meta(labels(labelset.Instances, uint32(disks), archiveSet(t, 0, 32, `{"a":1}`)), labels(labelset.Instances, uint32(disks), archiveSet(t, 1, 32, `{"a":2}`)))
	}, []finding.Code{check.LabelsHidden}},
	{"context labels of something", func(_ *testing.T, c *crafted) { bare(c); c.Meta(labels(labelset.Context, 1)) }, []finding.Code{check.LabelsLevel}},
	{"label level", func(_ *testing.T, c *crafted) { bare(c); c.Meta(labels(64, 1)) }, []finding.Code{check.LabelsLevel}},
	{"labels of nothing", func(t *testing.T, c *crafted) {
		bare(c)
		c.Meta(labels(labelset.Item, uint32(text.PMID), archiveSet(t, pcp.InstNull, labelset.Item, `{"a":1}`)))
	}, []finding.Code{check.LabelsIdent}},
	{"labels of no instance", func(t *testing.T, c *crafted) {
		good(c)
		c.Meta(labels(labelset.Instances, uint32(disks), archiveSet(t, 9, 32, `{"a":1}`)))
	}, []finding.Code{check.LabelsInstance}},
	{"context labels of identifier 0", func(t *testing.T, c *crafted) {
		bare(c)
		c.Meta(labels(labelset.Context, 0, archiveSet(t, pcp.InstNull, labelset.Context, `{"hostname":"h"}`)))
	}, nil},
	{"context labels of another identifier", func(t *testing.T, c *crafted) {
		bare(c)
		c.Meta(labels(labelset.Context, 7, archiveSet(t, pcp.InstNull, labelset.Context, `{"hostname":"h"}`)))
	}, []finding.Code{check.LabelsLevel}},
	{"labels with an error", func(_ *testing.T, c *crafted) {
		bare(c)
		c.Meta(labels(labelset.Context, meta.ContextIdent, labelset.Instance{Inst: pcp.InstNull, Err: -12351}))
	}, []finding.Code{check.LabelsError}},

	{"text type", func(_ *testing.T, c *crafted) { bare(c); c.Meta(&meta.Text{Type: 16, Ident: 5}) }, []finding.Code{check.TextType}},
	{"text without end", func(_ *testing.T, c *crafted) {
		bare(c)
		b := wire.AppendU32(wire.AppendU32(wire.AppendU32(nil, 4), 5), uint32(counter.PMID))
		c.Frame(".meta", append(b, "help"...))
	}, []finding.Code{check.TextEnd}},
	{"text of nothing", func(_ *testing.T, c *crafted) {
		bare(c)
		c.Meta(&meta.Text{Type: 5, Ident: uint32(text.PMID), Text: "x"})
	}, []finding.Code{check.TextIdent}},
	{"two texts", func(_ *testing.T, c *crafted) {
		bare(c)
		c.Meta(&meta.Text{Type: 5, Ident: uint32(counter.PMID), Text: "x"}, &meta.Text{Type: 5, Ident: uint32(counter.PMID), Text: "y"})
	}, []finding.Code{check.TextChange}},

	{"long mark", func(_ *testing.T, c *crafted) { bare(c); c.Data(at(4), 0, 0) }, []finding.Code{check.DataRecord}},
	{"data time", func(_ *testing.T, c *crafted) {
		bare(c)
		c.Value(pcp.Timestamp{Sec: start.Sec + 4, Nsec: 2e9}, counter.PMID, -1, 9)
	}, []finding.Code{check.DataTime}},
	{"data order", func(_ *testing.T, c *crafted) { bare(c); c.Value(at(1), counter.PMID, -1, 9) }, []finding.Code{check.DataOrder}},
	{"data before the start", func(_ *testing.T, c *crafted) { bare(c); c.Value(at(-5), counter.PMID, -1, 9) }, []finding.Code{check.DataStart, check.DataOrder}},
	{"metric twice", func(_ *testing.T, c *crafted) {
		bare(c)
		c.Data(at(4), 2, uint32(counter.PMID), 1, 0, 0xffffffff, 8, uint32(counter.PMID), 1, 0, 0xffffffff, 9)
	}, []finding.Code{check.MetricRepeat}},
	{"unknown metric", func(_ *testing.T, c *crafted) { bare(c); c.Value(at(4), text.PMID, -1, 9) }, []finding.Code{check.MetricUnknown}},
	{"unknown error", func(_ *testing.T, c *crafted) { bare(c); c.Data(at(4), 1, uint32(counter.PMID), 0xffff0000) }, []finding.Code{check.ValueError}},
	{"known error", func(_ *testing.T, c *crafted) { bare(c); c.Data(at(4), 1, uint32(counter.PMID), 0xffffcfc1) }, nil},
	{"format and type", func(_ *testing.T, c *crafted) {
		bare(c)
		c.Data(at(4), 1, uint32(counter.PMID), 1, 1, 0xffffffff, c.Word(7), 0x01000008, 9)
	}, []finding.Code{check.ValueFormat, check.ValueType}},
	{"no domain for values", func(_ *testing.T, c *crafted) {
		bare(c)
		c.Meta(perInst)
		c.Value(at(4), perInst.PMID, 0, 9)
	}, []finding.Code{check.ValueInDom, check.DescInDom, check.CoverageOnce}},
	{"unknown instance", func(_ *testing.T, c *crafted) { good(c); c.Value(at(4), perInst.PMID, 9, 9) }, []finding.Code{check.ValueInstance}},
	{"instance of none", func(_ *testing.T, c *crafted) { bare(c); c.Value(at(4), counter.PMID, 0, 9) }, []finding.Code{check.ValueSingular}},
	{"instance twice in a record", func(_ *testing.T, c *crafted) { good(c); c.Data(at(4), 1, uint32(perInst.PMID), 2, 0, 1, 9, 1, 9) }, []finding.Code{check.ValueRepeat}},
	{"text without NUL", func(_ *testing.T, c *crafted) {
		bare(c)
		c.Meta(text)
		c.Data(at(4), 1, uint32(text.PMID), 1, 1, 0xffffffff, c.Word(7), 0x06000008, 0x41414141)
	}, []finding.Code{check.ValueString, check.CoverageOnce}},
	{"event array", func(_ *testing.T, c *crafted) {
		bare(c)
		c.Meta(events)
		c.Data(at(4), 1, uint32(events.PMID), 1, 2, 0xffffffff, c.Word(7), 0x09000008, 5)
	}, []finding.Code{check.ValueEvents, check.CoverageOnce}},
	{"event parameter", func(_ *testing.T, c *crafted) {
		bare(c)
		c.Meta(events)
		c.Data(at(4), 1, uint32(events.PMID), 1, 2, 0xffffffff, c.Word(7), 0x09000024, 1, 5, 0, 1, 1, uint32(text.PMID), 0x01000008, 7)
	}, []finding.Code{check.EventMetric, check.CoverageOnce}},

	{"counter falls", func(_ *testing.T, c *crafted) { bare(c); c.Value(at(4), counter.PMID, -1, 0) }, []finding.Code{check.CounterReset}},
	{"counter falls after a mark", func(_ *testing.T, c *crafted) { bare(c); c.Data(at(4), 0); c.Value(at(5), counter.PMID, -1, 0) }, nil},
	{"counter wraps", func(_ *testing.T, c *crafted) {
		bare(c)
		c.Value(at(4), counter.PMID, -1, 0xfffffff0)
		c.Value(at(5), counter.PMID, -1, 7)
	}, []finding.Code{check.CounterWrap}},
	{"hole", func(_ *testing.T, c *crafted) {
		bare(c)
		for i := 4; i < 9; i++ {
			c.Value(at(i), counter.PMID, -1, 9)
		}
		c.Value(at(1000), counter.PMID, -1, 9)
	}, []finding.Code{check.CoverageGap}},
	{"once", func(_ *testing.T, c *crafted) {
		good(c)
		c.Meta(text)
		c.Data(at(4), 1, uint32(text.PMID), 1, 1, 0xffffffff, c.Word(7), 0x06000006, 0x41007e7e)
	}, []finding.Code{check.CoverageOnce}},
	{"never", func(_ *testing.T, c *crafted) { good(c); c.Meta(text) }, []finding.Code{check.CoverageNever}},
}
