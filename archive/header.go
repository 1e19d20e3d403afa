package archive

import (
	"fmt"
	"strconv"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// Header is the first record of every file of an archive. PCP calls it the
// archive label; the name Header avoids confusion with metric labels.
//
//	length 4 | magic and version 4 | PID 4 | start stamp | volume 4
//	version 3 only: features 4, reserved 4
//	host, time zone, version 3 only: zoneinfo; fixed widths, NUL-filled
//	length 4
type Header struct {
	Version  pcp.Version
	PID      int32         // process that wrote the archive
	Start    pcp.Timestamp // time of the first record
	Volume   int32         // -2 index, -1 metadata, otherwise the number of the volume
	Features uint32        // version 3 only
	Host     string
	Zone     string // POSIX TZ
	ZoneInfo string // ":" and an Olson name, may be empty; version 3 only
}

// Kind returns pcp.KindHeader.
func (*Header) Kind() pcp.Kind { return pcp.KindHeader }

// decodeHeader decodes the payload of the first frame of a file.
func decodeHeader(payload []byte) (*Header, *wire.Layout, error) {
	d := wire.NewDec(pcp.KindHeader, payload)
	magic := d.U32()
	if d.Err() == nil && magic&^0xff != wire.Magic {
		d.FailAt(0, "magic number", "0x"+strconv.FormatUint(uint64(magic), 16), pcp.ErrNotArchive)
		return nil, nil, d.Err()
	}
	h := &Header{Version: pcp.Version(magic & 0xff)}
	l, ok := wire.For(h.Version)
	if d.Err() == nil && !ok {
		d.FailAt(3, "version", strconv.Itoa(int(magic&0xff)), pcp.ErrVersion)
	}
	if d.Err() != nil {
		return nil, nil, d.Err()
	}
	if len(payload) != l.HeaderSize-8 {
		d.FailAt(0, "length", strconv.Itoa(len(payload)+8)+" instead of "+strconv.Itoa(l.HeaderSize), pcp.ErrLayout)
		return nil, nil, d.Err()
	}
	h.decodeFields(&d, l)
	return h, l, d.Err()
}

// decodeFields decodes the fields after the version.
func (h *Header) decodeFields(d *wire.Dec, l *wire.Layout) {
	h.PID = d.I32()
	h.Start = l.Stamp(d)
	h.Volume = d.I32()
	if l.Features {
		h.Features = d.U32()
		d.U32() // reserved
	}
	h.Host, h.Zone = d.CString(l.HostSize), d.CString(l.ZoneSize)
	h.ZoneInfo = d.CString(l.ZoneInfo)
}

// LongestHost returns the size of the longest host name, in bytes, that the label of an
// archive of a version holds. Zero means version 3; an unknown version has none.
func LongestHost(v pcp.Version) int {
	l, ok := layoutFor(v)
	if !ok {
		return 0
	}
	return l.HostSize - 1
}

// fits returns an error if the strings of h are too long for their fields.
func (h *Header) fits(l *wire.Layout) error {
	for _, s := range [...]struct {
		what, text string
		room       int
	}{{"host name", h.Host, l.HostSize}, {"time zone", h.Zone, l.ZoneSize}, {"zoneinfo", h.ZoneInfo, l.ZoneInfo}} {
		if s.room > 0 && len(s.text) >= s.room {
			return fmt.Errorf("%s %q exceeds %d bytes: %w", s.what, s.text, s.room-1, pcp.ErrLimit)
		}
	}
	return nil
}

// appendHeader appends the framed label of a file.
func appendHeader(b []byte, l *wire.Layout, h *Header, volume int32) []byte {
	b, start := wire.BeginFrame(b)
	b = wire.AppendU32(b, wire.Magic|uint32(l.Version))
	b = wire.AppendU32(b, uint32(h.PID))
	b = l.AppendStamp(b, h.Start)
	b = wire.AppendU32(b, uint32(volume))
	if l.Features {
		b = wire.AppendU32(b, h.Features)
		b = wire.AppendU32(b, 0)
	}
	b = wire.AppendCString(b, h.Host, l.HostSize)
	b = wire.AppendCString(b, h.Zone, l.ZoneSize)
	if l.ZoneInfo > 0 {
		b = wire.AppendCString(b, h.ZoneInfo, l.ZoneInfo)
	}
	return wire.EndFrame(b, start)
}
