package flatten_test

import (
	"strings"
	"testing"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/converttest"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

func TestNativeNames(t *testing.T) {
	out, report := &converttest.Seen{}, &prom.Report{}
	f := flatten.New(sinktest.Sink(out), flatten.Options{Report: report})
	load := converttest.NewRecorded(t, "kernel.all.load", meta.Desc{PMID: 1, Type: pcp.TypeDouble, InDom: 7, Sem: pcp.SemInstant},
		labelset.String("hostname", "h"), labelset.String("a.b", "x"), labelset.String("a_b", "y"),
		labelset.Label{Name: "note", Value: `"n"`, Flags: labelset.Optional}, labelset.Label{Name: "n", Value: "42"})
	load.SetMembers(1, 5)
	converttest.Put(t, f, 1000, load.At(1, 5))
	assert.Equal(t, []string{
		"1000 kernel_all_load a_b=y a_b_2=x hostname=h instname=i1 n=42 1",
		"1000 kernel_all_load a_b=y a_b_2=x hostname=h instname=i5 n=42 5",
	}, out.Lines)
	for _, p := range out.Series {
		assert.Equal(t, prom.TypeGauge, p.Family.Type)
	}
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossLabelRenamed, Name: "kernel.all.load{a.b}", Count: 2}}, report.Losses())
}

func TestCollidingNamesAreReported(t *testing.T) {
	out, report := &converttest.Seen{}, &prom.Report{}
	f := flatten.New(sinktest.Sink(out), flatten.Options{Report: report})
	desc := meta.Desc{Type: pcp.TypeDouble, InDom: pcp.InDomNull, Sem: pcp.SemCounter}
	one, two := desc, desc
	one.PMID, two.PMID = 1, 2
	converttest.Put(t, f, 1, converttest.NewRecorded(t, "a.b_c", one).At(pcp.InstNull), converttest.NewRecorded(t, "a_b.c", two).At(pcp.InstNull))
	assert.Equal(t, []string{"1 a_b_c -1", "1 a_b_c_2 -1"}, out.Lines)
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossRenamed, Name: "a_b.c", Count: 1}}, report.Losses())
}

func TestEndOfSeries(t *testing.T) {
	desc := meta.Desc{PMID: 1, Type: pcp.TypeDouble, InDom: 7, Sem: pcp.SemInstant}
	tests := map[string]struct {
		then func(t *testing.T, f *flatten.Flattener, n *converttest.Recorded)
		want []string
	}{
		"the instance leaves the domain": {
			func(t *testing.T, f *flatten.Flattener, n *converttest.Recorded) {
				n.SetMembers(2)
				converttest.Put(t, f, 2000, n.At(2))
			},
			[]string{"2000 m instname=i2 2", "2000 m instname=i1 stale"},
		},
		"the record of its group lacks it": {
			func(t *testing.T, f *flatten.Flattener, n *converttest.Recorded) {
				converttest.Put(t, f, 2000, n.At(2))
			},
			[]string{"2000 m instname=i2 2", "2000 m instname=i1 stale"},
		},
		"another group's record does not end it": {
			func(t *testing.T, f *flatten.Flattener, n *converttest.Recorded) {
				n.SetMembers(1, 2, 3)
				converttest.Put(t, f, 2000, n.At(3))
				converttest.Put(t, f, 3000, n.At(1, 2))
			},
			[]string{"2000 m instname=i3 3", "3000 m instname=i1 1", "3000 m instname=i2 2"},
		},
		"an error ends all": {
			func(t *testing.T, f *flatten.Flattener, n *converttest.Recorded) {
				converttest.Put(t, f, 2000, history.MetricValues{Metric: n.Metric, InDom: n.InDom, Err: pcp.ErrnoAgain})
				converttest.Put(t, f, 3000, history.MetricValues{Metric: n.Metric, InDom: n.InDom, Err: pcp.ErrnoAgain})
			},
			[]string{"2000 m instname=i1 stale", "2000 m instname=i2 stale"},
		},
		"a mark ends all": {
			func(t *testing.T, f *flatten.Flattener, _ *converttest.Recorded) {
				require.NoError(t, f.Put(&history.Step{Stamp: pcp.TimestampMilli(2000), Mark: true}))
			},
			[]string{"2000 m instname=i1 stale", "2000 m instname=i2 stale"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			out := &converttest.Seen{}
			f := flatten.New(sinktest.Sink(out), flatten.Options{})
			n := converttest.NewRecorded(t, "m", desc)
			n.SetMembers(1, 2)
			converttest.Put(t, f, 1000, n.At(1, 2))
			test.then(t, f, n)
			assert.ElementsMatch(t, test.want, out.Lines[2:])
		})
	}
}

// What a step of one part lacks goes on in another part. A series of several parts ends when
// it has ended in all of them.
func TestParts(t *testing.T) {
	desc := meta.Desc{PMID: 1, Type: pcp.TypeDouble, InDom: 7, Sem: pcp.SemInstant}
	out := &converttest.Seen{}
	f := flatten.New(sinktest.Sink(out), flatten.Options{})
	one, two := converttest.NewRecorded(t, "m", desc), converttest.NewRecorded(t, "m", desc)
	put := func(ms int64, part int, values ...history.MetricValues) {
		require.NoError(t, f.Put(&history.Step{Stamp: pcp.TimestampMilli(ms), Part: part, Metrics: values, Mark: len(values) == 0}))
	}
	one.SetMembers(1, 3)
	two.SetMembers(2, 3)
	put(1000, 0, one.At(1, 3))
	put(1001, 1, two.At(2, 3))
	put(2000, 0, one.At(1, 3))
	put(2001, 1, two.At(2, 3))
	one.SetMembers(1)
	put(3000, 0, one.At(1)) // 3 goes on in the other part
	two.SetMembers(2)
	put(3001, 1, two.At(2))
	put(4000, 1)
	put(4001, 0, one.At(1))
	put(5000, history.AllParts)
	assert.Equal(t, []string{
		"1000 m instname=i1 1", "1000 m instname=i3 3", "1001 m instname=i2 2", "1001 m instname=i3 3",
		"2000 m instname=i1 1", "2000 m instname=i3 3", "2001 m instname=i2 2", "2001 m instname=i3 3",
		"3000 m instname=i1 1", "3001 m instname=i2 2", "3001 m instname=i3 stale", "4000 m instname=i2 stale",
		"4001 m instname=i1 1", "5000 m instname=i1 stale",
	}, out.Lines)
}

func TestLosses(t *testing.T) {
	report := &prom.Report{}
	out := &converttest.Seen{}
	f := flatten.New(sinktest.Sink(out), flatten.Options{Report: report})
	text := converttest.NewRecorded(t, "s", meta.Desc{PMID: 1, Type: pcp.TypeString, InDom: pcp.InDomNull})
	nameless := converttest.NewRecorded(t, "", meta.Desc{PMID: 2, Type: pcp.TypeDouble, InDom: pcp.InDomNull})
	big := converttest.NewRecorded(t, "u", meta.Desc{PMID: 3, Type: pcp.TypeU64, InDom: pcp.InDomNull})
	wrong := converttest.NewRecorded(t, "w", meta.Desc{PMID: 4, Type: pcp.TypeU64, InDom: pcp.InDomNull})
	values := big.At(pcp.InstNull)
	for _, v := range []uint64{1 << 53, 1<<53 + 1, 1<<64 - 1} {
		values.Points[0].Value = history.NumberValue(pcp.InstNull, pcp.TypeU64, v)
		converttest.Put(t, f, int64(v>>40), text.At(pcp.InstNull), nameless.At(pcp.InstNull), values, wrong.At(pcp.InstNull))
	}
	assert.ElementsMatch(t, []prom.LossCount{
		{Loss: prom.LossRounded, Name: "u", Count: 2},
		{Loss: prom.LossNotNumeric, Name: "s", Count: 1},
		{Loss: prom.LossUndecodable, Name: "w", Count: 3},
		{Loss: prom.LossNoName, Name: pcp.PMID(2).String(), Count: 1},
	}, report.Losses())
	assert.Len(t, report.Summary(), 4)
	assert.Len(t, out.Lines, 3)
}

// A family that changes its type is another PCP metric and the same series.
func TestTypeChangeKeepsSeries(t *testing.T) {
	m, err := mapper.New(mapper.Options{Host: "h"})
	require.NoError(t, err)
	src, err := m.Source(mapper.Target{Name: "web", Job: "web", Instance: "web:1", URL: "http://web:1/"})
	require.NoError(t, err)
	out := &converttest.Seen{}
	f := flatten.New(sinktest.Sink(out), flatten.Options{})
	series := func(typ, help string) *mapper.Series {
		s, err := src.Series("foo", nil, prom.Family{Name: "foo", Type: typ, Help: help})
		require.NoError(t, err)
		return s
	}
	gauge := series(prom.TypeGauge, "old")
	src.Begin(pcp.TimestampMilli(1000))
	src.Set(gauge, 1)
	require.NoError(t, f.Put(src.Step()))
	src.Begin(pcp.TimestampMilli(2000))
	src.End(gauge)
	src.Set(series(prom.TypeCounter, "new"), 2)
	require.NoError(t, f.Put(src.Step()))
	assert.Equal(t, []string{"1000 foo 1", "2000 foo 2"}, out.Lines)
	assert.Equal(t, prom.Family{Name: "foo", Type: prom.TypeCounter, Help: "new"}, *out.Series["foo"].Family)

	src.Begin(pcp.TimestampMilli(3000))
	src.Describe(series(prom.TypeCounter, "new"), "newer")
	src.Set(series(prom.TypeCounter, "new"), 3)
	require.NoError(t, f.Put(src.Step()))
	assert.Equal(t, "newer", out.Series["foo"].Family.Help)
}

// TestImpossibleTime leaves out a damaged record alone: it is not what later
// ones are earlier than.
func TestImpossibleTime(t *testing.T) {
	n := converttest.NewRecorded(t, "a.b", meta.Desc{PMID: pcp.NewPMID(60, 0, 1), Type: pcp.TypeDouble, Sem: pcp.SemInstant, InDom: pcp.InDomNull})
	var got converttest.Seen
	var report prom.Report
	f := flatten.New(sinktest.Sink(&got), flatten.Options{Host: "web1", Report: &report})
	for _, stamp := range []pcp.Timestamp{{Sec: 1}, {Sec: 1 << 60}, {Sec: -1 << 60}, {Sec: 1, Nsec: 2147483647}, {Sec: 2}, {Sec: 3, Nsec: -1}} {
		step := history.Step{Stamp: stamp, Metrics: []history.MetricValues{n.At(pcp.InstNull)}}
		require.NoError(t, f.Put(&step))
	}
	assert.Equal(t, []string{"1000 a_b hostname=web1 -1", "2000 a_b hostname=web1 -1"}, got.Lines)
	assert.Equal(t, []prom.LossCount{
		{Loss: prom.LossTime, Name: "record of web1 at -1152921504606846976.000000000 s", Count: 1},
		{Loss: prom.LossTime, Name: "record of web1 at 1.2147483647 s", Count: 1},
		{Loss: prom.LossTime, Name: "record of web1 at 1152921504606846976.000000000 s", Count: 1},
		{Loss: prom.LossTime, Name: "record of web1 at 3.-00000001 s", Count: 1},
	}, report.Losses())
}

// TestCollidingLabels has labels that want one name: what needs no other keeps it,
// with every series, and no two become one.
func TestCollidingLabels(t *testing.T) {
	for _, c := range []struct {
		labels, want string
		renamed      int64
	}{
		{"1st _st", "_st=_st _st_2=1st", 1},
		{"1st", "_st=1st", 0},
		{"1st 2st _st _st_2", "_st=_st _st_2=_st_2 _st_3=1st _st_4=2st", 2},
		{"a.b a:b a-b", "a_b=a-b a_b_2=a.b a_b_3=a:b", 2},
		{"instname in-stname", "in_stname=in-stname instname_2=instname", 1},
		{"inst.name inst_name", "inst_name=inst_name inst_name_2=inst.name", 1},
	} {
		var labels []labelset.Label
		for name := range strings.FieldsSeq(c.labels) {
			labels = append(labels, labelset.String(name, name))
		}
		out, report := &converttest.Seen{}, &prom.Report{}
		f := flatten.New(sinktest.Sink(out), flatten.Options{Report: report})
		converttest.Put(t, f, 1, converttest.NewRecorded(t, "m", meta.Desc{InDom: pcp.InDomNull, Type: pcp.TypeDouble}, labels...).At(pcp.InstNull))
		assert.Equal(t, []string{"1 m " + c.want + " -1"}, out.Lines, c.labels)
		var renamed int64
		for _, l := range report.Losses() {
			assert.Equal(t, prom.LossLabelRenamed, l.Loss)
			renamed += l.Count
		}
		assert.Equal(t, c.renamed, renamed, c.labels)
	}
}
