package archive

import (
	"strings"
	"time"

	_ "time/tzdata" // archives name zones that the reading host may lack
)

// zone resolves the zone of an archive label: an Olson name if it has one, else
// a fixed offset from a POSIX TZ such as AEDT-11 or EST5EDT.
func zone(zoneInfo, tz string) *time.Location {
	for _, name := range []string{strings.TrimPrefix(zoneInfo, ":"), strings.TrimPrefix(tz, ":")} {
		if name == "" {
			continue
		}
		if loc, err := time.LoadLocation(name); err == nil {
			return loc
		}
	}
	return posixZone(tz)
}

// posixZone reads the standard-time part of a POSIX TZ, whose offsets count
// westwards.
func posixZone(tz string) *time.Location {
	i := strings.IndexAny(tz, "+-0123456789")
	if i <= 0 {
		return time.UTC
	}
	name, rest := tz[:i], tz[i:]
	sign := -1
	if rest[0] == '-' {
		sign = 1
	}
	rest = strings.TrimLeft(rest, "+-")
	var part [3]int
	for n := 0; n < len(part) && rest != ""; n++ {
		j := 0
		for j < len(rest) && rest[j] >= '0' && rest[j] <= '9' {
			part[n] = part[n]*10 + int(rest[j]-'0')
			j++
		}
		if j == len(rest) || rest[j] != ':' {
			break
		}
		rest = rest[j+1:]
	}
	return time.FixedZone(name, sign*(part[0]*3600+part[1]*60+part[2]))
}
