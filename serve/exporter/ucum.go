package exporter

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/pcp"
)

// The units of UCUM for PCP's scales.
var (
	ucumSpace = []string{"By", "KiBy", "MiBy", "GiBy", "TiBy", "PiBy", "EiBy", "ZiBy", "YiBy"}
	ucumTime  = []string{"ns", "us", "ms", "s", "min", "h"}
	ucumExtra = [][]string{
		1: {1: "Cel", 2: "[degF]", 3: "K"}, 2: {1: "V", 2: "mV", 3: "uV"},
		3: {1: "A", 2: "mA", 3: "uA"}, 4: {1: "kW", 2: "W", 3: "mW", 4: "uW"},
	}
)

// ucum returns units in the notation of UCUM, as OpenTelemetry wants them: "KiBy/s", "1" for
// none.
func ucum(u pcp.Units) string {
	var num, den []string
	add := func(dim int8, name string) {
		switch {
		case dim > 0:
			num = append(num, power(name, int(dim)))
		case dim < 0:
			den = append(den, power(name, -int(dim)))
		}
	}
	if u.ExtraUnit != 0 {
		add(min(max(u.ExtraUnit, -1), 1), extraUnit(u))
	}
	add(u.DimSpace, unitName(ucumSpace, int(u.ScaleSpace)))
	add(u.DimTime, unitName(ucumTime, int(u.ScaleTime)))
	add(u.DimCount, countUnit(u.ScaleCount))
	text := strings.Join(num, ".")
	if text == "" {
		text = "1"
	}
	for _, name := range den {
		text += "/" + name
	}
	return text
}

// power returns a unit with an exponent. An annotation in braces has none.
func power(name string, n int) string {
	if n == 1 {
		return name
	}
	if strings.HasSuffix(name, "}") {
		return strings.Repeat(name+".", n-1) + name
	}
	return name + strconv.Itoa(n)
}

func unitName(names []string, scale int) string {
	if scale < len(names) && names[scale] != "" {
		return names[scale]
	}
	return fmt.Sprintf("{scale %d}", scale)
}

func extraUnit(u pcp.Units) string {
	kind := int(max(u.ExtraUnit, -u.ExtraUnit))
	if kind < len(ucumExtra) {
		return unitName(ucumExtra[kind], int(u.ExtraScale))
	}
	return fmt.Sprintf("{unit %d}", kind)
}

// countUnit returns the unit of counts in a power of ten.
func countUnit(scale int8) string {
	if scale == 0 {
		return "{count}"
	}
	return fmt.Sprintf("10*%d{count}", scale)
}
