package archtest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// The metrics and instance domain of the sample.
var (
	Load   = &meta.Desc{PMID: pcp.NewPMID(60, 2, 0), Type: pcp.TypeFloat, InDom: Domain, Sem: pcp.SemInstant, Names: []string{"sample.load"}}
	Volume = &meta.Desc{
		PMID: pcp.NewPMID(60, 3, 1), Type: pcp.TypeU64, InDom: pcp.InDomNull, Sem: pcp.SemCounter,
		Units: pcp.Units{DimSpace: 1, ScaleSpace: pcp.SpaceKbyte}, Names: []string{"sample.bytes", "sample.alias"},
	}
	Count   = &meta.Desc{PMID: pcp.NewPMID(60, 3, 2), Type: pcp.Type32, InDom: pcp.InDomNull, Sem: pcp.SemDiscrete, Units: pcp.Units{DimCount: 1}, Names: []string{"sample.count"}}
	Release = &meta.Desc{PMID: pcp.NewPMID(60, 4, 0), Type: pcp.TypeString, InDom: pcp.InDomNull, Sem: pcp.SemDiscrete, Names: []string{"sample.release"}}
	Domain  = pcp.NewInDomID(60, 7)
)

// Start is the time of the sample's first record.
var Start = pcp.Timestamp{Sec: 1700000000, Nsec: 250000000}

// Header is the archive label of the sample.
var Header = archive.Header{PID: 4711, Host: "sample.example", Zone: "UTC", ZoneInfo: ":UTC"}

// Sample writes an archive with every kind of record of version v into a
// temporary folder and returns its base path.
func Sample(t testing.TB, v pcp.Version) string {
	t.Helper()
	base := filepath.Join(t.TempDir(), "sample")
	WriteSample(t, base, v)
	return base
}

// WriteSample writes the sample archive at base.
func WriteSample(t testing.TB, base string, v pcp.Version) {
	t.Helper()
	a, err := archive.Create(base, Header, &archive.WriteOptions{Version: v})
	require.NoError(t, err)
	Fill(t, a)
	require.NoError(t, a.Close())
}

// Fill writes the records of the sample.
func Fill(t testing.TB, a *archive.Appender) {
	t.Helper()
	for _, d := range []*meta.Desc{Load, Volume, Count, Release} {
		require.NoError(t, a.Define(d))
	}
	ident := uint32(Load.PMID)
	require.NoError(t, a.SetText(&meta.Text{Type: meta.TextPMID | meta.TextOneLine, Ident: ident, Text: "load average"}))
	require.NoError(t, a.SetText(&meta.Text{Type: meta.TextPMID | meta.TextHelp, Ident: ident, Text: "The load,\nat length."}))
	require.NoError(t, a.SetText(&meta.Text{Type: meta.TextInDom | meta.TextOneLine, Ident: uint32(Domain), Text: "periods"}))
	labels(t, a)
	for n, names := range [][]string{{"one", "five"}, {"one", "five", "ten"}, {"one", "", "ten"}} {
		at := Start
		at.Sec += int64(n)
		require.NoError(t, a.SetInDom(indom(at, names)))
		require.NoError(t, a.Append(result(at, n, names)))
	}
	at := Start
	at.Sec += 3
	require.NoError(t, a.Mark(at))
	at.Sec++
	require.NoError(t, a.Append(&archive.Result{Stamp: at, Sets: []archive.ValueSet{
		{PMID: Count.PMID, Err: pcp.ErrnoAgain}, {PMID: Load.PMID},
	}}))
}

func labels(t testing.TB, a *archive.Appender) {
	t.Helper()
	set := func(level labelset.Level, ident uint32, sets ...labelset.Instance) {
		require.NoError(t, a.SetLabels(&meta.Labels{Stamp: Start, Level: level, Ident: ident, Sets: sets}))
	}
	one := func(level labelset.Level, inst pcp.InstID, text string) labelset.Instance {
		s, err := labelset.Parse(text, level)
		require.NoError(t, err)
		return labelset.Instance{Inst: inst, Set: s}
	}
	set(labelset.Context, meta.ContextIdent, one(labelset.Context, pcp.InstNull, `{"hostname":"sample.example","site":{"rack":3}}`))
	set(labelset.Domain, 60, one(labelset.Domain, pcp.InstNull, `{"agent":"sample"}`))
	set(labelset.InDom, uint32(Domain), one(labelset.InDom, pcp.InstNull, `{"unit":"minute"}`))
	set(labelset.Cluster, uint32(Load.PMID.ClusterID()), one(labelset.Cluster, pcp.InstNull, `{"group":2}`))
	set(labelset.Item, uint32(Load.PMID), one(labelset.Item, pcp.InstNull, `{"unit":"min"}`))
	set(labelset.Instances, uint32(Domain), one(labelset.Instances, 0, `{"n":1}`), one(labelset.Instances, 1, `{"n":5}`))
}

func indom(at pcp.Timestamp, names []string) *meta.InDom {
	in := &meta.InDom{Stamp: at, ID: Domain}
	for i, name := range names {
		if name != "" {
			in.Instances = append(in.Instances, meta.Instance{ID: pcp.InstID(i), Name: name})
		}
	}
	return in
}

func result(at pcp.Timestamp, n int, names []string) *archive.Result {
	load := archive.ValueSet{PMID: Load.PMID, Format: archive.Block}
	for i, name := range names {
		if name != "" {
			load.Values = append(load.Values, history.NumberValue(pcp.InstID(i), pcp.TypeFloat, 0x3f800000+uint64(n)))
		}
	}
	return &archive.Result{Stamp: at, Sets: []archive.ValueSet{
		load,
		{PMID: Volume.PMID, Format: archive.Block, Values: []history.Value{history.NumberValue(pcp.InstNull, pcp.TypeU64, 1<<60+uint64(n))}},
		{PMID: Count.PMID, Values: []history.Value{history.WordValue(pcp.InstNull, uint32(n))}},
		{PMID: Release.PMID, Format: archive.Block, Values: []history.Value{history.StringValue(pcp.InstNull, "v1.2.3"[:n+3])}},
	}}
}

// Members returns the contents of an archive's three files.
func Members(t testing.TB, base string) (meta, index, data []byte) {
	t.Helper()
	for suffix, to := range map[string]*[]byte{".meta": &meta, ".index": &index, ".0": &data} {
		b, err := os.ReadFile(base + suffix)
		require.NoError(t, err)
		*to = b
	}
	return meta, index, data
}
