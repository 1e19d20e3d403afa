package flatten_test

import (
	"testing"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/converttest"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
				out := &converttest.Column{}
				f := flatten.New(sinktest.Sink(out), flatten.Options{Names: style})
				n := converttest.NewRecorded(t, test.metric, meta.Desc{PMID: 1, Type: pcp.TypeDouble, InDom: pcp.InDomNull, Sem: test.sem, Units: test.units})
				mv := n.At(pcp.InstNull)
				mv.Points[0].Value = history.DoubleValue(pcp.InstNull, test.value)
				converttest.Put(t, f, 1, mv)
				name, value, unit := test.pcpName, test.value, ""
				switch style {
				case naming.NamesPrometheus:
					name, value, unit = test.name, test.want, test.unit
				case naming.NamesUTF8:
					name = test.metric
				}
				require.Len(t, out.Series, 1)
				assert.Equal(t, name, out.Series[0].Name, style)
				assert.Equal(t, unit, out.Series[0].Family.Unit, style)
				assert.Equal(t, value, out.Values[0], style)
				assert.Equal(t, test.metric, out.Series[0].PCPMetric.Name)
			}
		})
	}
}

func TestRenamedBeforeTheSuffix(t *testing.T) {
	out, report := &converttest.Seen{}, &prom.Report{}
	f := flatten.New(sinktest.Sink(out), flatten.Options{Names: naming.NamesPrometheus, Report: report})
	d := meta.Desc{Type: pcp.TypeDouble, InDom: pcp.InDomNull, Sem: pcp.SemCounter, Units: pcp.Units{DimSpace: 1}}
	one, two := d, d
	one.PMID, two.PMID = 1, 2
	converttest.Put(t, f, 1, converttest.NewRecorded(t, "a.b", one).At(pcp.InstNull), converttest.NewRecorded(t, "a.b_bytes", two).At(pcp.InstNull))
	assert.Equal(t, []string{"1 a_b_bytes_total -1", "1 a_b_2_bytes_total -1"}, out.Lines)
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossRenamed, Name: "a.b_bytes", Count: 1}}, report.Losses())
}
