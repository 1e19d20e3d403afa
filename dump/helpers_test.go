package dump_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/dump"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// The metrics that rich adds to the sample.
var (
	blob    = &meta.Desc{PMID: pcp.NewPMID(60, 5, 0), Type: pcp.TypeAggregate, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"sample.blob"}}
	ratio   = &meta.Desc{PMID: pcp.NewPMID(60, 5, 1), Type: pcp.TypeDouble, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"sample.ratio"}}
	happen  = &meta.Desc{PMID: pcp.NewPMID(60, 5, 2), Type: pcp.TypeEvent, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"sample.events"}}
	precise = &meta.Desc{PMID: pcp.NewPMID(60, 5, 3), Type: pcp.TypeHighResEvent, InDom: archtest.Domain, Sem: pcp.SemInstant, Names: []string{"sample.precise"}}
	nothing = &meta.Desc{PMID: pcp.NewPMID(60, 5, 4), Type: pcp.TypeNoSupport, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"other.nothing"}}
)

// rich writes the sample and further records with what the sample lacks: event
// arrays, aggregates, odd floats, values of other than the metric's type.
func rich(t testing.TB, v pcp.Version) string {
	t.Helper()
	base := filepath.Join(t.TempDir(), "rich")
	a, err := archive.Create(base, archtest.Header, &archive.WriteOptions{Version: v})
	require.NoError(t, err)
	archtest.Fill(t, a)
	for _, d := range []*meta.Desc{blob, ratio, happen, precise, nothing} {
		require.NoError(t, a.Define(d))
	}
	at, _ := a.Last()
	put := func(sets ...archive.ValueSet) {
		at.Sec++
		require.NoError(t, a.Append(&archive.Result{Stamp: at, Sets: sets}))
	}
	one := func(d *meta.Desc, values ...history.Value) archive.ValueSet {
		return archive.ValueSet{PMID: d.PMID, Format: archive.FormatOf(d.Type), Values: values}
	}
	for _, f := range []uint64{0x7ff8000000000000, 0xfff0000000000000, 0x3fb999999999999a, 0x8000000000000000, 0x4415af1d78b58c40} {
		put(one(ratio, history.NumberValue(pcp.InstNull, pcp.TypeDouble, f)))
	}
	put(one(blob, history.Value{Inst: pcp.InstNull, Type: pcp.TypeAggregate, Data: []byte("printable")}))
	put(one(blob, history.Value{Inst: pcp.InstNull, Type: pcp.TypeAggregate, Data: []byte("\x01\x02\x03\x04")}),
		one(ratio, history.NumberValue(pcp.InstNull, pcp.TypeU64, 77)), archive.ValueSet{PMID: pcp.NewPMID(60, 9, 9), Values: []history.Value{history.WordValue(pcp.InstNull, 5)}})
	put(one(happen, events(t, pcp.TypeEvent, pcp.InstNull)), one(precise, events(t, pcp.TypeHighResEvent, 0), events(t, pcp.TypeHighResEvent, 9)))
	require.NoError(t, a.Close())
	return base
}

// events returns an event array with every kind of record.
func events(t testing.TB, typ pcp.Type, inst pcp.InstID) history.Value {
	t.Helper()
	param := func(d *meta.Desc, v history.Value) history.EventParam {
		return history.EventParam{PMID: d.PMID, Value: v}
	}
	v, err := history.EventValue(inst, typ, []history.EventRecord{
		{Stamp: archtest.Start, Flags: history.EventPoint, Params: []history.EventParam{
			param(archtest.Count, history.NumberValue(pcp.InstNull, pcp.Type32, 7)),
			param(archtest.Release, history.Value{Type: pcp.TypeString, Data: []byte("text")}),
			param(ratio, history.NumberValue(pcp.InstNull, pcp.TypeDouble, 0x3ff8000000000000)),
		}},
		{Stamp: archtest.Start, Flags: history.EventMissed, Missed: 3},
		{Stamp: archtest.Start, Flags: history.EventStart | history.EventID | history.EventParent},
		{Stamp: archtest.Start},
	})
	require.NoError(t, err)
	return v
}

// text lists an archive with options.
func text(t testing.TB, base string, o *dump.Options) (string, error) {
	t.Helper()
	r, err := archive.Open(base, nil)
	if err != nil {
		return "", err
	}
	if o.Zone == nil {
		o.Zone = archive.Zone(r.Header().Zone)
	}
	var b bytes.Buffer
	err = dump.Text(&b, r, o)
	return b.String(), err
}
