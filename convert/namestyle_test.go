package convert_test

import (
	"testing"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

func TestNameStyles(t *testing.T) {
	second := func(dim int8, scale uint8) pcp.Units { return pcp.Units{DimTime: dim, ScaleTime: scale} }
	space := func(dim int8, scale uint8) pcp.Units { return pcp.Units{DimSpace: dim, ScaleSpace: scale} }
	for _, test := range []struct {
		metric  string
		sem     pcp.Semantics
		units   pcp.Units
		value   float64
		pcpName string
		name    string
		unit    string
		want    float64
	}{
		{"kernel.all.cpu.user", pcp.SemCounter, second(1, pcp.TimeMillisec), 1234, "kernel_all_cpu_user", "kernel_all_cpu_user_seconds_total", "seconds", 1.234},
		{"kernel.all.uptime", pcp.SemInstant, second(1, pcp.TimeHour), 2, "kernel_all_uptime", "kernel_all_uptime_seconds", "seconds", 7200},
		{"a.minutes", pcp.SemInstant, second(1, pcp.TimeMin), 0.5, "a_minutes", "a_minutes_seconds", "seconds", 30},
		{"disk.time", pcp.SemCounter, second(1, pcp.TimeNanosec), 3, "disk_time", "disk_time_seconds_total", "seconds", 3e-9},
		{"disk.dev.read_bytes", pcp.SemCounter, space(1, pcp.SpaceKbyte), 3, "disk_dev_read_bytes", "disk_dev_read_bytes_total", "bytes", 3072},
		{"mem.physmem", pcp.SemDiscrete, space(1, pcp.SpaceEbyte), 1, "mem_physmem", "mem_physmem_bytes", "bytes", 1 << 60},
		{"disk.dev.read", pcp.SemCounter, pcp.Units{DimCount: 1}, 7, "disk_dev_read", "disk_dev_read_total", "", 7},
		{"millions", pcp.SemInstant, pcp.Units{DimCount: 1, ScaleCount: 6}, 7, "millions", "millions", "", 7e6},
		{"seen.total", pcp.SemCounter, pcp.Units{}, 1, "seen_total", "seen_total", "", 1},
		{"net.speed", pcp.SemInstant, pcp.Units{DimSpace: 1, ScaleSpace: pcp.SpaceMbyte, DimTime: -1, ScaleTime: pcp.TimeSec}, 2, "net_speed", "net_speed_bytes_per_second", "bytes_per_second", 2 << 20},
		{"per.op", pcp.SemInstant, pcp.Units{DimTime: 1, ScaleTime: pcp.TimeMicrosec, DimCount: -1}, 5, "per_op", "per_op_seconds", "seconds", 5e-6},
		{"hz", pcp.SemInstant, second(-1, pcp.TimeMillisec), 5, "hz", "hz_per_second", "per_second", 5000},
		{"odd", pcp.SemInstant, space(2, pcp.SpaceKbyte), 5, "odd", "odd", "", 5},
		{"cpu.power", pcp.SemInstant, pcp.Units{ExtraUnit: 4, ExtraScale: 3}, 1500, "cpu_power", "cpu_power_watts", "watts", 1.5},
		{"cpu.energy", pcp.SemCounter, pcp.Units{ExtraUnit: 4, ExtraScale: 2, DimTime: 1, ScaleTime: pcp.TimeHour}, 2.5, "cpu_energy", "cpu_energy_joules_total", "joules", 9000},
		{"cpu.energy", pcp.SemCounter, pcp.Units{ExtraUnit: 4, ExtraScale: 3, DimTime: 1, ScaleTime: pcp.TimeHour}, 7, "cpu_energy", "cpu_energy_joules_total", "joules", 25.2},
		{"cpu.energy", pcp.SemInstant, pcp.Units{ExtraUnit: 4, ExtraScale: 1, DimTime: 1, ScaleTime: pcp.TimeMillisec}, 7, "cpu_energy", "cpu_energy_joules", "joules", 7},
		{"cpu.energy", pcp.SemInstant, pcp.Units{ExtraUnit: 4, ExtraScale: 4, DimTime: 1, ScaleTime: pcp.TimeNanosec}, 3e15, "cpu_energy", "cpu_energy_joules", "joules", 3},
		{"cpu.energy", pcp.SemInstant, pcp.Units{ExtraUnit: 4, ExtraScale: 2, DimTime: -1, ScaleTime: pcp.TimeHour}, 7, "cpu_energy", "cpu_energy", "", 7},
		{"cpu.temp", pcp.SemInstant, pcp.Units{ExtraUnit: 1, ExtraScale: 2}, 98.6, "cpu_temp", "cpu_temp_celsius", "celsius", 37},
		{"cpu.temp", pcp.SemInstant, pcp.Units{ExtraUnit: 1, ExtraScale: 2}, -40, "cpu_temp", "cpu_temp_celsius", "celsius", -40},
		{"cpu.temp", pcp.SemInstant, pcp.Units{ExtraUnit: 1, ExtraScale: 3}, 273.15, "cpu_temp", "cpu_temp_celsius", "celsius", 0},
		{"cpu.temp", pcp.SemCounter, pcp.Units{ExtraUnit: 1, ExtraScale: 3}, 5, "cpu_temp", "cpu_temp_total", "", 5},
		{"oven.fahrenheit", pcp.SemInstant, pcp.Units{ExtraUnit: 1, ExtraScale: 2}, 122, "oven_fahrenheit", "oven_fahrenheit_celsius", "celsius", 50},
	} {
		t.Run(test.metric, func(t *testing.T) {
			for _, style := range []naming.Style{naming.NamesPCP, naming.NamesPrometheus, naming.NamesUTF8} {
				out := &column{}
				f := flatten.New(sinktest.Sink(out), flatten.Options{Names: style})
				n := newNative(t, test.metric, meta.Desc{PMID: 1, Type: pcp.TypeDouble, InDom: pcp.InDomNull, Sem: test.sem, Units: test.units})
				mv := n.at(pcp.InstNull)
				mv.Points[0].Value = history.DoubleValue(pcp.InstNull, test.value)
				put(t, f, 1, mv)
				name, value, unit := test.pcpName, test.value, ""
				switch style {
				case naming.NamesPrometheus:
					name, value, unit = test.name, test.want, test.unit
				case naming.NamesUTF8:
					name = test.metric
				}
				require.Len(t, out.series, 1)
				assert.Equal(t, name, out.series[0].Name, style)
				assert.Equal(t, unit, out.series[0].Family.Unit, style)
				assert.Equal(t, value, out.values[0], style)
				assert.Equal(t, test.metric, out.series[0].PCPMetric.Name)
			}
		})
	}
}

// column keeps samples as they come.
type column struct {
	series []*prom.Series
	times  []int64
	values []float64
}

func (c *column) Sample(s *prom.Series, t int64, v float64) error {
	c.series, c.times, c.values = append(c.series, s), append(c.times, t), append(c.values, v)
	return nil
}

func TestRenamedBeforeTheSuffix(t *testing.T) {
	out, report := &seen{}, &prom.Report{}
	f := flatten.New(sinktest.Sink(out), flatten.Options{Names: naming.NamesPrometheus, Report: report})
	d := meta.Desc{Type: pcp.TypeDouble, InDom: pcp.InDomNull, Sem: pcp.SemCounter, Units: pcp.Units{DimSpace: 1}}
	one, two := d, d
	one.PMID, two.PMID = 1, 2
	put(t, f, 1, newNative(t, "a.b", one).at(pcp.InstNull), newNative(t, "a.b_bytes", two).at(pcp.InstNull))
	assert.Equal(t, []string{"1 a_b_bytes_total -1", "1 a_b_2_bytes_total -1"}, out.lines)
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossRenamed, Name: "a.b_bytes", Count: 1}}, report.Losses())
}

func TestNameStyleFlag(t *testing.T) {
	for _, name := range []string{"pcp", "prometheus", "utf8"} {
		var s naming.Style
		require.NoError(t, s.Set(name))
		assert.Equal(t, name, s.String())
	}
	var s naming.Style
	require.EqualError(t, s.Set("x"), `names "x": want pcp, prometheus, utf8`)
	assert.Equal(t, "Style(9)", naming.Style(9).String())
	assert.Equal(t, "style", s.Type())
}

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
			out := &seen{}
			f := flatten.New(sinktest.Sink(out), test.opts)
			n := newNative(t, "m", meta.Desc{PMID: 1, Type: pcp.TypeDouble, InDom: 7}, dc, note)
			n.indom = &meta.InDom{ID: 7, Instances: []meta.Instance{{ID: 1, Name: test.names[0]}, {ID: 2, Name: test.names[1]}}}
			mv := n.at(1, 2)
			mv.Points[0].Series.Inst.Name, mv.Points[1].Series.Inst.Name = test.names[0], test.names[1]
			put(t, f, 1, mv)
			assert.Equal(t, []string{"1 m " + test.want[0] + " 1", "1 m " + test.want[1] + " 2"}, out.lines)
		})
	}
}

func TestTextAsLabels(t *testing.T) {
	out, report := &seen{}, &prom.Report{}
	f := flatten.New(sinktest.Sink(out), flatten.Options{TextLabels: true, Report: report})
	text := newNative(t, "kernel.uname.release", meta.Desc{PMID: 1, Type: pcp.TypeString, InDom: pcp.InDomNull, Sem: pcp.SemDiscrete},
		labelset.String("value", "taken"))
	for i, release := range []string{"6.1", "6.1", "6.2", "6.1"} {
		mv := text.at(pcp.InstNull)
		mv.Points[0].Value = history.StringValue(pcp.InstNull, release)
		put(t, f, int64(i), mv)
	}
	require.NoError(t, f.Put(&history.Step{Stamp: pcp.TimestampMilli(9), Mark: true}))
	const name = " kernel_uname_release_info value=taken value_2="
	assert.Equal(t, []string{
		"0" + name + "6.1 1", "1" + name + "6.1 1",
		"2" + name + "6.2 1", "2" + name + "6.1 stale",
		"3" + name + "6.1 1", "3" + name + "6.2 stale",
		"9" + name + "6.1 stale",
	}, out.lines)
	for _, s := range out.series {
		assert.Equal(t, prom.Family{Name: "kernel_uname_release", Type: prom.TypeInfo}, *s.Family)
	}
	assert.Empty(t, report.Losses())
}

func TestSplitAtMarks(t *testing.T) {
	out := &seen{}
	f := flatten.New(sinktest.Sink(out), flatten.Options{SplitAtMarks: true})
	counter := newNative(t, "c", meta.Desc{PMID: 1, Type: pcp.TypeDouble, InDom: pcp.InDomNull, Sem: pcp.SemCounter})
	gauge := newNative(t, "g", meta.Desc{PMID: 2, Type: pcp.TypeDouble, InDom: pcp.InDomNull, Sem: pcp.SemInstant})
	put(t, f, 1, counter.at(pcp.InstNull), gauge.at(pcp.InstNull))
	require.NoError(t, f.Put(&history.Step{Stamp: pcp.TimestampMilli(1000), Mark: true}))
	put(t, f, 2000, counter.at(pcp.InstNull), gauge.at(pcp.InstNull))
	assert.ElementsMatch(t, []string{"1 c -1", "1 g -1", "1000 c stale", "1000 g stale",
		"2000 c since=1970-01-01T00:00:01.000Z -1", "2000 g -1"}, out.lines)
}

func TestForks(t *testing.T) {
	out, report := &seen{}, &prom.Report{}
	f := flatten.New(sinktest.Sink(out), flatten.Options{Report: report})
	d := meta.Desc{PMID: 1, Type: pcp.TypeDouble, InDom: pcp.InDomNull, Sem: pcp.SemCounter}
	one, two := f.Fork("one"), f.Fork("two")
	put(t, one, 1, newNative(t, "m", d).at(pcp.InstNull))
	put(t, two, 2, newNative(t, "m", d).at(pcp.InstNull))
	require.NoError(t, one.Put(&history.Step{Stamp: pcp.TimestampMilli(3), Mark: true}))
	assert.Equal(t, []string{"1 m hostname=one -1", "2 m hostname=two -1", "3 m hostname=one stale"}, out.lines,
		"one host's mark is not another's")
	assert.Equal(t, 1, out.series["m hostname=two"].ID)
	assert.Equal(t, "two", out.series["m hostname=two"].PCPMetric.Labels[0].Text("hostname"))
	assert.Empty(t, report.Losses())

	// Hosts that say the same of themselves are told apart by the archive's host,
	// also after the first has ended.
	same := labelset.String("hostname", "same")
	a, b, c := f.Fork("a"), f.Fork("b"), f.Fork("c")
	out.lines = nil
	put(t, a, 10, newNative(t, "m", d, same).at(pcp.InstNull))
	put(t, b, 11, newNative(t, "m", d, same).at(pcp.InstNull))
	require.NoError(t, a.Close())
	put(t, c, 12, newNative(t, "m", d, same).at(pcp.InstNull))
	assert.Equal(t, []string{"10 m hostname=same -1", "11 m hostname=b -1", "12 m hostname=c -1"}, out.lines)
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossSameLabels, Name: "m", Count: 2}}, report.Losses())
}
