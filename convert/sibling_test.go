package convert_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
)

// unit asks for a series of a gauge with a declared unit.
func (f *fixture) unit(name, unit string) *mapper.Series {
	f.t.Helper()
	s, err := f.src.Series(name, nil, prom.Family{Name: name, Type: prom.TypeGauge, Unit: unit})
	require.NoError(f.t, err)
	return s
}

// TestUnitsAreSiblings: a metric whose unit changes is another metric, also in an
// archive that is continued; a unit that is declared later and changes nothing is
// added to its description.
func TestUnitsAreSiblings(t *testing.T) {
	f := newFixture(t)
	want := map[string]string{}
	store := f.stored(func(put func(*history.Step)) {
		plain := f.unit("t_bytes", "")
		put(f.step(plain))
		declared := f.unit("t_bytes", "bytes")
		assert.Same(t, plain, declared)
		assert.Equal(t, "bytes", f.metricOf(declared).Labels[4].Text("prom_unit"))
		put(f.step(declared))

		celsius, fahrenheit := f.unit("heat", "celsius"), f.unit("heat", "fahrenheit")
		assert.NotSame(t, celsius, fahrenheit)
		assert.Same(t, celsius, f.unit("heat", "celsius"))
		assert.Same(t, celsius, f.unit("heat", ""), "a page that no longer says it")
		seconds := f.unit("heat", "seconds")
		put(f.step(celsius, fahrenheit, seconds))
		for unit, s := range map[string]*mapper.Series{"celsius": celsius, "fahrenheit": fahrenheit, "seconds": seconds} {
			want[unit] = fmt.Sprint(f.descOf(s).Name(), f.descOf(s).PMID)
		}
		late := f.unit("size", "")
		put(f.step(late))
		assert.NotSame(t, late, f.unit("size", "bytes"), "the units of values are fixed")
	})
	for _, order := range [][]string{{"celsius", "fahrenheit", "seconds"}, {"seconds", "fahrenheit", "celsius"}} {
		g := adopting(t, store)
		for _, unit := range order {
			d := g.descOf(g.unit("heat", unit))
			assert.Equal(t, want[unit], fmt.Sprint(d.Name(), d.PMID), unit)
		}
		assert.Equal(t, "openmetrics.web.heat_4", g.descOf(g.unit("heat", "kelvin")).Name())
	}
}

func TestDescribes(t *testing.T) {
	f := newFixture(t)
	s := f.unit("heat", "celsius")
	for _, tt := range []struct {
		family prom.Family
		want   bool
	}{
		{prom.Family{}, true},
		{prom.Family{Name: "heat", Type: "gauge"}, true},
		{prom.Family{Name: "heat", Type: "gauge", Unit: "celsius", Help: "h"}, true},
		{prom.Family{Name: "heat", Type: "gauge", Unit: "kelvin"}, false},
		{prom.Family{Name: "heat", Type: "counter", Unit: "celsius"}, false},
		{prom.Family{Name: "other", Type: "gauge", Unit: "celsius"}, false},
		{prom.Family{Name: "heat"}, false},
	} {
		assert.Equal(t, tt.want, s.Describes(&tt.family), "%+v", tt.family)
	}
	unknown, err := f.src.Series("x", nil, prom.Family{Name: "x"})
	require.NoError(t, err)
	assert.True(t, unknown.Describes(&prom.Family{Name: "x", Type: prom.TypeUnknown}))
	assert.True(t, unknown.Describes(&prom.Family{Name: "x"}))
}

// TestCurrent: a value for a series that is forgotten meanwhile finds a series.
func TestCurrent(t *testing.T) {
	f := newFixture(t)
	first := f.series("a", "gauge", "x", "first")
	f.step(first)
	f.begin()
	f.src.End(first)
	f.src.Step()
	for i := range 1200 { // more than are kept
		s := f.series("a", "gauge", "x", fmt.Sprint(i))
		f.step(s)
		f.begin()
		f.src.End(s)
		f.src.Step()
	}
	require.True(t, first.Forgotten())
	again := f.src.Current(first)
	assert.Same(t, first, again, "its place is free")
	assert.False(t, again.Forgotten())
	assert.Same(t, first, f.series("a", "gauge", "x", "first"))
	assert.Equal(t, "0 x:first", f.instOf(again).Name)

	second := f.series("a", "gauge", "x", "0")
	assert.Same(t, second, f.src.Current(second))
}
