package naming

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// NameStyle is how metrics of PCP's own are called in Prometheus. It can be a
// command-line flag's value.
type Style int

// The styles.
const (
	NamesPCP        Style = iota // dots become underscores, values stay
	NamesPrometheus              // base units, their name at the end, _total on counters
	NamesUTF8                    // names of metrics and labels as PCP has them
)

var nameStyles = [...]string{NamesPCP: "pcp", NamesPrometheus: "prometheus", NamesUTF8: "utf8"}

// String returns the style's name: pcp, prometheus or utf8.
func (s Style) String() string {
	if s < 0 || int(s) >= len(nameStyles) {
		return fmt.Sprintf("NameStyle(%d)", int(s))
	}
	return nameStyles[s]
}

// Set sets the style by its name.
func (s *Style) Set(name string) error {
	for i, n := range nameStyles {
		if n == name {
			*s = Style(i)
			return nil
		}
	}
	return fmt.Errorf("names %q: want %s", name, strings.Join(nameStyles[:], ", "))
}

// Type names the kind of value for a flag's usage.
func (*Style) Type() string { return "style" }

// nameOf returns what the name of a metric's samples begins and ends with, its
// unit as OpenMetrics knows it, and what its values are multiplied by.
func (s Style) Metric(name string, d *meta.Desc) (base, suffix, unit string, by Scale) {
	switch s {
	case NamesUTF8:
		return name, "", "", Scale{}
	case NamesPrometheus:
	default:
		return PrometheusName(name), "", "", Scale{}
	}
	base = PrometheusName(name)
	if !d.Type.IsNumeric() {
		return base, "", "", Scale{}
	}
	counter := d.Sem == pcp.SemCounter
	if counter {
		base, suffix = trimWord(base, "total"), "_total"
	}
	if unit, by = baseUnit(d.Units); counter && by.plus != 0 {
		unit, by = "", Scale{} // what degrees add up to has no zero
	}
	if unit != "" {
		base, suffix = trimWord(base, unit), "_"+unit+suffix
	}
	return base, suffix, unit, by
}

// trimWord takes the last word off a name if it is word and not all of it.
func trimWord(name, word string) string {
	if base, ok := strings.CutSuffix(name, "_"+word); ok && base != "" {
		return base
	}
	return name
}

// labelName returns how a label is called.
func (s Style) Label(name string) string {
	if s == NamesUTF8 {
		return name
	}
	return legacyName(name, false)
}

// scale is what brings values to a base unit: plus is added first, then times and
// over count, which are whole numbers, so that the result is as near to the exact
// one as one rounding allows wherever one of them is 1. 0 means 1.
type Scale struct{ times, over, plus float64 }

func (s Scale) Apply(v float64) float64 {
	if s.plus != 0 {
		v += s.plus
	}
	if s.times != 0 {
		v *= s.times
	}
	if s.over != 0 {
		v /= s.over
	}
	return v
}

// scaled returns the metric as its scaled values have it.
func (s Scale) Scaled(m *history.Metric) *history.Metric {
	if s == (Scale{}) {
		return m
	}
	c, d := *m, *m.Desc
	d.Type = pcp.TypeDouble
	d.Units.ScaleSpace, d.Units.ScaleTime, d.Units.ScaleCount = pcp.SpaceByte, pcp.TimeSec, 0
	if d.Units.DimTime == 0 {
		d.Units.ScaleTime = 0
	}
	if d.Units.ExtraUnit != 0 {
		d.Units.ExtraScale = baseExtra[d.Units.ExtraUnit].scale
	}
	c.Desc = &d
	return &c
}

// baseExtra are the base units of the extra dimensions.
var baseExtra = map[int8]struct {
	word  string
	scale uint8
	by    map[uint8]Scale
}{
	1: {"celsius", 1, map[uint8]Scale{1: {}, 2: {times: 5, over: 9, plus: -32}, 3: {plus: -273.15}}},
	2: {"volts", 1, map[uint8]Scale{1: {}, 2: {over: 1e3}, 3: {over: 1e6}}},
	3: {"amperes", 1, map[uint8]Scale{1: {}, 2: {over: 1e3}, 3: {over: 1e6}}},
	4: {"watts", 2, map[uint8]Scale{1: {times: 1e3}, 2: {}, 3: {over: 1e3}, 4: {over: 1e6}}},
}

// baseUnit returns the name of the Prometheus base unit of u and how to get
// there: "" where it has none, as what is counted, or where u is too odd.
func baseUnit(u pcp.Units) (unit string, by Scale) {
	if u.ExtraUnit != 0 {
		extra := baseExtra[u.ExtraUnit]
		s, ok := extra.by[u.ExtraScale]
		if ok && u.ExtraUnit == extraPower && u.DimTime == 1 && u.DimSpace == 0 && u.DimCount == 0 && u.ScaleCount == 0 {
			return energy(s, u.ScaleTime)
		}
		if !ok || u.DimSpace != 0 || u.DimTime != 0 || u.DimCount != 0 || u.ScaleCount != 0 {
			return "", Scale{}
		}
		return extra.word, s
	}
	num, den := 1.0, 1.0
	var above, below string
	put := func(dim int8, word, single string, times, over float64) bool {
		switch dim {
		case 1:
			num, den, above = num*times, den*over, join(above, word)
		case -1:
			num, den, below = num*over, den*times, join(below, single)
		}
		return dim >= -1 && dim <= 1
	}
	timeTimes, timeOver, ok := timeScale(u.ScaleTime)
	ok = ok && u.ScaleSpace <= pcp.SpaceEbyte && u.DimCount >= -1 && u.DimCount <= 1
	ok = put(u.DimSpace, "bytes", "byte", float64(uint64(1)<<(10*uint(min(u.ScaleSpace, pcp.SpaceEbyte)))), 1) && ok
	ok = put(u.DimTime, "seconds", "second", timeTimes, timeOver) && ok
	if !ok {
		return "", Scale{}
	}
	power := int(u.ScaleCount)
	if u.DimCount < 0 {
		power = -power
	}
	for ; power > 0; power-- {
		num *= 10
	}
	for ; power < 0; power++ {
		den *= 10
	}
	if below != "" {
		above = strings.TrimPrefix(above+"_per_"+below, "_")
	}
	return above, Scale{times: none1(num), over: none1(den)}
}

// extraPower is the extra dimension of power.
const extraPower = 4

// energy returns how to get from power over time to joules, power being in watts
// by a scale.
func energy(power Scale, time uint8) (unit string, by Scale) {
	times, over, ok := timeScale(time)
	if !ok {
		return "", Scale{}
	}
	times, over = times*cmp.Or(power.times, 1), over*cmp.Or(power.over, 1)
	for common := 1000.0; common > 1; common-- { // for one rounding, if that is enough
		for math.Mod(times, common) == 0 && math.Mod(over, common) == 0 {
			times, over = times/common, over/common
		}
	}
	return "joules", Scale{times: none1(times), over: none1(over)}
}

func timeScale(s uint8) (times, over float64, ok bool) {
	switch s {
	case pcp.TimeNanosec:
		return 1, 1e9, true
	case pcp.TimeMicrosec:
		return 1, 1e6, true
	case pcp.TimeMillisec:
		return 1, 1e3, true
	case pcp.TimeSec:
		return 1, 1, true
	case pcp.TimeMin:
		return 60, 1, true
	case pcp.TimeHour:
		return 3600, 1, true
	}
	return 1, 1, false
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "_" + b
}

func none1(f float64) float64 {
	if f == 1 {
		return 0
	}
	return f
}
