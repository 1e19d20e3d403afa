package archive

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Location returns the time zone of the host, UTC if the label names none that
// this system knows.
func (h *Header) Location() *time.Location { return zone(h.ZoneInfo, h.Zone) }

// ErrZone says that a time zone is not known.
var ErrZone = errors.New("want a name such as Europe/Berlin or UTC, or a POSIX TZ such as CET-1CEST, whose numbers count westwards")

// ParseZone is [Zone] for what a person writes: it refuses what names no zone.
// Errors wrap [ErrZone].
func ParseZone(tz string) (*time.Location, error) {
	name := strings.TrimPrefix(tz, ":")
	if loc, err := time.LoadLocation(name); err == nil && name != "" && name != "Local" {
		return loc, nil
	}
	if posixTZ.MatchString(name) {
		return posixZone(name), nil
	}
	return nil, fmt.Errorf("time zone %q is not known: %w", tz, ErrZone)
}

// posixTZ matches a POSIX TZ: a zone, and perhaps that of summer with its rules.
var posixTZ = func() *regexp.Regexp {
	const (
		zone   = `([A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)`
		offset = `[+-]?([01]?[0-9]|2[0-4])(:[0-5][0-9]){0,2}`
		rule   = `,(M(1[0-2]|[1-9])\.[1-5]\.[0-6]|J?[0-9]{1,3})(/[+-]?[0-9]{1,3}(:[0-5][0-9]){0,2})?`
	)
	return regexp.MustCompile(`^` + zone + offset + `(` + zone + `(` + offset + `)?(` + rule + rule + `)?)?$`)
}()
