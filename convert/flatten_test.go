package convert_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// seen records what a Flattener emits, one line per sample.
type seen struct {
	lines  []string
	series map[string]*prom.Series
}

func (s *seen) Sample(p *prom.Series, t int64, v float64) error {
	key := p.Name
	for _, l := range p.Labels {
		key += fmt.Sprintf(" %s=%s", l.Name, l.Value)
	}
	if s.series == nil {
		s.series = map[string]*prom.Series{}
	}
	s.series[key] = p
	value := fmt.Sprint(v)
	if prom.IsStale(v) {
		value = "stale"
	}
	s.lines = append(s.lines, fmt.Sprintf("%d %s %s", t, key, value))
	return nil
}

// native builds steps of a metric as the reference logger would record it.
type recorded struct {
	metric *history.Metric
	series map[pcp.InstID]*history.Series
	indom  *meta.InDom
}

func newNative(t *testing.T, name string, d meta.Desc, labels ...labelset.Label) *recorded {
	t.Helper()
	context, err := labelset.New(labelset.Context, labels...)
	require.NoError(t, err)
	d.Names = []string{name}
	n := &recorded{metric: &history.Metric{Name: name, Desc: &d}, series: map[pcp.InstID]*history.Series{}}
	n.metric.Labels[0] = context
	return n
}

func (n *recorded) members(ids ...pcp.InstID) {
	n.indom = &meta.InDom{ID: n.metric.Desc.InDom}
	for _, id := range ids {
		n.indom.Instances = append(n.indom.Instances, meta.Instance{ID: id, Name: fmt.Sprint("i", id)})
	}
}

// at returns the metric's part of a step with a value for each instance.
func (n *recorded) at(ids ...pcp.InstID) history.MetricValues {
	mv := history.MetricValues{Metric: n.metric, InDom: n.indom}
	for _, id := range ids {
		s, ok := n.series[id]
		if !ok {
			s = &history.Series{Metric: n.metric, Inst: meta.Instance{ID: id}}
			if id != pcp.InstNull {
				s.Inst.Name = fmt.Sprint("i", id)
			}
			n.series[id] = s
		}
		mv.Points = append(mv.Points, history.Point{Series: s, Value: history.DoubleValue(id, float64(id))})
	}
	return mv
}

func put(t *testing.T, f *flatten.Flattener, ms int64, metrics ...history.MetricValues) {
	t.Helper()
	require.NoError(t, f.Put(&history.Step{Stamp: pcp.TimestampMilli(ms), Metrics: metrics}))
}

func TestNativeNames(t *testing.T) {
	out, report := &seen{}, &prom.Report{}
	f := flatten.New(sinktest.Sink(out), flatten.Options{Report: report})
	load := newNative(t, "kernel.all.load", meta.Desc{PMID: 1, Type: pcp.TypeDouble, InDom: 7, Sem: pcp.SemInstant},
		labelset.String("hostname", "h"), labelset.String("a.b", "x"), labelset.String("a_b", "y"),
		labelset.Label{Name: "note", Value: `"n"`, Flags: labelset.Optional}, labelset.Label{Name: "n", Value: "42"})
	load.members(1, 5)
	put(t, f, 1000, load.at(1, 5))
	assert.Equal(t, []string{
		"1000 kernel_all_load a_b=y a_b_2=x hostname=h instname=i1 n=42 1",
		"1000 kernel_all_load a_b=y a_b_2=x hostname=h instname=i5 n=42 5",
	}, out.lines)
	for _, p := range out.series {
		assert.Equal(t, prom.TypeGauge, p.Family.Type)
	}
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossLabelRenamed, Name: "kernel.all.load{a.b}", Count: 2}}, report.Losses())
}

func TestCollidingNamesAreReported(t *testing.T) {
	out, report := &seen{}, &prom.Report{}
	f := flatten.New(sinktest.Sink(out), flatten.Options{Report: report})
	desc := meta.Desc{Type: pcp.TypeDouble, InDom: pcp.InDomNull, Sem: pcp.SemCounter}
	one, two := desc, desc
	one.PMID, two.PMID = 1, 2
	put(t, f, 1, newNative(t, "a.b_c", one).at(pcp.InstNull), newNative(t, "a_b.c", two).at(pcp.InstNull))
	assert.Equal(t, []string{"1 a_b_c -1", "1 a_b_c_2 -1"}, out.lines)
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossRenamed, Name: "a_b.c", Count: 1}}, report.Losses())
}

func TestEndOfSeries(t *testing.T) {
	desc := meta.Desc{PMID: 1, Type: pcp.TypeDouble, InDom: 7, Sem: pcp.SemInstant}
	tests := map[string]struct {
		then func(t *testing.T, f *flatten.Flattener, n *recorded)
		want []string
	}{
		"the instance leaves the domain": {
			func(t *testing.T, f *flatten.Flattener, n *recorded) { n.members(2); put(t, f, 2000, n.at(2)) },
			[]string{"2000 m instname=i2 2", "2000 m instname=i1 stale"},
		},
		"the record of its group lacks it": {
			func(t *testing.T, f *flatten.Flattener, n *recorded) { put(t, f, 2000, n.at(2)) },
			[]string{"2000 m instname=i2 2", "2000 m instname=i1 stale"},
		},
		"another group's record does not end it": {
			func(t *testing.T, f *flatten.Flattener, n *recorded) {
				n.members(1, 2, 3)
				put(t, f, 2000, n.at(3))
				put(t, f, 3000, n.at(1, 2))
			},
			[]string{"2000 m instname=i3 3", "3000 m instname=i1 1", "3000 m instname=i2 2"},
		},
		"an error ends all": {
			func(t *testing.T, f *flatten.Flattener, n *recorded) {
				put(t, f, 2000, history.MetricValues{Metric: n.metric, InDom: n.indom, Err: pcp.ErrnoAgain})
				put(t, f, 3000, history.MetricValues{Metric: n.metric, InDom: n.indom, Err: pcp.ErrnoAgain})
			},
			[]string{"2000 m instname=i1 stale", "2000 m instname=i2 stale"},
		},
		"a mark ends all": {
			func(t *testing.T, f *flatten.Flattener, _ *recorded) {
				require.NoError(t, f.Put(&history.Step{Stamp: pcp.TimestampMilli(2000), Mark: true}))
			},
			[]string{"2000 m instname=i1 stale", "2000 m instname=i2 stale"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			out := &seen{}
			f := flatten.New(sinktest.Sink(out), flatten.Options{})
			n := newNative(t, "m", desc)
			n.members(1, 2)
			put(t, f, 1000, n.at(1, 2))
			test.then(t, f, n)
			assert.ElementsMatch(t, test.want, out.lines[2:])
		})
	}
}

func TestLosses(t *testing.T) {
	report := &prom.Report{}
	out := &seen{}
	f := flatten.New(sinktest.Sink(out), flatten.Options{Report: report})
	text := newNative(t, "s", meta.Desc{PMID: 1, Type: pcp.TypeString, InDom: pcp.InDomNull})
	nameless := newNative(t, "", meta.Desc{PMID: 2, Type: pcp.TypeDouble, InDom: pcp.InDomNull})
	big := newNative(t, "u", meta.Desc{PMID: 3, Type: pcp.TypeU64, InDom: pcp.InDomNull})
	wrong := newNative(t, "w", meta.Desc{PMID: 4, Type: pcp.TypeU64, InDom: pcp.InDomNull})
	values := big.at(pcp.InstNull)
	for _, v := range []uint64{1 << 53, 1<<53 + 1, 1<<64 - 1} {
		values.Points[0].Value = history.NumberValue(pcp.InstNull, pcp.TypeU64, v)
		put(t, f, int64(v>>40), text.at(pcp.InstNull), nameless.at(pcp.InstNull), values, wrong.at(pcp.InstNull))
	}
	assert.ElementsMatch(t, []prom.LossCount{
		{Loss: prom.LossRounded, Name: "u", Count: 2},
		{Loss: prom.LossNotNumeric, Name: "s", Count: 1},
		{Loss: prom.LossUndecodable, Name: "w", Count: 3},
		{Loss: prom.LossNoName, Name: pcp.PMID(2).String(), Count: 1},
	}, report.Losses())
	assert.Len(t, report.Summary(), 4)
	assert.Len(t, out.lines, 3)
}

// A family that changes its type is another PCP metric and the same series.
func TestTypeChangeKeepsSeries(t *testing.T) {
	m, err := mapper.New(mapper.Options{Host: "h"})
	require.NoError(t, err)
	src, err := m.Source(mapper.Target{Name: "web", Job: "web", Instance: "web:1", URL: "http://web:1/"})
	require.NoError(t, err)
	out := &seen{}
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
	assert.Equal(t, []string{"1000 foo 1", "2000 foo 2"}, out.lines)
	assert.Equal(t, prom.Family{Name: "foo", Type: prom.TypeCounter, Help: "new"}, *out.series["foo"].Family)

	src.Begin(pcp.TimestampMilli(3000))
	src.Describe(series(prom.TypeCounter, "new"), "newer")
	src.Set(series(prom.TypeCounter, "new"), 3)
	require.NoError(t, f.Put(src.Step()))
	assert.Equal(t, "newer", out.series["foo"].Family.Help)
}

// TestImpossibleTime leaves out a damaged record alone: it is not what later
// ones are earlier than.
func TestImpossibleTime(t *testing.T) {
	n := newNative(t, "a.b", meta.Desc{PMID: pcp.NewPMID(60, 0, 1), Type: pcp.TypeDouble, Sem: pcp.SemInstant, InDom: pcp.InDomNull})
	var got seen
	var report prom.Report
	f := flatten.New(sinktest.Sink(&got), flatten.Options{Host: "web1", Report: &report})
	for _, sec := range []int64{1, 1 << 60, -1 << 60, 2} {
		step := history.Step{Stamp: pcp.Timestamp{Sec: sec}, Metrics: []history.MetricValues{n.at(pcp.InstNull)}}
		require.NoError(t, f.Put(&step))
	}
	assert.Equal(t, []string{"1000 a_b hostname=web1 -1", "2000 a_b hostname=web1 -1"}, got.lines)
	assert.Equal(t, []prom.LossCount{
		{Loss: prom.LossTime, Name: "record of web1 at -1152921504606846976.000000000 s", Count: 1},
		{Loss: prom.LossTime, Name: "record of web1 at 1152921504606846976.000000000 s", Count: 1},
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
		out, report := &seen{}, &prom.Report{}
		f := flatten.New(sinktest.Sink(out), flatten.Options{Report: report})
		put(t, f, 1, newNative(t, "m", meta.Desc{InDom: pcp.InDomNull, Type: pcp.TypeDouble}, labels...).at(pcp.InstNull))
		assert.Equal(t, []string{"1 m " + c.want + " -1"}, out.lines, c.labels)
		var renamed int64
		for _, l := range report.Losses() {
			assert.Equal(t, prom.LossLabelRenamed, l.Loss)
			renamed += l.Count
		}
		assert.Equal(t, c.renamed, renamed, c.labels)
	}
}
