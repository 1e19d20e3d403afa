package rules

import (
	"math"
	"path"
	"strconv"
	"strings"
	"time"
)

// global parses a global rule.
func (p *parser) global(pos Pos) (Rule, error) {
	clauses, err := p.clauses("hostname, time, tz, timezone, zoneinfo, features", (*parser).globalClause)
	return &Global{pos, clauses}, err
}

func (p *parser) globalClause(keyword string, t token) (Clause, error) {
	switch keyword {
	case "hostname", "time", "tz", "timezone", "zoneinfo", "features":
	default:
		return nil, nil
	}
	if err := p.arrow(keyword); err != nil {
		return nil, err
	}
	switch keyword {
	case "hostname":
		host, err := p.hostName()
		return &SetHost{t.pos, host}, err
	case "time":
		by, err := p.shift()
		return &ShiftTime{t.pos, by}, err
	case "zoneinfo":
		zone, err := p.str("the name of a time zone")
		return &SetZoneInfo{t.pos, zone}, err
	case "features":
		bits, err := p.features()
		return &SetFeatures{t.pos, bits}, err
	}
	zone, err := p.str("a time zone")
	return &SetZone{t.pos, zone}, err
}

// hostName parses a host name, with or without quotes.
func (p *parser) hostName() (string, error) {
	t, err := p.next()
	if err != nil {
		return "", err
	}
	switch {
	case t.kind == kindString && t.text != "":
		return unescape(t.text), nil
	case t.kind == kindWord && !strings.ContainsAny(t.text, "=+*?[]^!"):
		return t.text, nil
	}
	return "", want(t, "a host name")
}

// shift parses a time such as -1:30:00.5. Blanks may separate its parts.
func (p *parser) shift() (time.Duration, error) {
	const form = "a time [+|-][[HOURS:]MINUTES:]SECONDS[.FRACTION]"
	first, err := p.word(form)
	if err != nil {
		return 0, err
	}
	text := first.text
	for {
		t, err := p.peek()
		if err != nil {
			return 0, err
		}
		if t.kind != kindWord || strings.Trim(t.text, "0123456789:.") != "" {
			break
		}
		p.ahead = false
		text += t.text
	}
	by, ok := parseShift(text)
	if !ok {
		first.text = text
		return 0, want(first, form)
	}
	return by, nil
}

func parseShift(text string) (time.Duration, bool) {
	sign := time.Duration(1)
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		text, sign = rest, -1
	} else {
		text = strings.TrimPrefix(text, "+")
	}
	parts := strings.Split(text, ":")
	if len(parts) > 3 {
		return 0, false
	}
	var seconds float64
	for i, part := range parts {
		if part == "" || strings.Trim(part, "0123456789.") != "" || i < len(parts)-1 && strings.Contains(part, ".") {
			return 0, false
		}
		if i == len(parts)-1 {
			return addSeconds(sign, seconds*60, part)
		}
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return 0, false
		}
		seconds = seconds*60 + float64(n)
	}
	return 0, false
}

// addSeconds returns whole seconds and seconds with a fraction as a duration.
func addSeconds(sign time.Duration, whole float64, part string) (time.Duration, bool) {
	digits, fraction, _ := strings.Cut(part, ".")
	if digits == "" && fraction == "" || strings.Contains(fraction, ".") {
		return 0, false
	}
	n, err := strconv.ParseUint("0"+digits, 10, 32)
	if err != nil {
		return 0, false
	}
	nanos, _ := strconv.Atoi((fraction + "000000000")[:9])
	seconds := whole + float64(n)
	if seconds > math.MaxInt64/float64(time.Second)/2 {
		return 0, false
	}
	return sign * (time.Duration(seconds)*time.Second + time.Duration(nanos)), true
}

// features parses feature bits: a number, or the bits as BITS(31,7,1).
func (p *parser) features() (uint32, error) {
	t, err := p.word("feature bits")
	if err != nil {
		return 0, err
	}
	if !t.is("bits") {
		n, err := strconv.ParseUint(t.text, 0, 32)
		if err != nil {
			return 0, want(t, "feature bits: a number of 32 bits or BITS(BIT,...)")
		}
		return uint32(n), nil
	}
	if err := p.punct("("); err != nil {
		return 0, err
	}
	var bits uint32
	for {
		n, err := p.number("bit", 0, 31)
		if err != nil {
			return 0, err
		}
		bits |= 1 << n
		t, err := p.next()
		switch {
		case err != nil:
			return 0, err
		case t.kind == kindPunct && t.text == ")":
			return bits, nil
		case t.kind != kindPunct || t.text != ",":
			return 0, want(t, ", or )")
		}
	}
}

// validPattern rejects a name whose wildcards are wrong.
func validPattern(t token) error {
	if _, err := path.Match(t.text, ""); err != nil {
		return fail(t, "wrong wildcards in %s", t)
	}
	return nil
}
