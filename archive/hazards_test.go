package archive_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// hazards are archives with a single unusual property, found in real files or
// known to have confused readers. docs/format/vectors.md lists them.
var hazards = []struct {
	name string
	make func(c *archtest.Crafted)
	// want is the formatted steps, or "refused" if Open must fail.
	want string
	// apart says that PCP behaves differently, as the list explains.
	apart bool
}{
	{"nothing odd", func(c *archtest.Crafted) { c.Value(sec(0), one.PMID, -1, 7) }, "0 one=7", false},

	{"index of a label only", func(c *archtest.Crafted) {
		c.Value(sec(0), one.PMID, -1, 7)
		c.Files[".index"] = c.Files[".index"][:c.Layout.HeaderSize]
	}, "0 one=7; damage", true},
	{"no index", func(c *archtest.Crafted) { c.Value(sec(0), one.PMID, -1, 7); c.Missing = []string{".index"} }, "0 one=7", false},
	{"index of another process", func(c *archtest.Crafted) { c.Value(sec(0), one.PMID, -1, 7); c.Put(".index", 8, 1) }, "0 one=7; damage", true},
	{"metadata of another process", func(c *archtest.Crafted) { c.Value(sec(0), one.PMID, -1, 7); c.Put(".meta", 8, 1) }, "0 one=7; damage", true},
	{"metadata of another process and start", func(c *archtest.Crafted) {
		c.Value(sec(0), one.PMID, -1, 7)
		c.Put(".meta", 8, 1)
		c.Put(".meta", 12, 1)
	}, "refused", false},
	{"metadata of another start", func(c *archtest.Crafted) { c.Value(sec(0), one.PMID, -1, 7); c.Put(".meta", 12, 1) }, "0 one=7; damage", false},
	{"label begins with time 0", func(c *archtest.Crafted) {
		c.Value(sec(0), one.PMID, -1, 7)
		for _, suffix := range []string{".meta", ".index", ".0"} {
			c.Put(suffix, 12, 0)
			c.Put(suffix, 16, 0)
		}
	}, "0 one=7", false},
	{"text type of neither length nor subject at the end", func(c *archtest.Crafted) {
		c.Value(sec(0), one.PMID, -1, 7)
		c.Meta(&meta.Text{Type: 16, Ident: uint32(one.PMID), Text: "x"})
	}, "0 one=7", false},
	{"text type of neither length nor subject in the middle", func(c *archtest.Crafted) {
		c.Value(sec(0), one.PMID, -1, 7)
		c.Meta(&meta.Text{Type: 16, Ident: uint32(one.PMID), Text: "x"}, two)
	}, "0 one=7", true},
	{"descriptor without a number of names", func(c *archtest.Crafted) {
		c.Value(sec(0), one.PMID, -1, 7)
		b := wire.AppendU32(nil, 1)
		b = two.AppendBinary(b)
		c.Frame(".meta", b[:24])
	}, "0 one=7; damage", true},
	{"metric without a name", func(c *archtest.Crafted) {
		nameless := *two
		nameless.Names = nil
		c.Meta(&nameless)
		c.Value(sec(0), two.PMID, -1, 7)
	}, "0 =7", false},
	{"name with a NUL in it", func(c *archtest.Crafted) {
		d := *two
		d.Names = []string{"two\x00rest"}
		c.Meta(&d)
		c.Value(sec(0), two.PMID, -1, 7)
	}, "0 two=7", false},
	{"descriptor again, then differently", func(c *archtest.Crafted) {
		d := *one
		d.Sem = pcp.SemInstant
		c.Meta(one, &d)
		c.Value(sec(0), one.PMID, -1, 7)
	}, "refused", false},
	{"descriptor again with another name", func(c *archtest.Crafted) {
		d := *one
		d.Names = []string{"also"}
		c.Meta(&d)
		c.Value(sec(0), one.PMID, -1, 7)
	}, "0 one=7", false},
	{"name of another metric", func(c *archtest.Crafted) {
		d := *two
		d.Names = one.Names
		c.Meta(&d)
		c.Value(sec(0), two.PMID, -1, 7)
	}, "0 =7", false},
	{"tags of the other version", func(c *archtest.Crafted) {
		other, _ := wire.For(pcp.V2 + pcp.V3 - c.Layout.Version)
		b := wire.AppendU32(nil, uint32(other.Tags[pcp.KindInDom]))
		c.Frame(".meta", domain(0, "a").AppendBinary(b, other.Version))
		c.Meta(per)
		c.Value(sec(0), per.PMID, 0, 7)
	}, "0 per[a]=7", false},
	{"instance domain without instances", func(c *archtest.Crafted) {
		c.Meta(per, domain(0, "a"), domain(1))
		c.Value(sec(2), per.PMID, 0, 7)
	}, "2 per[a]=7", false},
	{"instance domain later than the value", func(c *archtest.Crafted) {
		c.Meta(per, domain(1, "a"))
		c.Value(sec(0), per.PMID, 0, 7)
	}, "0 per[]=7", false},
	{"two instance domains of one time", func(c *archtest.Crafted) {
		c.Meta(per, domain(0, "a"), domain(0, "b"))
		c.Value(sec(0), per.PMID, 0, 7)
	}, "0 per[b]=7", false},
	{"instances unsorted and twice", func(c *archtest.Crafted) {
		c.Meta(per, &meta.InDom{Stamp: sec(0), ID: domainID, Instances: []meta.Instance{{ID: 5, Name: "f"}, {ID: 0, Name: "a"}, {ID: 0, Name: "b"}}})
		c.Value(sec(0), per.PMID, 5, 7)
	}, "0 per[f]=7", false},
	{"unknown instance", func(c *archtest.Crafted) { c.Meta(per, domain(0, "a")); c.Value(sec(0), per.PMID, 9, 7) }, "0 per[]=7", false},
	{"unknown metric", func(c *archtest.Crafted) { c.Value(sec(0), one.PMID, -1, 7); c.Value(sec(1), two.PMID, -1, 8) }, "0 one=7", true},

	{"metric and instance twice in a record", func(c *archtest.Crafted) {
		c.Data(sec(0), 2, uint32(one.PMID), 2, 0, 0xffffffff, 7, 0xffffffff, 8, uint32(one.PMID), 1, 0, 0xffffffff, 9)
	}, "0 one=7 =8 one=9", false},
	{"format changes", func(c *archtest.Crafted) {
		c.Meta(float)
		c.Data(sec(0), 1, uint32(float.PMID), 1, 0, 0xffffffff, 0x40e00000)
		c.Data(sec(1), 1, uint32(float.PMID), 1, 1, 0xffffffff, c.Word(7), 0x05000008, 0x40e00000)
		c.Data(sec(2), 1, uint32(float.PMID), 1, 2, 0xffffffff, c.Word(7), 0x04000008, 0x40e00000)
	}, "0 float=1088421888; 1 float=?; 2 float=1088421888", false},
	{"fraction of a second and more", func(c *archtest.Crafted) {
		c.Value(pcp.Timestamp{Sec: sec(0).Sec, Nsec: 1e9}, one.PMID, -1, 7)
		c.Value(sec(1), one.PMID, -1, 8)
	}, "0 one=7; 1 one=8", true},
	{"records of one time", func(c *archtest.Crafted) { c.Value(sec(0), one.PMID, -1, 7); c.Value(sec(0), one.PMID, -1, 8) }, "0 one=7; 0 one=8", false},
	{"time goes backwards", func(c *archtest.Crafted) {
		for i, n := range []int{1, 0, 2} {
			c.Value(sec(n), one.PMID, -1, uint32(i))
		}
	}, "1 one=0; 0 one=1; 2 one=2", true},
	{"length that is no multiple of 4", func(c *archtest.Crafted) {
		c.Value(sec(0), one.PMID, -1, 7)
		b := c.Layout.AppendStamp(nil, sec(1))
		c.Frame(".0", append(b, 0, 0, 0, 0, 0, 0))
	}, "0 one=7; damage", true},
	{"zeros at the end", func(c *archtest.Crafted) {
		c.Value(sec(0), one.PMID, -1, 7)
		c.Files[".0"] = append(c.Files[".0"], make([]byte, 64)...)
	}, "0 one=7; damage", true},
}

// The metrics of crafted archives; every archive describes metric one.
var (
	one      = &meta.Desc{PMID: pcp.NewPMID(60, 1, 1), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemCounter, Names: []string{"one"}}
	two      = &meta.Desc{PMID: pcp.NewPMID(60, 1, 2), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"two"}}
	per      = &meta.Desc{PMID: pcp.NewPMID(60, 1, 3), Type: pcp.TypeU32, InDom: domainID, Sem: pcp.SemInstant, Names: []string{"per"}}
	float    = &meta.Desc{PMID: pcp.NewPMID(60, 1, 4), Type: pcp.TypeFloat, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"float"}}
	domainID = pcp.NewInDomID(60, 1)
)

func sec(n int) pcp.Timestamp {
	t := archtest.Start
	t.Sec += int64(n)
	return t
}

func domain(n int, names ...string) *meta.InDom {
	in := &meta.InDom{Stamp: sec(n), ID: domainID}
	for i, name := range names {
		in.Instances = append(in.Instances, meta.Instance{ID: pcp.InstID(i), Name: name})
	}
	return in
}

// TestHazards checks that each archive is read or rejected like PCP does.
func TestHazards(t *testing.T) {
	for _, tt := range hazards {
		t.Run(tt.name, func(t *testing.T) {
			archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
				c := archtest.Craft(t, v)
				c.Meta(one)
				c.Index(sec(0), 0, c.Layout.HeaderSize, c.Layout.HeaderSize)
				tt.make(c)
				c.Write()
				assert.Equal(t, tt.want, said(t, c.Base))
				if !tt.apart {
					assertReference(t, c.Base)
				}
			})
		})
	}
}

// said formats the steps of an archive.
func said(t *testing.T, base string) string {
	r, err := archive.Open(base, nil)
	if err != nil {
		assert.ErrorContains(t, err, base+".")
		return "refused"
	}
	var all []string
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		text := fmt.Sprint(step.Stamp.Sec - archtest.Start.Sec)
		for _, m := range step.Metrics {
			name := " " + m.Metric.Name
			for _, p := range m.Points {
				if p.Series.Inst.ID != pcp.InstNull {
					name += "[" + p.Series.Inst.Name + "]"
				}
				value := fmt.Sprint(p.Value.Bits)
				if _, ok := p.Value.Number(m.Metric.Desc.Type); !ok {
					value = "?"
				}
				text += name + "=" + value
				name = " "
			}
		}
		if len(step.Metrics) > 0 {
			all = append(all, text)
		}
	}
	for _, w := range r.Warnings() {
		requireLocated(t, w)
		all = append(all, "damage")
	}
	return strings.Join(all, "; ")
}

// assertReference compares the steps read with PCP's.
func assertReference(t *testing.T, base string) {
	t.Helper()
	ref := oracle.Exec(t, "pmdumplog", "-z", "-a", base)
	r, err := archive.Open(base, nil)
	require.Equal(t, ref.Stdout == "", err != nil, "%v\n%s", err, ref.Stderr)
	if err != nil {
		return
	}
	got, err := shapes(r)
	assert.Equal(t, strings.Contains(ref.Stderr, "Corrupted record"), err != nil, "%v\n%s", err, ref.Stderr)
	want := parseDump(ref.Stdout)
	assert.Equal(t, want.shapes, got)
	assert.Equal(t, want.descs, descs(r))
	assert.Equal(t, want.indoms, indoms(r))
}

// TestOldBlocks checks that numbers of old loggers are kept as bytes. The
// loggers of 1996 wrote 64-bit numbers in blocks of type 32, in a byte order
// that is not recorded.
func TestOldBlocks(t *testing.T) {
	res, err := archive.DecodeData(archtest.Bytes(t, `00000001 00000000 00000001 3d400002 00000001 00000001 ffffffff 0000000b
		0000000c 00000000 000000c8`), pcp.V2)
	require.NoError(t, err)
	v := res.Sets[0].Values[0]
	assert.Equal(t, pcp.Type32, v.Type)
	assert.Equal(t, archtest.Bytes(t, `00000000 000000c8`), v.Data)
	_, ok := v.Number(pcp.TypeU64)
	assert.False(t, ok)
}
