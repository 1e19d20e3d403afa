package rules

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/internal/scale"
	"github.com/pcparchive/pcparchive/pcp"
)

// The names of scales in rules, by ascending scale.
var (
	spaceScales = []string{"BYTE", "KBYTE", "MBYTE", "GBYTE", "TBYTE", "PBYTE", "EBYTE"}
	timeScales  = []string{"NSEC", "USEC", "MSEC", "SEC", "MIN", "HOUR"}
	countScales = []string{"ONE"}
)

// units parses units after the arrow: six values, or a text such as "Kbyte / sec".
func (p *parser) units(pos Pos) (Clause, error) {
	t, err := p.peek()
	if err != nil {
		return nil, err
	}
	c := &SetUnits{Pos: pos}
	if t.kind == kindString {
		p.ahead = false
		c.Units, err = unitsOf(t)
	} else {
		c.Units, err = p.sixUnits()
	}
	if err == nil {
		c.Rescale, err = p.accept("rescale")
	}
	return c, err
}

// unitsOf parses a text as PCP's tools print units, or as people write them.
func unitsOf(t token) (pcp.Units, error) {
	if u, err := pcp.ParseUnits(t.text); err == nil {
		return u, nil
	}
	u, err := scale.Parse(t.text)
	if err != nil {
		return u, fail(t, "%v", err)
	}
	return u, nil
}

func (p *parser) sixUnits() (u pcp.Units, err error) {
	for i, to := range []*int8{&u.DimSpace, &u.DimTime, &u.DimCount} {
		n, err := p.number("dimension of "+[]string{"space", "time", "count"}[i], -8, 7)
		if err == nil {
			err = p.punct(",")
		}
		if err != nil {
			return u, err
		}
		*to = int8(n)
	}
	space, err := p.unitScale("space", spaceScales)
	if err == nil {
		err = p.punct(",")
	}
	if err != nil {
		return u, err
	}
	time, err := p.unitScale("time", timeScales)
	if err == nil {
		err = p.punct(",")
	}
	if err != nil {
		return u, err
	}
	count, err := p.unitScale("count", countScales)
	u.ScaleSpace, u.ScaleTime, u.ScaleCount = uint8(space), uint8(time), int8(count)
	return withoutIdle(u), err
}

// unitScale parses the scale of a dimension: its name, or 0. A scale of counts may be a
// power of ten.
func (p *parser) unitScale(dimension string, names []string) (int, error) {
	form := "the scale of " + dimension + ": 0 or " + strings.Join(names, ", ")
	t, err := p.word(form)
	if err != nil || t.text == "0" {
		return 0, err
	}
	if i := slices.Index(names, strings.ToUpper(t.text)); i >= 0 {
		return i, nil
	}
	if n, err := strconv.Atoi(t.text); err == nil && dimension == "count" && n >= -8 && n <= 7 {
		return n, nil
	}
	return 0, want(t, form)
}

// withoutIdle drops the scale of a dimension that the units lack, which means nothing.
func withoutIdle(u pcp.Units) pcp.Units {
	if u.DimSpace == 0 {
		u.ScaleSpace = 0
	}
	if u.DimTime == 0 {
		u.ScaleTime = 0
	}
	if u.DimCount == 0 {
		u.ScaleCount = 0
	}
	return u
}
