package compare

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// The archive that is measured on: about 170 MB with 6 million values, shaped
// like a whole host recorded every ten seconds for half a day.
const (
	growRecords = 4300
	singulars   = 600 // metrics without instances
	domains     = 40  // instance domains of ten, with two metrics each
	perDomain   = 10
)

// grow writes the archive.
func grow(t *testing.T, base string) {
	t.Helper()
	a, err := archive.Create(base, archive.Header{Host: "grown", Zone: "UTC"}, nil)
	require.NoError(t, err)
	types := []pcp.Type{pcp.TypeU32, pcp.TypeU64, pcp.TypeDouble, pcp.Type64, pcp.TypeFloat}
	var descs []*meta.Desc
	for i := range singulars + 2*domains {
		d := &meta.Desc{
			PMID: pcp.NewPMID(60, uint32(i/100), uint32(i%100)), Type: types[i%len(types)], InDom: pcp.InDomNull,
			Sem: pcp.SemCounter, Units: pcp.Units{DimCount: 1}, Names: []string{fmt.Sprintf("grown.group%d.metric%d", i/100, i)},
		}
		if i%3 == 0 {
			d.Sem = pcp.SemInstant
		}
		if i >= singulars {
			d.InDom = pcp.NewInDomID(60, uint32(i-singulars)/2)
		}
		descs = append(descs, d)
	}
	at := pcp.Timestamp{Sec: 1_700_000_000}
	describe(t, a, descs, at)
	res := &archive.Result{}
	for n := range growRecords {
		res.Stamp, res.Sets = at, res.Sets[:0]
		for i, d := range descs {
			set := archive.ValueSet{PMID: d.PMID, Format: archive.FormatOf(d.Type)}
			if d.InDom == pcp.InDomNull {
				set.Values = append(set.Values, value(pcp.InstNull, d.Type, uint64(n*(i+1))))
			}
			for inst := range pcp.InstID(perDomain) {
				if d.InDom != pcp.InDomNull {
					set.Values = append(set.Values, value(inst, d.Type, uint64(n*(i+1)+int(inst))))
				}
			}
			res.Sets = append(res.Sets, set)
		}
		require.NoError(t, a.Append(res))
		at = at.Add(10 * time.Second)
	}
	require.NoError(t, a.Close())
}

// describe writes the metadata.
func describe(t *testing.T, a *archive.Appender, descs []*meta.Desc, at pcp.Timestamp) {
	t.Helper()
	host, err := labelset.New(labelset.Context, labelset.String("hostname", "grown"))
	require.NoError(t, err)
	require.NoError(t, a.SetLabels(&meta.Labels{
		Stamp: at, Level: labelset.Context, Ident: meta.ContextIdent,
		Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: host}},
	}))
	for _, d := range descs {
		require.NoError(t, a.Define(d))
		require.NoError(t, a.SetText(&meta.Text{Type: meta.TextPMID | meta.TextOneLine, Ident: uint32(d.PMID), Text: "a made-up metric"}))
		if d.InDom == pcp.InDomNull {
			continue
		}
		in := &meta.InDom{Stamp: at, ID: d.InDom}
		for i := range pcp.InstID(perDomain) {
			in.Instances = append(in.Instances, meta.Instance{ID: i, Name: fmt.Sprintf("disk%d", i)})
		}
		require.NoError(t, a.SetInDom(in))
	}
}

// value makes a value of any numeric type.
func value(inst pcp.InstID, t pcp.Type, n uint64) archive.Value {
	switch t {
	case pcp.TypeU32:
		return archive.WordValue(inst, uint32(n))
	case pcp.TypeDouble:
		return archive.DoubleValue(inst, float64(n)/8)
	case pcp.TypeFloat:
		return archive.NumberValue(inst, t, 0x3f800000+n%1000)
	}
	return archive.NumberValue(inst, t, n)
}
