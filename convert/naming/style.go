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

// Style says how PCP's own metrics are named in Prometheus. It implements
// pflag.Value, so a command-line flag can have it.
type Style int

// The styles.
const (
	NamesPCP        Style = iota // dots become underscores; values stay as they are
	NamesPrometheus              // values in base units, the unit at the end of the name, _total on counters
	NamesUTF8                    // names of metrics and labels stay as they are, dots included
)

var nameStyles = [...]string{NamesPCP: "pcp", NamesPrometheus: "prometheus", NamesUTF8: "utf8"}

// String returns the style's name: pcp, prometheus or utf8.
func (s Style) String() string {
	if s < 0 || int(s) >= len(nameStyles) {
		return fmt.Sprintf("Style(%d)", int(s))
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

// Type returns the name of the value in a flag's usage.
func (*Style) Type() string { return "style" }

// Metric returns how the style names a metric. The samples are called base +
// suffix; a number that keeps names apart goes between the two. unit is the unit
// to declare in OpenMetrics, "" for none. Apply by to the values.
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
		unit, by = "", Scale{} // a sum of degrees has no zero point to convert
	}
	if unit != "" {
		base, suffix = trimWord(base, unit), "_"+unit+suffix
	}
	return base, suffix, unit, by
}

// trimWord removes word from the end of a name, unless the name is only that word.
func trimWord(name, word string) string {
	if base, ok := strings.CutSuffix(name, "_"+word); ok && base != "" {
		return base
	}
	return name
}

// Label returns how the style names a label.
func (s Style) Label(name string) string {
	if s == NamesUTF8 {
		return name
	}
	return legacyName(name, false)
}

// Scale converts values to a base unit. The zero Scale leaves them as they are.
type Scale struct {
	// times and over are whole numbers; zero means 1. If one of them is 1, the
	// result has a single rounding error.
	times, over float64
	plus        float64 // added before the multiplication
}

// Apply returns v in the base unit: (v + plus) · times / over.
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

// Scaled returns the metric with the type and units of its scaled values. A Scale
// that changes nothing returns m itself.
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

// baseExtra has the base unit of each extra dimension of PCP's units, and how to
// get there from each scale.
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
// there. The name is "" for plain counts and for units that have no base unit,
// such as seconds squared.
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
	return above, Scale{times: zeroFor1(num), over: zeroFor1(den)}
}

// extraPower is the number of the extra dimension power.
const extraPower = 4

// energy returns how to get from power times time to joules. power converts the
// power to watts, time is the scale of the time.
func energy(power Scale, time uint8) (unit string, by Scale) {
	times, over, ok := timeScale(time)
	if !ok {
		return "", Scale{}
	}
	times, over = times*cmp.Or(power.times, 1), over*cmp.Or(power.over, 1)
	for common := 1000.0; common > 1; common-- { // cancel common factors, to round once if possible
		for math.Mod(times, common) == 0 && math.Mod(over, common) == 0 {
			times, over = times/common, over/common
		}
	}
	return "joules", Scale{times: zeroFor1(times), over: zeroFor1(over)}
}

// timeScale returns how to get from a scale of time to seconds.
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

// zeroFor1 returns the form that a Scale has for a factor: zero stands for 1.
func zeroFor1(f float64) float64 {
	if f == 1 {
		return 0
	}
	return f
}
