package mapper_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/converttest"
)

// withUnit asks for a series of a gauge with a declared unit.
func withUnit(t *testing.T, f *converttest.Fixture, name, unit string) *mapper.Series {
	t.Helper()
	s, err := f.Src.Series(name, nil, prom.Family{Name: name, Type: prom.TypeGauge, Unit: unit})
	require.NoError(t, err)
	return s
}

// TestUnitsAreSiblings: a metric whose unit changes is another metric, also in an
// archive that is continued; a unit that is declared later and changes nothing is
// added to its description.
func TestUnitsAreSiblings(t *testing.T) {
	f := converttest.NewFixture(t)
	want := map[string]string{}
	store := stored(t, func(put func(*history.Step)) {
		plain := withUnit(t, f, "t_bytes", "")
		put(f.Step(plain))
		declared := withUnit(t, f, "t_bytes", "bytes")
		assert.Same(t, plain, declared)
		assert.Equal(t, "bytes", f.MetricOf(declared).Labels[4].Text("prom_unit"))
		put(f.Step(declared))

		celsius, fahrenheit := withUnit(t, f, "heat", "celsius"), withUnit(t, f, "heat", "fahrenheit")
		assert.NotSame(t, celsius, fahrenheit)
		assert.Same(t, celsius, withUnit(t, f, "heat", "celsius"))
		assert.Same(t, celsius, withUnit(t, f, "heat", ""), "a page that no longer says it")
		seconds := withUnit(t, f, "heat", "seconds")
		put(f.Step(celsius, fahrenheit, seconds))
		for unit, s := range map[string]*mapper.Series{"celsius": celsius, "fahrenheit": fahrenheit, "seconds": seconds} {
			want[unit] = fmt.Sprint(descOf(f, s).Name(), descOf(f, s).PMID)
		}
		late := withUnit(t, f, "size", "")
		put(f.Step(late))
		assert.NotSame(t, late, withUnit(t, f, "size", "bytes"), "the units of values are fixed")
	})
	for _, order := range [][]string{{"celsius", "fahrenheit", "seconds"}, {"seconds", "fahrenheit", "celsius"}} {
		g := converttest.NewAdopting(t, store)
		for _, unit := range order {
			d := descOf(g, withUnit(t, g, "heat", unit))
			assert.Equal(t, want[unit], fmt.Sprint(d.Name(), d.PMID), unit)
		}
		assert.Equal(t, "openmetrics.web.heat_4", descOf(g, withUnit(t, g, "heat", "kelvin")).Name())
	}
}

func TestDescribes(t *testing.T) {
	f := converttest.NewFixture(t)
	s := withUnit(t, f, "heat", "celsius")
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
	unknown, err := f.Src.Series("x", nil, prom.Family{Name: "x"})
	require.NoError(t, err)
	assert.True(t, unknown.Describes(&prom.Family{Name: "x", Type: prom.TypeUnknown}))
	assert.True(t, unknown.Describes(&prom.Family{Name: "x"}))
}

// TestCurrent: a value for a series that is forgotten meanwhile finds a series.
func TestCurrent(t *testing.T) {
	f := converttest.NewFixture(t)
	first := f.Series("a", "gauge", "x", "first")
	f.Step(first)
	f.Begin()
	f.Src.End(first)
	f.Src.Step()
	for i := range 1200 { // more than are kept
		s := f.Series("a", "gauge", "x", fmt.Sprint(i))
		f.Step(s)
		f.Begin()
		f.Src.End(s)
		f.Src.Step()
	}
	require.True(t, first.Forgotten())
	again := f.Src.Current(first)
	assert.Same(t, first, again, "its place is free")
	assert.False(t, again.Forgotten())
	assert.Same(t, first, f.Series("a", "gauge", "x", "first"))
	assert.Equal(t, "0 x:first", instOf(f, again).Name)

	second := f.Series("a", "gauge", "x", "0")
	assert.Same(t, second, f.Src.Current(second))
}
