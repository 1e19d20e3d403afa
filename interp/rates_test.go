package interp_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/interp"
	"github.com/pcparchive/pcparchive/pcp"
)

func TestRates(t *testing.T) {
	m := &memory{}
	m.add("v", pcp.TypeU32, pcp.SemCounter)
	m.series["v"].Metric.Desc.Units = pcp.Units{DimTime: 1, ScaleTime: pcp.TimeMillisec}
	m.add("level", pcp.TypeU32, pcp.SemInstant)
	m.put(0, "v", 0)
	m.put(2, "v", 1000)
	m.put(3, "level", 5)
	m.put(4, "v", 0)
	m.put(6, "v", 500)
	m.mark(7)
	m.put(8, "v", 600)
	m.put(10, "v", 800)
	assert.Equal(t, "- 0.500000000 - - 0.250000000 mark - 0.100000000", shown(t, interp.Rates(m.Steps(history.Query{})), "v"))
	steps := interp.At(m, seconds(0, 1, 2, 9, 10), interp.Options{Marks: true})
	assert.Equal(t, "- 0.500000000 0.500000000 mark - 0.100000000", shown(t, interp.Rates(steps), "v"))
	for s := range interp.Rates(m.Steps(history.Query{})) {
		for _, mv := range s.Metrics {
			if mv.Metric.Name == "v" {
				assert.Equal(t, pcp.SemInstant, mv.Metric.Desc.Sem)
				assert.Empty(t, mv.Metric.Desc.Units.String())
				assert.Same(t, mv.Metric, mv.Points[0].Series.Metric)
			}
		}
	}
}

func TestRateUnits(t *testing.T) {
	for _, c := range []struct {
		in   pcp.Units
		want string
		per  float64
	}{
		{pcp.Units{DimCount: 1}, "count / sec", 1},
		{pcp.Units{DimSpace: 1, ScaleSpace: pcp.SpaceKbyte}, "Kbyte / sec", 1},
		{pcp.Units{DimTime: 1, ScaleTime: pcp.TimeMillisec}, "", 1000},
		{pcp.Units{DimTime: 1, ScaleTime: pcp.TimeHour}, "", 1.0 / 3600},
		{pcp.Units{}, "/ sec", 1},
	} {
		units, per := interp.RateUnits(c.in)
		assert.Equal(t, c.want, units.String())
		assert.InEpsilon(t, c.per, per, 1e-12)
	}
}

func TestDelta(t *testing.T) {
	v := func(typ pcp.Type, bits uint64) history.Value { return history.NumberValue(0, typ, bits) }
	assert.Equal(t, -3.0, interp.Delta(v(pcp.Type64, 1), v(pcp.Type64, math.MaxUint64-1), pcp.Type64))
	assert.Equal(t, 3.0, interp.Delta(v(pcp.Type64, 1<<62), v(pcp.Type64, 1<<62+3), pcp.Type64))
	assert.Equal(t, 1.0, interp.Delta(v(pcp.TypeU64, 1<<63-1), v(pcp.TypeU64, 1<<63), pcp.TypeU64))
	assert.Equal(t, -1.0, interp.Delta(v(pcp.TypeU64, 1<<63), v(pcp.TypeU64, 1<<63-1), pcp.TypeU64))
	assert.True(t, math.IsNaN(interp.Delta(v(pcp.TypeU64, 1), history.StringValue(0, "x"), pcp.TypeU64)))
}

func TestCoerce(t *testing.T) {
	w, ok := interp.Coerce(history.Value{Type: pcp.Type32, Data: []byte{0, 0, 0, 0, 0, 2, 87, 65}}, pcp.TypeU64)
	assert.True(t, ok)
	assert.Equal(t, history.NumberValue(0, pcp.TypeU64, 153409), w)
	_, ok = interp.Coerce(history.StringValue(0, "1234567"), pcp.TypeString)
	assert.False(t, ok)
	_, ok = interp.Coerce(history.WordValue(0, 7), pcp.TypeU32)
	assert.False(t, ok, "it is one")
}
