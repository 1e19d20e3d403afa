package flatten_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/converttest"
	"github.com/pcparchive/pcparchive/internal/sinktest"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

func TestLabelOptions(t *testing.T) {
	note := labelset.Label{Name: "note.b", Value: `"n"`, Flags: labelset.Optional}
	dc := labelset.String("dc", "own")
	for name, test := range map[string]struct {
		opts  flatten.Options
		names [2]string // of the instances 1 and 2
		want  [2]string
	}{
		"defaults":          {flatten.Options{}, [2]string{"a", "b"}, [2]string{"dc=own instname=a", "dc=own instname=b"}},
		"optional labels":   {flatten.Options{OptionalLabels: true}, [2]string{"a", "b"}, [2]string{"dc=own instname=a note_b=n", "dc=own instname=b note_b=n"}},
		"optional, as PCP":  {flatten.Options{OptionalLabels: true, Names: naming.NamesUTF8}, [2]string{"a", "b"}, [2]string{"dc=own instname=a note.b=n", "dc=own instname=b note.b=n"}},
		"numbers":           {flatten.Options{InstanceIDs: true}, [2]string{"a", "b"}, [2]string{"dc=own instid=1 instname=a", "dc=own instid=2 instname=b"}},
		"names shared":      {flatten.Options{}, [2]string{"a", "a"}, [2]string{"dc=own instid=1 instname=a", "dc=own instid=2 instname=a"}},
		"no names":          {flatten.Options{}, [2]string{"", ""}, [2]string{"dc=own instid=1", "dc=own instid=2"}},
		"labels of the run": {flatten.Options{Labels: []prom.Label{{Name: "dc", Value: "given"}, {Name: "env", Value: "x"}}}, [2]string{"a", "b"}, [2]string{"dc=own env=x instname=a", "dc=own env=x instname=b"}},
		"a host":            {flatten.Options{Host: "h"}, [2]string{"a", "b"}, [2]string{"dc=own hostname=h instname=a", "dc=own hostname=h instname=b"}},
	} {
		t.Run(name, func(t *testing.T) {
			out := &converttest.Seen{}
			f := flatten.New(sinktest.Sink(out), test.opts)
			n := converttest.NewRecorded(t, "m", meta.Desc{PMID: 1, Type: pcp.TypeDouble, InDom: 7}, dc, note)
			n.InDom = &meta.InDom{ID: 7, Instances: []meta.Instance{{ID: 1, Name: test.names[0]}, {ID: 2, Name: test.names[1]}}}
			mv := n.At(1, 2)
			mv.Points[0].Series.Inst.Name, mv.Points[1].Series.Inst.Name = test.names[0], test.names[1]
			converttest.Put(t, f, 1, mv)
			assert.Equal(t, []string{"1 m " + test.want[0] + " 1", "1 m " + test.want[1] + " 2"}, out.Lines)
		})
	}
}

func TestTextAsLabels(t *testing.T) {
	out, report := &converttest.Seen{}, &prom.Report{}
	f := flatten.New(sinktest.Sink(out), flatten.Options{TextLabels: true, Report: report})
	text := converttest.NewRecorded(t, "kernel.uname.release", meta.Desc{PMID: 1, Type: pcp.TypeString, InDom: pcp.InDomNull, Sem: pcp.SemDiscrete},
		labelset.String("value", "taken"))
	for i, release := range []string{"6.1", "6.1", "6.2", "6.1"} {
		mv := text.At(pcp.InstNull)
		mv.Points[0].Value = history.StringValue(pcp.InstNull, release)
		converttest.Put(t, f, int64(i), mv)
	}
	require.NoError(t, f.Put(&history.Step{Stamp: pcp.TimestampMilli(9), Mark: true}))
	const name = " kernel_uname_release_info value=taken value_2="
	assert.Equal(t, []string{
		"0" + name + "6.1 1", "1" + name + "6.1 1",
		"2" + name + "6.2 1", "2" + name + "6.1 stale",
		"3" + name + "6.1 1", "3" + name + "6.2 stale",
		"9" + name + "6.1 stale",
	}, out.Lines)
	for _, s := range out.Series {
		assert.Equal(t, prom.Family{Name: "kernel_uname_release", Type: prom.TypeInfo}, *s.Family)
	}
	assert.Empty(t, report.Losses())
}

func TestSplitAtMarks(t *testing.T) {
	out := &converttest.Seen{}
	f := flatten.New(sinktest.Sink(out), flatten.Options{SplitAtMarks: true})
	counter := converttest.NewRecorded(t, "c", meta.Desc{PMID: 1, Type: pcp.TypeDouble, InDom: pcp.InDomNull, Sem: pcp.SemCounter})
	gauge := converttest.NewRecorded(t, "g", meta.Desc{PMID: 2, Type: pcp.TypeDouble, InDom: pcp.InDomNull, Sem: pcp.SemInstant})
	converttest.Put(t, f, 1, counter.At(pcp.InstNull), gauge.At(pcp.InstNull))
	require.NoError(t, f.Put(&history.Step{Stamp: pcp.TimestampMilli(1000), Mark: true}))
	converttest.Put(t, f, 2000, counter.At(pcp.InstNull), gauge.At(pcp.InstNull))
	assert.ElementsMatch(t, []string{"1 c -1", "1 g -1", "1000 c stale", "1000 g stale",
		"2000 c since=1970-01-01T00:00:01.000Z -1", "2000 g -1"}, out.Lines)
}

func TestForks(t *testing.T) {
	out, report := &converttest.Seen{}, &prom.Report{}
	f := flatten.New(sinktest.Sink(out), flatten.Options{Report: report})
	d := meta.Desc{PMID: 1, Type: pcp.TypeDouble, InDom: pcp.InDomNull, Sem: pcp.SemCounter}
	one, two := f.Fork("one"), f.Fork("two")
	converttest.Put(t, one, 1, converttest.NewRecorded(t, "m", d).At(pcp.InstNull))
	converttest.Put(t, two, 2, converttest.NewRecorded(t, "m", d).At(pcp.InstNull))
	require.NoError(t, one.Put(&history.Step{Stamp: pcp.TimestampMilli(3), Mark: true}))
	assert.Equal(t, []string{"1 m hostname=one -1", "2 m hostname=two -1", "3 m hostname=one stale"}, out.Lines,
		"one host's mark is not another's")
	assert.Equal(t, 1, out.Series["m hostname=two"].ID)
	assert.Equal(t, "two", out.Series["m hostname=two"].PCPMetric.Labels[0].Text("hostname"))
	assert.Empty(t, report.Losses())

	// Hosts that say the same of themselves are told apart by the archive's host,
	// also after the first has ended.
	same := labelset.String("hostname", "same")
	a, b, c := f.Fork("a"), f.Fork("b"), f.Fork("c")
	out.Lines = nil
	converttest.Put(t, a, 10, converttest.NewRecorded(t, "m", d, same).At(pcp.InstNull))
	converttest.Put(t, b, 11, converttest.NewRecorded(t, "m", d, same).At(pcp.InstNull))
	require.NoError(t, a.Close())
	converttest.Put(t, c, 12, converttest.NewRecorded(t, "m", d, same).At(pcp.InstNull))
	assert.Equal(t, []string{"10 m hostname=same -1", "11 m hostname=b -1", "12 m hostname=c -1"}, out.Lines)
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossSameLabels, Name: "m", Count: 2}}, report.Losses())
}
