package main

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// fixtures write archives that are the same every time, by kind.
var fixtures = map[string]func(base string) error{
	"prom":   func(base string) error { return writeProm(base, "tester", "web") },
	"two":    func(base string) error { return writeProm(base, "tester", "web", "db") },
	"probe1": func(base string) error { return writeProm(base, "probe1", "web") },
	"probe2": func(base string) error { return writeProm(base, "probe2", "web", "db") },
	"vm1":    func(base string) error { return writeDayAs(base, "vm1", "vm", 0, pcp.TypeU64) },
	"vm2":    func(base string) error { return writeDayAs(base, "vm2", "vm", 0, pcp.TypeU64) },
	"vm3":    func(base string) error { return writeDayAs(base, "vm3", "vm", 0, pcp.TypeU64) },
	"native": writeNative,
	"day1":   func(base string) error { return writeDay(base, "tester", 0, pcp.TypeU64) },
	"day2":   func(base string) error { return writeDay(base, "tester", 1, pcp.TypeU32) },
	"day3":   func(base string) error { return writeDay(base, "tester", 2, pcp.TypeU64) },
	"mon":    func(base string) error { return writeNamed(base, 0, "netproc.net.send") },
	"tue":    func(base string) error { return writeNamed(base, 1, "bcc.proc.net.send") },
	"guest":  func(base string) error { return writeDay(base, "guest", 1, pcp.TypeU64) },
}

// fixtureStart is the time of the first record. It is not a whole second, so
// that what drops fractions is seen to.
var fixtureStart = pcp.TimestampOf(time.Date(2026, 1, 2, 3, 4, 5, 250_000_000, time.UTC))

const fixtureSteps = 10

// writeProm writes what ten scrapes of endpoints would have left.
func writeProm(base, recorder string, sources ...string) error {
	m, err := mapper.New(mapper.Options{Host: recorder, External: []prom.Label{{Name: "env", Value: "test"}}})
	if err != nil {
		return err
	}
	a, err := archive.Create(base, archive.Header{Host: recorder, Zone: "UTC", PID: 42}, nil)
	if err != nil {
		return err
	}
	sink := convert.NewToArchive(a)
	mapped := make([]*mapper.Source, len(sources))
	for i, name := range sources {
		host := name + ".example:9100"
		mapped[i], err = m.Source(mapper.Target{Name: name, Job: name, Instance: host, URL: "http://" + host + "/metrics", Host: host})
		if err != nil {
			return err
		}
	}
	for step := range fixtureSteps {
		for _, src := range mapped {
			if err := scrapeFixture(src, step); err != nil {
				return err
			}
			if err := sink.Put(src.Step()); err != nil {
				return err
			}
		}
	}
	return sink.Close()
}

// fixtureFamilies are the families of the page that writeProm's endpoints have.
var fixtureFamilies = map[string]prom.Family{
	"requests_total":         {Name: "requests_total", Type: prom.TypeCounter, Help: "Requests answered.\nBy code and path."},
	"temp_celsius":           {Name: "temp_celsius", Type: prom.TypeGauge, Help: "Temperature.", Unit: "celsius"},
	"latency_seconds_bucket": {Name: "latency_seconds", Type: prom.TypeHistogram, Help: "Time taken."},
	"latency_seconds_sum":    {Name: "latency_seconds", Type: prom.TypeHistogram, Help: "Time taken."},
	"latency_seconds_count":  {Name: "latency_seconds", Type: prom.TypeHistogram, Help: "Time taken."},
	"job:queue:mean":         {Name: "job:queue:mean", Type: prom.TypeUnknown},
}

// scrapeFixture gives a source the values of one page.
func scrapeFixture(src *mapper.Source, step int) error {
	src.Begin(fixtureStart.Add(time.Duration(step) * time.Second))
	n := float64(step)
	set := func(v float64, name string, labels ...prom.Label) error {
		s, err := src.Series(name, labels, fixtureFamilies[name])
		if err != nil {
			return err
		}
		if math.IsNaN(v) {
			src.End(s)
		} else {
			src.Set(s, v)
		}
		return nil
	}
	failed := math.NaN() // no such series at this time
	if step >= 3 && step < 7 {
		failed = n
	}
	err := errors.Join(
		set(100+10*n, "requests_total", prom.Label{Name: "code", Value: "200"}, prom.Label{Name: "path", Value: "/"}),
		set(failed, "requests_total", prom.Label{Name: "code", Value: "503"}, prom.Label{Name: "path", Value: `/"q"`}),
		set(20+n/2, "temp_celsius"),
		set(n, "latency_seconds_bucket", prom.Label{Name: "le", Value: "0.1"}),
		set(2*n, "latency_seconds_bucket", prom.Label{Name: "le", Value: "+Inf"}),
		set(n/4, "latency_seconds_sum"),
		set(2*n, "latency_seconds_count"),
		set(7, "job:queue:mean"),
	)
	src.SetHealth(mapper.Health{
		Up: 1, Duration: 0.005, Scraped: 7, PostRelabel: 7, Fetch: 3 * time.Millisecond, Parse: time.Millisecond,
	})
	return err
}

// nativeMetrics are what the reference logger would have recorded of a kernel.
var nativeMetrics = struct{ load, ncpu, idle, release *meta.Desc }{
	load: &meta.Desc{PMID: pcp.NewPMID(60, 2, 0), Type: pcp.TypeFloat, InDom: pcp.NewInDomID(60, 2), Sem: pcp.SemInstant,
		Names: []string{"kernel.all.load"}},
	ncpu: &meta.Desc{PMID: pcp.NewPMID(60, 0, 32), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemDiscrete,
		Names: []string{"hinv.ncpu"}},
	idle: &meta.Desc{PMID: pcp.NewPMID(60, 0, 23), Type: pcp.TypeU64, InDom: pcp.InDomNull, Sem: pcp.SemCounter,
		Units: pcp.Units{DimTime: 1, ScaleTime: pcp.TimeMillisec}, Names: []string{"kernel.all.cpu.idle"}},
	release: &meta.Desc{PMID: pcp.NewPMID(60, 12, 0), Type: pcp.TypeString, InDom: pcp.InDomNull, Sem: pcp.SemDiscrete,
		Names: []string{"kernel.uname.release"}},
}

// writeNative writes a recording with a mark, an instance that leaves, values
// logged once, a string and a number that no float64 holds.
func writeNative(base string) error {
	a, err := archive.Create(base, archive.Header{Host: "tester", Zone: "EST5", PID: 42}, nil)
	if err != nil {
		return err
	}
	m := nativeMetrics
	if err := describeNative(a); err != nil {
		return err
	}
	for step := range fixtureSteps {
		t := fixtureStart.Add(time.Duration(step) * time.Second)
		if step == 5 {
			if err := a.Mark(t); err != nil {
				return err
			}
			continue
		}
		res := &archive.Result{Stamp: t, Sets: []archive.ValueSet{
			loadAt(step),
			{PMID: m.idle.PMID, Format: archive.Block, Values: []history.Value{history.NumberValue(pcp.InstNull, pcp.TypeU64, 1<<53+uint64(step))}},
		}}
		if step == 0 {
			res.Sets = append(res.Sets,
				archive.ValueSet{PMID: m.ncpu.PMID, Values: []history.Value{history.WordValue(pcp.InstNull, 8)}},
				archive.ValueSet{PMID: m.release.PMID, Format: archive.Block, Values: []history.Value{history.StringValue(pcp.InstNull, "6.1.0")}})
		}
		if err := a.SetInDom(loadInstances(step, t)); err != nil {
			return err
		}
		if err := a.Append(res); err != nil {
			return err
		}
	}
	return a.Close()
}

// loadInstances are the members of the load's instance domain; the last one
// leaves.
func loadInstances(step int, t pcp.Timestamp) *meta.InDom {
	in := &meta.InDom{Stamp: t, ID: nativeMetrics.load.InDom, Instances: []meta.Instance{
		{ID: 1, Name: "1 minute"}, {ID: 5, Name: "5 minute"}, {ID: 15, Name: "15 minute"},
	}}
	if step >= 8 {
		in.Instances = in.Instances[:2]
	}
	return in
}

func loadAt(step int) archive.ValueSet {
	set := archive.ValueSet{PMID: nativeMetrics.load.PMID, Format: archive.Block}
	for _, in := range loadInstances(step, pcp.Timestamp{}).Instances {
		bits := uint64(math.Float32bits(float32(step) / float32(in.ID)))
		set.Values = append(set.Values, history.NumberValue(in.ID, pcp.TypeFloat, bits))
	}
	return set
}

// describeNative gives an archive the metadata of nativeMetrics.
func describeNative(a *archive.Appender) error {
	m := nativeMetrics
	for _, d := range []*meta.Desc{m.load, m.ncpu, m.idle, m.release} {
		if err := a.Define(d); err != nil {
			return err
		}
	}
	labels := func(level labelset.Level, d *meta.Desc, sets ...labelset.Instance) error {
		return a.SetLabels(&meta.Labels{Stamp: fixtureStart, Level: level, Ident: history.LabelIdent(level, d), Sets: sets})
	}
	one := func(level labelset.Level, l ...labelset.Label) labelset.Instance {
		set, err := labelset.New(level, l...)
		if err != nil {
			panic(err) // they are constants
		}
		return labelset.Instance{Inst: pcp.InstNull, Set: set}
	}
	averages := []labelset.Instance{}
	for _, in := range loadInstances(0, fixtureStart).Instances {
		l := one(labelset.Instances, labelset.Label{Name: "minutes", Value: fmt.Sprint(int32(in.ID))})
		l.Inst = in.ID
		averages = append(averages, l)
	}
	return errors.Join(
		labels(labelset.Context, m.load, one(labelset.Context, labelset.String("hostname", "tester"),
			labelset.Label{Name: "note", Value: `"hidden"`, Flags: labelset.Optional})),
		labels(labelset.Domain, m.load, one(labelset.Domain, labelset.String("agent", "linux"))),
		labels(labelset.InDom, m.load, one(labelset.InDom, labelset.String("what", "average"))),
		labels(labelset.Cluster, m.load, one(labelset.Cluster, labelset.String("file", "loadavg"))),
		labels(labelset.Item, m.load, one(labelset.Item, labelset.String("what", "load"))),
		labels(labelset.Instances, m.load, averages...),
		a.SetText(&meta.Text{Type: meta.TextPMID | meta.TextOneLine, Ident: uint32(m.load.PMID), Text: "1, 5 and 15 minute load average"}),
	)
}
