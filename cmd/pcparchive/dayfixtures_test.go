package main

import (
	"errors"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// writeDay writes what a logger that is restarted every hour would have left: a
// counter that grows by 10 a second and by 1000 while nobody looks, and a value
// logged once. Its metadata may differ from that of the hour before.
func writeDay(base, host string, n int, typ pcp.Type) error {
	return writeDayAs(base, host, host, n, typ)
}

// writeDayAs is writeDay of a host whose label hostname says something else.
func writeDayAs(base, host, hostname string, n int, typ pcp.Type) error {
	start := fixtureStart.Add(time.Duration(n) * time.Hour)
	v := pcp.V3
	if n == 1 {
		v = pcp.V2
		start.Nsec -= start.Nsec % 1000
	}
	a, err := archive.Create(base, archive.Header{Host: host, Zone: "UTC", PID: int32(42 + n), Start: start}, &archive.WriteOptions{Version: v})
	if err != nil {
		return err
	}
	reads := &meta.Desc{PMID: pcp.NewPMID(60, 0, 24), Type: typ, InDom: pcp.InDomNull, Sem: pcp.SemCounter,
		Units: pcp.Units{DimCount: 1}, Names: []string{"disk.all.read"}}
	ncpu := nativeMetrics.ncpu
	set, err := labelset.New(labelset.Context, labelset.String("hostname", hostname))
	err = errors.Join(err, a.Define(reads), a.Define(ncpu), a.SetLabels(&meta.Labels{
		Stamp: start, Level: labelset.Context, Ident: meta.ContextIdent, Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: set}},
	}))
	for i := range fixtureSteps {
		grown := uint64(1090*n + 10*i)
		value, format := history.WordValue(pcp.InstNull, uint32(grown)), archive.InSitu
		if typ == pcp.TypeU64 {
			value, format = history.NumberValue(pcp.InstNull, typ, grown), archive.Block
		}
		res := &archive.Result{Stamp: start.Add(time.Duration(i) * time.Second),
			Sets: []archive.ValueSet{{PMID: reads.PMID, Format: format, Values: []history.Value{value}}}}
		if i == 0 {
			res.Sets = append(res.Sets, archive.ValueSet{PMID: ncpu.PMID, Values: []history.Value{history.WordValue(pcp.InstNull, uint32(8+n))}})
		}
		err = errors.Join(err, a.Append(res))
	}
	return errors.Join(err, a.Close())
}

// writeNamed writes a metric whose number has had other names.
func writeNamed(base string, n int, names ...string) error {
	start := fixtureStart.Add(time.Duration(n) * time.Hour)
	a, err := archive.Create(base, archive.Header{Host: "tester", Zone: "UTC", PID: int32(42 + n), Start: start}, nil)
	if err != nil {
		return err
	}
	d := &meta.Desc{PMID: pcp.NewPMID(60, 77, 1), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: names}
	err = a.Define(d)
	for i := range fixtureSteps {
		v := history.WordValue(pcp.InstNull, uint32(1000*n+i))
		err = errors.Join(err, a.Append(&archive.Result{Stamp: start.Add(time.Duration(i) * time.Second),
			Sets: []archive.ValueSet{{PMID: d.PMID, Values: []history.Value{v}}}}))
	}
	return errors.Join(err, a.Close())
}
