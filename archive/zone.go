package archive

import (
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // an archive may name zones that this host lacks

	"github.com/pcparchive/pcparchive/internal/wire"
)

// zone returns the zone of an archive label: the Olson name if there is one,
// otherwise a POSIX TZ such as AEDT-11 or EST5EDT,M3.2.0,M11.1.0.
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

// posixZone parses a POSIX TZ including daylight saving rules. It builds a time
// zone file without transitions whose footer is the TZ, and lets package time
// parse it.
func posixZone(tz string) *time.Location {
	name, offset, ok := standardTime(tz)
	if !ok {
		return time.UTC
	}
	fixed := time.FixedZone(name, offset)
	if len(name) == 0 || len(name) > 250 || strings.ContainsRune(tz, '\n') {
		return fixed
	}
	loc, err := time.LoadLocationFromTZData(tz, zoneFile(name, offset, tz))
	if err != nil {
		return fixed
	}
	return loc
}

// zoneFile returns a TZif file of version 2 with one local time type.
func zoneFile(name string, offset int, tz string) []byte {
	head := append([]byte("TZif2"), make([]byte, 15)...)
	for _, count := range [...]int{0, 0, 0, 0, 1, len(name) + 1} { // types, bytes of names
		head = wire.AppendU32(head, uint32(count))
	}
	block := append(wire.AppendU32(head, uint32(offset)), 0, 0) // no daylight saving, name at 0
	block = append(append(block, name...), 0)
	return slices.Concat(block, block, []byte("\n"+tz+"\n"))
}

// standardTime returns the name and offset of standard time at the start of a
// POSIX TZ. Stored offsets count westwards.
func standardTime(tz string) (name string, offset int, ok bool) {
	i := strings.IndexAny(tz, "+-0123456789")
	if strings.HasPrefix(tz, "<") {
		i = strings.IndexByte(tz, '>') + 1
	}
	if i <= 0 {
		return "", 0, false
	}
	name, rest := strings.Trim(tz[:i], "<>"), tz[i:]
	sign := -1
	if strings.HasPrefix(rest, "-") {
		sign = 1
	}
	rest = strings.TrimLeft(rest, "+-")
	for _, unit := range [...]int{3600, 60, 1} {
		n := 0
		for n < len(rest) && n < 3 && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		v, err := strconv.Atoi(rest[:n])
		if err != nil {
			break
		}
		offset += v * unit
		if n == len(rest) || rest[n] != ':' {
			break
		}
		rest = rest[n+1:]
	}
	return name, sign * offset, offset <= 24*3600
}
