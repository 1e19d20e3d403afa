package pcp

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseUnits parses the output of [Units.String], such as "Kbyte / sec", and
// "none", which PCP's exporters write for a dimensionless value. String writes
// a count scale without a dimension like one with dimension 1, so ParseUnits
// returns dimension 1 for both.
func ParseUnits(s string) (Units, error) {
	var u Units
	if s == "none" {
		return u, nil
	}
	words := strings.Fields(s)
	sign := int8(1)
	for i := 0; i < len(words); i++ {
		word := words[i]
		if word == "/" && sign > 0 {
			sign = -1
			continue
		}
		name, power, raised := strings.Cut(word, "^")
		exponent := 1
		if raised {
			var err error
			if exponent, err = strconv.Atoi(power); err != nil || exponent < 2 || exponent > 8 {
				return Units{}, fmt.Errorf("units %q: exponent %q is not 2 to 8", s, power)
			}
		}
		used, ok := u.word(name, words[i+1:], sign*int8(exponent))
		if !ok {
			return Units{}, fmt.Errorf("units %q: unknown unit %q", s, word)
		}
		i += used
	}
	if UnitsFromWord(u.Word()) != u {
		return Units{}, fmt.Errorf("units %q: outside the range that archives can store", s)
	}
	return u, nil
}

// word adds the unit called name to u and returns the number of the following
// words that belong to it.
func (u *Units) word(name string, rest []string, dim int8) (used int, ok bool) {
	switch {
	case name == "count":
		if u.DimCount != 0 {
			return 0, false
		}
		u.DimCount = dim
		return u.countScale(rest)
	case scaleOf(name, spaceNames, "space-", &u.ScaleSpace) && u.DimSpace == 0:
		u.DimSpace = dim
	case scaleOf(name, timeNames, "time-", &u.ScaleTime) && u.DimTime == 0:
		u.DimTime = dim
	default:
		return u.extra(name, rest, dim)
	}
	return 0, true
}

// countScale parses the "x 10^6" after a count.
func (u *Units) countScale(rest []string) (used int, ok bool) {
	if len(rest) < 2 || rest[0] != "x" {
		return 0, true
	}
	power, ok := strings.CutPrefix(rest[1], "10")
	if !ok {
		return 0, false
	}
	power, raised := strings.CutPrefix(power, "^")
	if !raised {
		u.ScaleCount = 1
		return 2, power == ""
	}
	if at := strings.IndexByte(power, '^'); at >= 0 { // count x 10^6^2
		dim, err := strconv.Atoi(power[at+1:])
		if err != nil || dim < 2 || dim > 8 {
			return 0, false
		}
		u.DimCount *= int8(dim)
		power = power[:at]
	}
	n, err := strconv.Atoi(power)
	if err != nil || n < -8 || n > 7 {
		return 0, false
	}
	u.ScaleCount = int8(n)
	return 2, true
}

// extra parses a unit such as "power (W)".
func (u *Units) extra(name string, rest []string, dim int8) (used int, ok bool) {
	for i, n := range extraNames {
		if n == "" || n != name || len(rest) == 0 || u.ExtraUnit != 0 {
			continue
		}
		scale := strings.TrimSuffix(strings.TrimPrefix(rest[0], "("), ")")
		if !scaleOf(scale, extraScale[i], "scale-", &u.ExtraScale) {
			return 0, false
		}
		u.ExtraUnit = int8(i) * max(min(dim, 1), -1)
		return 1, true
	}
	return 0, false
}

// scaleOf sets scale to the index of name in names and reports whether it
// exists. Beyond the names it accepts the prefix unknown followed by a number.
func scaleOf(name string, names []string, unknown string, scale *uint8) bool {
	for i, n := range names {
		if n == name && n != "" {
			*scale = uint8(i)
			return true
		}
	}
	if number, ok := strings.CutPrefix(name, unknown); ok {
		n, err := strconv.ParseUint(number, 10, 4)
		*scale = uint8(n)
		return err == nil
	}
	return false
}
