package archive

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Location returns the time zone of the host, or UTC if this system does not
// know the zone in the label.
func (h *Header) Location() *time.Location { return zone(h.ZoneInfo, h.Zone) }

// ErrZone reports an unknown time zone.
var ErrZone = errors.New("want a name such as Europe/Berlin or UTC, or a POSIX TZ such as CET-1CEST, whose numbers count westwards")

// ParseZone parses a time zone that a person entered. Unlike [Header.Location]
// it rejects an unknown one. Errors wrap [ErrZone].
func ParseZone(tz string) (*time.Location, error) {
	name := strings.TrimPrefix(tz, ":")
	if loc, err := time.LoadLocation(name); err == nil && name != "" && name != "Local" {
		return loc, nil
	}
	if posixTZ().MatchString(name) {
		return posixZone(name), nil
	}
	return nil, fmt.Errorf("time zone %q is not known: %w", tz, ErrZone)
}

// posixTZ matches a POSIX TZ: a standard zone and optionally a summer zone with
// its rules.
var posixTZ = sync.OnceValue(func() *regexp.Regexp {
	const (
		zone   = `([A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)`
		offset = `[+-]?([01]?[0-9]|2[0-4])(:[0-5][0-9]){0,2}`
		rule   = `,(M(1[0-2]|[1-9])\.[1-5]\.[0-6]|J?[0-9]{1,3})(/[+-]?[0-9]{1,3}(:[0-5][0-9]){0,2})?`
	)
	return regexp.MustCompile(`^` + zone + offset + `(` + zone + `(` + offset + `)?(` + rule + rule + `)?)?$`)
})
