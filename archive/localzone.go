package archive

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"time"
)

// LocalHeader returns a header for an archive that this process records on the
// given host, with this host's time zone.
func LocalHeader(host string) Header {
	h := Header{Host: host, PID: int32(os.Getpid())}
	h.Zone, h.ZoneInfo = LocalZone(time.Now())
	return h
}

// LocalZone returns this host's time zone in two forms: as a POSIX TZ, whose
// offsets count westwards, and as ":" and an Olson name.
func LocalZone(now time.Time) (tz, zoneInfo string) {
	name, offset := now.Zone()
	if name == "" || strings.ContainsAny(name, "+-0123456789") {
		name = "<" + name + ">"
	}
	sign, size := "-", offset
	if offset < 0 {
		sign, size = "", -offset
	}
	tz = fmt.Sprintf("%s%s%d", name, sign, size/3600)
	if rest := size % 3600 / 60; rest != 0 {
		tz += fmt.Sprintf(":%02d", rest)
	}
	if offset == 0 {
		tz = cmp.Or(strings.Trim(name, "<>"), "UTC")
	}
	target, err := os.Readlink("/etc/localtime")
	if _, olson, ok := strings.Cut(target, "zoneinfo/"); err == nil && ok {
		zoneInfo = ":" + olson
	}
	return tz, zoneInfo
}
