package archtest

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// TargetsBegin is the time of the first record of [Targets].
var TargetsBegin = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// TargetMark is the time from TargetsBegin to the mark in the archive of web2, which comes
// after its record 5.
const TargetMark = 5750 * time.Millisecond

// The metrics of [Targets].
var (
	TargetLoad = pcp.NewPMID(144, 1, 0) // instant, with instances: job web
	TargetSent = pcp.NewPMID(144, 1, 1) // counter: job web
	TargetSize = pcp.NewPMID(144, 2, 0) // instant: job db
)

// target is an archive of Targets.
type target struct {
	name, job string
	offset    time.Duration // of its records from whole seconds
	base      float64       // of its values
	instances []meta.Instance
}

// Targets writes what a recorder writes of three exporters of the host web in ten seconds:
// web1 and web2 of the job web, whose series have the same numbers, and db1 of the job db.
// In record i the values of web1 are i for the instance cpu:0, 10+i for cpu:1, and 100 i
// for the counter; those of web2 are a thousand times as large, and its second instance is
// cpu:2. The archive of web2 has a mark.
func Targets(t testing.TB, dir string) (bases []string) {
	all := []target{
		{"web1", "web", 0, 1, []meta.Instance{{ID: 1, Name: "1 cpu:0"}, {ID: 2, Name: "2 cpu:1"}}},
		{"web2", "web", 500 * time.Millisecond, 1000, []meta.Instance{{ID: 1, Name: "1 cpu:0"}, {ID: 3, Name: "3 cpu:2"}}},
		{"db1", "db", 700 * time.Millisecond, 1, nil},
	}
	for _, x := range all {
		bases = append(bases, x.write(t, dir))
	}
	return bases
}

// TargetsAtOnce writes what a recorder writes of two exporters, web1 and web3, of the job web if it
// scrapes both at the same times. See [Targets].
func TargetsAtOnce(t testing.TB, dir string) (bases []string) {
	for i, name := range []string{"web1", "web3"} {
		x := target{name, "web", 0, float64(1 + 999*i), []meta.Instance{{ID: 1, Name: "1 cpu:0"}, {ID: 2, Name: "2 cpu:1"}}}
		bases = append(bases, x.write(t, dir))
	}
	return bases
}

func (x target) write(t testing.TB, dir string) (base string) {
	base = filepath.Join(dir, x.name+".20261129.12.00")
	a, err := archive.Create(base, archive.Header{Host: "web", PID: 7, Zone: "UTC"}, nil)
	require.NoError(t, err)
	begin := pcp.TimestampOf(TargetsBegin.Add(x.offset))
	cluster, domain := pcp.NewPMID(144, 1, 0), pcp.NewInDomID(144, 1024)
	if x.job == "db" {
		cluster = pcp.NewPMID(144, 2, 0)
		require.NoError(t, a.Define(&meta.Desc{PMID: TargetSize, Type: pcp.TypeDouble, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"openmetrics.db.size"}}))
	} else {
		require.NoError(t, a.Define(&meta.Desc{PMID: TargetLoad, Type: pcp.TypeDouble, InDom: domain, Sem: pcp.SemInstant, Names: []string{"openmetrics.web.load"}}))
		require.NoError(t, a.Define(&meta.Desc{PMID: TargetSent, Type: pcp.TypeDouble, InDom: pcp.InDomNull, Sem: pcp.SemCounter, Names: []string{"openmetrics.web.sent"}}))
		require.NoError(t, a.SetInDom(&meta.InDom{Stamp: begin, ID: domain, Instances: x.instances}))
	}
	set, err := labelset.New(labelset.Cluster, labelset.String("instance", x.name+":9100"), labelset.String("job", x.job))
	require.NoError(t, err)
	require.NoError(t, a.SetLabels(&meta.Labels{Stamp: begin, Level: labelset.Cluster, Ident: uint32(cluster.ClusterID()), Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: set}}}))
	for i := range 10 {
		require.NoError(t, a.Append(x.record(begin, i)))
		if x.name == "web2" && i == 5 {
			require.NoError(t, a.Mark(pcp.TimestampOf(TargetsBegin.Add(TargetMark))))
		}
	}
	require.NoError(t, a.Close())
	return base
}

// record returns record i.
func (x target) record(begin pcp.Timestamp, i int) *archive.Result {
	value := func(inst pcp.InstID, f float64) history.Value { return history.DoubleValue(inst, x.base*f) }
	f := float64(i)
	r := &archive.Result{Stamp: begin.Add(time.Duration(i) * time.Second)}
	if x.job == "db" {
		r.Sets = []archive.ValueSet{{PMID: TargetSize, Format: archive.Block, Values: []history.Value{value(pcp.InstNull, f)}}}
		return r
	}
	r.Sets = []archive.ValueSet{
		{PMID: TargetLoad, Format: archive.Block, Values: []history.Value{value(x.instances[0].ID, f), value(x.instances[1].ID, 10+f)}},
		{PMID: TargetSent, Format: archive.Block, Values: []history.Value{value(pcp.InstNull, 100*f)}},
	}
	return r
}
