package edit

import (
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/rewrite/rules"
)

// global binds a rule for the archive.
func (b *binder) global(r *rules.Global) {
	set := b.globals
	layout, ok := wire.For(b.o.Version)
	for _, c := range r.Clauses {
		pos := c.Position()
		switch c := c.(type) {
		case *rules.SetHost:
			b.setText(set, pos, "host", &b.edited.Host, c.Host)
			if ok && len(c.Host) >= layout.HostSize {
				b.fail(pos, "the host name has %d bytes, %s has room for %d", len(c.Host), b.o.Version, layout.HostSize-1)
			}
		case *rules.SetZone:
			b.setText(set, pos, "time zone", &b.edited.Zone, c.Zone)
			if ok && len(c.Zone) >= layout.ZoneSize {
				b.fail(pos, "the time zone has %d bytes, %s has room for %d", len(c.Zone), b.o.Version, layout.ZoneSize-1)
			}
		case *rules.SetZoneInfo:
			b.setText(set, pos, "zoneinfo", &b.edited.ZoneInfo, c.ZoneInfo)
			if ok && layout.ZoneInfo == 0 {
				b.fail(pos, "an archive of %s has no zoneinfo; --archive-version 3 makes one that has", b.o.Version)
			}
		case *rules.SetFeatures:
			if ok && !layout.Features {
				b.fail(pos, "an archive of %s has no feature bits; --archive-version 3 makes one that has", b.o.Version)
			}
			if b.once(set, pos, "features", "the archive") && c.Bits == b.edited.Features {
				b.warn(pos, "the archive has these features already")
			}
			b.edited.Features = c.Bits
		case *rules.ShiftTime:
			if b.once(set, pos, "time", "the archive") && c.By == 0 {
				b.warn(pos, "a time of 0 changes nothing")
			}
			b.shift = c.By
		}
	}
}

// setText sets a text of the archive's label.
func (b *binder) setText(set map[string]rules.Pos, pos rules.Pos, what string, to *string, text string) {
	if b.once(set, pos, what, "the archive") && *to == text {
		b.warn(pos, "the %s is %q already", what, text)
	}
	*to = text
}
