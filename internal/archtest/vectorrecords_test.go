package archtest

import (
	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

func stampAt(sec int64, nsec int32) pcp.Timestamp {
	return pcp.Timestamp{Sec: 0x6553f100 + sec, Nsec: nsec}
}

func metricID(item uint32) pcp.PMID { return pcp.NewPMID(245, 0, item) }

var vectorDomain = pcp.NewInDomID(245, 1)

// vectorMetrics are described in the archive of every vector.
var vectorMetrics = []*meta.Desc{
	{PMID: metricID(1), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"x.word"}},
	{PMID: metricID(2), Type: pcp.TypeU64, InDom: pcp.InDomNull, Sem: pcp.SemCounter, Units: pcp.Units{DimCount: 1}, Names: []string{"x.two"}},
	{PMID: metricID(3), Type: pcp.TypeString, InDom: vectorDomain, Sem: pcp.SemInstant, Names: []string{"x.string"}},
	{PMID: metricID(4), Type: pcp.TypeEvent, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"x.events"}},
	{PMID: metricID(5), Type: pcp.TypeHighResEvent, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"x.precise"}},
	{PMID: metricID(6), Type: pcp.TypeAggregate, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"x.aggregate"}},
	{PMID: metricID(7), Type: pcp.TypeAggregateStatic, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"x.static"}},
	{PMID: pcp.NewPMID(245, 1, 1), Type: pcp.TypeString, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"x.param.string"}},
	{PMID: pcp.NewPMID(245, 1, 2), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"x.param.word"}},
	{PMID: pcp.NewPMID(245, 1, 3), Type: pcp.TypeU64, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"x.param.long"}},
}

// vectorInDom names the instances of x.string in the archive of every vector.
var vectorInDom = &meta.InDom{Stamp: stampAt(0, 0), ID: vectorDomain, Instances: []meta.Instance{{ID: 1, Name: "a"}, {ID: 2, Name: "b b"}}}

// wordSet makes a value set of one number that stands in the set itself.
func wordSet() archive.ValueSet {
	return archive.ValueSet{PMID: metricID(1), Values: []history.Value{history.WordValue(pcp.InstNull, 14)}}
}

func longSet() archive.ValueSet {
	return archive.ValueSet{PMID: metricID(2), Format: archive.Block, Values: []history.Value{history.NumberValue(pcp.InstNull, pcp.TypeU64, 200)}}
}

func stringSet() archive.ValueSet {
	return archive.ValueSet{PMID: metricID(3), Format: archive.Block, Values: []history.Value{history.StringValue(1, "hello2"), history.StringValue(2, "x")}}
}

// resultOf returns what makes a result of value sets.
func resultOf(sets ...archive.ValueSet) func() any {
	return func() any { return &archive.Result{Stamp: stampAt(2, 2000), Sets: sets} }
}

func textParam(s string) []history.EventParam {
	return []history.EventParam{{PMID: pcp.NewPMID(245, 1, 1), Value: history.Value{Inst: pcp.InstNull, Type: pcp.TypeString, Data: []byte(s)}}}
}

func numberParam(item uint32, t pcp.Type, n uint64) []history.EventParam {
	return []history.EventParam{{PMID: pcp.NewPMID(245, 1, item), Value: history.Value{Inst: pcp.InstNull, Type: t, Bits: n}}}
}

var (
	eventRecords = []history.EventRecord{
		{Stamp: stampAt(0, 5000), Flags: history.EventPoint, Params: textParam("abc")},
		{Stamp: stampAt(1, 5000), Flags: history.EventMissed, Missed: 7},
		{Stamp: stampAt(2, 5000), Flags: history.EventPoint, Params: numberParam(2, pcp.TypeU32, 42)},
	}
	highResRecords = []history.EventRecord{
		{Stamp: stampAt(0, 5), Flags: history.EventPoint, Params: numberParam(3, pcp.TypeU64, 1<<32)},
		{Stamp: stampAt(1, 5), Flags: history.EventMissed, Missed: 2},
	}
)

func events() any        { return eventRecords }
func highResEvents() any { return highResRecords }

// eventSet makes a value set of an event array.
func eventSet(item uint32, t pcp.Type, records []history.EventRecord) archive.ValueSet {
	v, err := history.EventValue(pcp.InstNull, t, records)
	if err != nil {
		panic(err)
	}
	return archive.ValueSet{PMID: metricID(item), Format: archive.Static, Values: []history.Value{v}}
}

func desc() any { return vectorMetrics[1] }

func indomRecord() any {
	return &meta.InDom{Stamp: stampAt(1, 0), ID: vectorDomain, Instances: []meta.Instance{{ID: 2, Name: "b b"}, {ID: 1, Name: "a"}}}
}

func deltaRecord() any {
	return &meta.InDomDelta{Stamp: stampAt(2, 0), ID: vectorDomain, Changes: []meta.Change{
		{Instance: meta.Instance{ID: 1}, Remove: true}, {Instance: meta.Instance{ID: 3, Name: "c"}},
	}}
}

func labelsRecord() any {
	set, err := labelset.Parse(`{"a":1}`, labelset.Context)
	if err != nil {
		panic(err)
	}
	return &meta.Labels{Stamp: stampAt(0, 0), Level: labelset.Context, Ident: meta.ContextIdent, Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: set}}}
}

func labelsError() any {
	return &meta.Labels{Stamp: stampAt(0, 0), Level: labelset.Item, Ident: uint32(metricID(1)), Sets: []labelset.Instance{{Inst: pcp.InstNull, Err: pcp.ErrnoValue}}}
}

func textOf(s string) func() any {
	return func() any {
		return &meta.Text{Type: meta.TextPMID | meta.TextOneLine, Ident: uint32(metricID(1)), Text: s}
	}
}

func indexEntry() any {
	return &archive.IndexEntry{Stamp: stampAt(5, 5000), Meta: 0x3e5, Data: 0x594}
}

func mark() any { return &archive.Mark{Stamp: stampAt(5, 6000000)} }

func nameless() any {
	d := *vectorMetrics[1]
	d.PMID, d.Names = metricID(9), nil
	return &d
}

func label() any {
	return &archive.Header{PID: 4711, Start: stampAt(0, 0), Host: "vector.example", Zone: "UTC"}
}
