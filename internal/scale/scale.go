// Package scale reads units as people write them, such as mbytes/s, and converts values
// between units of the same dimension.
package scale

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/pcp"
)

// ErrUnits reports a text that names no units.
var ErrUnits = errors.New("want units such as Kbyte, mbytes/s or count x 10^6")

// unit is a dimension with its scale.
type unit struct {
	dimension byte // s space, t time, c count
	scale     uint8
}

// units maps names in lower case, without the plural s, to units.
var units = unitTable()

func unitTable() map[string]unit {
	all := map[string]unit{"count": {'c', 0}}
	add := func(dimension byte, scale uint8, names ...string) {
		for _, name := range names {
			all[name] = unit{dimension, scale}
		}
	}
	add('t', pcp.TimeNanosec, "ns", "nsec", "nanosec", "nanosecond")
	add('t', pcp.TimeMicrosec, "us", "usec", "microsec", "microsecond")
	add('t', pcp.TimeMillisec, "ms", "msec", "millisec", "millisecond")
	add('t', pcp.TimeSec, "s", "sec", "second")
	add('t', pcp.TimeMin, "min", "minute")
	add('t', pcp.TimeHour, "h", "hr", "hour")
	add('s', pcp.SpaceByte, "b", "byte")
	for i, prefix := range []string{"k", "m", "g", "t", "p", "e", "z", "y"} {
		scale := uint8(i + 1)
		add('s', scale, prefix+"b", prefix+"byte", prefix+"ib", []string{"kilo", "mega", "giga", "tera", "peta", "exa", "zetta", "yotta"}[i]+"byte")
	}
	return all
}

// Parse parses units: names of units, each optionally with an exponent, and a slash before
// those of the denominator. Case and the plural do not matter. "none" and "" are
// dimensionless. Errors wrap [ErrUnits].
func Parse(text string) (u pcp.Units, err error) {
	s := strings.ToLower(strings.TrimSpace(text))
	if s == "" || s == "none" {
		return u, nil
	}
	words := strings.Fields(strings.NewReplacer("/", " / ", "*", " ").Replace(s))
	sign := 1
	for i := 0; i < len(words); i++ {
		if words[i] == "/" && sign > 0 {
			sign = -1
			continue
		}
		var power string
		if i+2 < len(words) && words[i+1] == "x" { // count x 10^6
			power = words[i+2]
		}
		if err := add(&u, words[i], power, sign); err != nil {
			return pcp.Units{}, fmt.Errorf("units %q: %w", text, ErrUnits)
		}
		if power != "" {
			i += 2
		}
	}
	if u.DimSpace == 0 && u.DimTime == 0 && u.DimCount == 0 && u.ScaleCount == 0 || pcp.UnitsFromWord(u.Word()) != u {
		return pcp.Units{}, fmt.Errorf("units %q: %w", text, ErrUnits)
	}
	return u, nil
}

// add adds a unit with its exponent. power is the power of ten of a count, "" for none.
func add(u *pcp.Units, word, power string, sign int) error {
	name, exponent, raised := strings.Cut(word, "^")
	dim := 1
	if raised {
		var err error
		if dim, err = strconv.Atoi(exponent); err != nil || dim < -8 || dim > 7 || dim == 0 {
			return ErrUnits
		}
	}
	x, known := units[name]
	if !known {
		x, known = units[strings.TrimSuffix(name, "s")]
	}
	if !known || power != "" && x.dimension != 'c' {
		return ErrUnits
	}
	target := map[byte]*int8{'s': &u.DimSpace, 't': &u.DimTime, 'c': &u.DimCount}[x.dimension]
	if *target != 0 {
		return ErrUnits
	}
	*target = int8(sign * dim)
	switch x.dimension {
	case 's':
		u.ScaleSpace = x.scale
	case 't':
		u.ScaleTime = x.scale
	case 'c':
		return addPower(u, power)
	}
	return nil
}

// addPower sets the scale of a count from a text such as 10^6.
func addPower(u *pcp.Units, power string) error {
	if power == "" {
		return nil
	}
	digits, ok := strings.CutPrefix(power, "10")
	if !ok {
		return ErrUnits
	}
	n := 1
	if digits != "" {
		var err error
		if n, err = strconv.Atoi(strings.TrimPrefix(digits, "^")); err != nil || !strings.HasPrefix(digits, "^") || n < -8 || n > 7 {
			return ErrUnits
		}
	}
	u.ScaleCount = int8(n)
	return nil
}

// SameDimension reports whether values of two units can be converted.
func SameDimension(a, b pcp.Units) bool {
	return a.DimSpace == b.DimSpace && a.DimTime == b.DimTime && a.DimCount == b.DimCount && a.ExtraUnit == b.ExtraUnit
}

// Factor returns the number by which a value in units from is multiplied to get a value in
// units to. The dimensions must be the same.
func Factor(from, to pcp.Units) float64 {
	f := math.Pow(1024, float64(from.DimSpace)*(float64(from.ScaleSpace)-float64(to.ScaleSpace)))
	f *= math.Pow(10, float64(from.DimCount)*(float64(from.ScaleCount)-float64(to.ScaleCount)))
	return f * math.Pow(seconds(from.ScaleTime)/seconds(to.ScaleTime), float64(from.DimTime))
}

// seconds returns the seconds of a scale of time.
func seconds(scale uint8) float64 {
	switch {
	case scale >= pcp.TimeHour:
		return 3600
	case scale == pcp.TimeMin:
		return 60
	}
	return math.Pow(1000, float64(scale)-float64(pcp.TimeSec))
}
