package receive

import (
	"bytes"
	"encoding/binary"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/wire"
)

// label is the archive label that a client sent.
type label struct {
	*archive.Header
	layout *wire.Layout
	raw    []byte // with both length words; the number of the volume is zero
}

// parseLabel decodes a framed archive label.
func parseLabel(raw []byte) (*label, *Refusal) {
	if len(raw) < 8 {
		return nil, refuse(statusLabel, "an archive label of %s is too short", english.Plural(len(raw), "byte", ""))
	}
	first, last := binary.BigEndian.Uint32(raw), binary.BigEndian.Uint32(raw[len(raw)-4:])
	if int64(first) != int64(len(raw)) || first != last {
		return nil, refuse(statusLabel, "an archive label of %d bytes has the lengths %d and %d", len(raw), first, last)
	}
	h, err := archive.DecodeHeader(raw[4 : len(raw)-4])
	if err != nil {
		return nil, refuse(statusLabel, "the archive label cannot be read: %v", err)
	}
	layout, _ := wire.For(h.Version) // DecodeHeader knows the version
	l := &label{Header: h, layout: layout, raw: bytes.Clone(raw)}
	l.setVolume(l.raw, 0)
	if r := checkHost(h.Host); r != nil {
		return nil, r
	}
	if h.Start.Sec <= 0 || h.Start.Sec > maxYear || h.Start.Nsec < 0 || h.Start.Nsec >= int32(time.Second) {
		return nil, refuse(statusLabel, "the archive label has an impossible start: %d s, %d ns", h.Start.Sec, h.Start.Nsec)
	}
	return l, nil
}

// maxYear is the end of the year 9999, in seconds since 1970.
const maxYear = 253402300799

// setVolume sets the number of the volume in a framed label.
func (l *label) setVolume(raw []byte, volume int32) {
	binary.BigEndian.PutUint32(raw[12+l.layout.StampSize:], uint32(volume))
}

// of returns the framed label of a file.
func (l *label) of(volume int32) []byte {
	raw := bytes.Clone(l.raw)
	l.setVolume(raw, volume)
	return raw
}

// name returns the name that pmlogger and pmproxy give an archive with this start.
func (l *label) name() string { return l.Start.Time().In(time.Local).Format("20060102.15.04") }

// maxHost is the longest name of a folder that every file system has.
const maxHost = 255

// checkHost refuses names of hosts that cannot be the name of a folder on every system.
func checkHost(host string) *Refusal {
	bad := func(why string) *Refusal {
		return refuse(statusLabel, "the host name %.100q in the archive label %s", host, why)
	}
	switch {
	case host == "":
		return bad("is empty")
	case len(host) > maxHost:
		return bad("is too long")
	case strings.HasPrefix(host, ".") || strings.HasPrefix(host, "-"):
		return bad("begins with . or -")
	case strings.HasSuffix(host, "."):
		return bad("ends with .")
	case reserved(host):
		return bad("is the name of a device")
	}
	for _, c := range []byte(host) {
		if !isHostByte(c) {
			return bad("has characters other than letters, digits, dots, hyphens and underscores")
		}
	}
	return nil
}

func isHostByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("._-", c) >= 0
}

// reserved reports whether Windows takes a name, with any extension, for a device.
func reserved(name string) bool {
	stem, _, _ := strings.Cut(strings.ToLower(name), ".")
	switch stem {
	case "con", "prn", "aux", "nul":
		return true
	}
	port := strings.HasPrefix(stem, "com") || strings.HasPrefix(stem, "lpt")
	return port && len(stem) == 4 && stem[3] >= '0' && stem[3] <= '9'
}
