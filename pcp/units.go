package pcp

import (
	"fmt"
	"strings"
)

// Units are the dimension and scale of a metric. Each Dim is an exponent:
// bytes/second has DimSpace 1 and DimTime -1. Each Scale selects the unit that
// the values count in. PCP 7.2 added the extra unit for dimensions such as
// power.
type Units struct {
	DimSpace, DimTime, DimCount int8  // -8..7
	ScaleSpace                  uint8 // byte, Kbyte, … in steps of 1024
	ScaleTime                   uint8 // nanoseconds to hours
	ScaleCount                  int8  // power of ten
	ExtraUnit                   int8  // 1 temperature, 2 voltage, 3 current, 4 power; negative in the denominator
	ExtraScale                  uint8 // index of the extra unit's scale: for power 1 kW, 2 W, 3 mW, 4 uW
}

// Scales of space.
const (
	SpaceByte uint8 = iota
	SpaceKbyte
	SpaceMbyte
	SpaceGbyte
	SpaceTbyte
	SpacePbyte
	SpaceEbyte
)

// Scales of time.
const (
	TimeNanosec uint8 = iota
	TimeMicrosec
	TimeMillisec
	TimeSec
	TimeMin
	TimeHour
)

// UnitsFromWord unpacks the 32-bit form that archives store.
func UnitsFromWord(w uint32) Units {
	return Units{
		DimSpace: signed(w>>28, 4), DimTime: signed(w>>24, 4), DimCount: signed(w>>20, 4),
		ScaleSpace: uint8(w >> 16 & 15), ScaleTime: uint8(w >> 12 & 15), ScaleCount: signed(w>>8, 4),
		ExtraUnit: signed(w>>3, 5), ExtraScale: uint8(w & 7),
	}
}

// signed sign-extends the low n bits of w.
func signed(w uint32, n uint) int8 { return int8(w<<(8-n)) >> (8 - n) }

// Word packs u into the 32-bit form that archives store. It drops bits that do
// not fit.
func (u Units) Word() uint32 {
	return uint32(u.DimSpace)&15<<28 | uint32(u.DimTime)&15<<24 | uint32(u.DimCount)&15<<20 |
		uint32(u.ScaleSpace)&15<<16 | uint32(u.ScaleTime)&15<<12 | uint32(u.ScaleCount)&15<<8 |
		uint32(u.ExtraUnit)&31<<3 | uint32(u.ExtraScale)&7
}

var (
	spaceNames = []string{"byte", "Kbyte", "Mbyte", "Gbyte", "Tbyte", "Pbyte", "Ebyte", "Zbyte", "Ybyte"}
	timeNames  = []string{"nanosec", "microsec", "millisec", "sec", "min", "hour"}
	extraNames = []string{1: "temperature", 2: "voltage", 3: "current", 4: "power"}
	extraScale = [][]string{
		1: {1: "C", 2: "F", 3: "K"}, 2: {1: "V", 2: "mV", 3: "uV"},
		3: {1: "A", 2: "mA", 3: "uA"}, 4: {1: "kW", 2: "W", 3: "mW", 4: "uW"},
	}
)

// String formats u as PCP's tools do: "byte / sec", "count x 10^6". It returns
// "" for a dimensionless value.
func (u Units) String() string {
	var num, den []string
	add := func(dim int8, name string) {
		switch {
		case dim == 1:
			num = append(num, name)
		case dim > 1:
			num = append(num, fmt.Sprintf("%s^%d", name, dim))
		case dim == -1:
			den = append(den, name)
		case dim < -1:
			den = append(den, fmt.Sprintf("%s^%d", name, -int(dim)))
		}
	}
	if u.ExtraUnit != 0 {
		add(min(max(u.ExtraUnit, -1), 1), u.extraName())
	}
	add(u.DimSpace, scaleName(spaceNames, u.ScaleSpace, "space"))
	add(u.DimTime, scaleName(timeNames, u.ScaleTime, "time"))
	add(u.DimCount, u.countName())
	s := strings.Join(num, " ")
	switch {
	case len(den) > 0 && s != "":
		s += " / " + strings.Join(den, " ")
	case len(den) > 0:
		s = "/ " + strings.Join(den, " ")
	case s == "" && u.ScaleCount != 0:
		s = u.countName()
	}
	return s
}

func (u Units) countName() string {
	switch u.ScaleCount {
	case 0:
		return "count"
	case 1:
		return "count x 10"
	}
	return fmt.Sprintf("count x 10^%d", u.ScaleCount)
}

func (u Units) extraName() string {
	n := int(max(u.ExtraUnit, -u.ExtraUnit))
	if n >= len(extraNames) {
		return fmt.Sprintf("extra-%d", n)
	}
	return fmt.Sprintf("%s (%s)", extraNames[n], scaleName(extraScale[n], u.ExtraScale, "scale"))
}

func scaleName(names []string, scale uint8, kind string) string {
	if int(scale) < len(names) && names[scale] != "" {
		return names[scale]
	}
	return fmt.Sprintf("%s-%d", kind, scale)
}
