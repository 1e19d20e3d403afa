package check

import (
	"errors"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// knownFeatures are the feature bits that are defined.
const knownFeatures = 0x80000000

// labels reads the label of every member and compares it with the first intact one. It
// returns false if no label names a known version: then no record can be read.
func (c *checker) labels() bool {
	for _, m := range c.members {
		c.readLabel(m)
		if m.header == nil {
			continue
		}
		if c.header == nil {
			c.header, c.first = m.header, m
			c.layout = m.layout
			if c.opts.HostZone {
				c.zone = m.header.Location()
			}
			c.saver.use(m)
			c.checkHeader(m)
			continue
		}
		c.compareLabel(m)
	}
	for _, m := range c.members {
		if m.layout == nil && c.layout != nil {
			m.layout = c.layout
			m.begin = int64(c.layout.HeaderSize)
		}
	}
	return c.layout != nil
}

// readLabel reads the label of one member.
func (c *checker) readLabel(m *member) {
	f := c.open(m)
	if f == nil {
		m.empty = true // do not try again
		return
	}
	defer f.Close()
	fr, bad := f.w.next()
	switch {
	case f.w.Err != nil:
		c.unreadable(m, 0, f.w.Err)
		m.empty = true
	case bad != nil:
		c.damagedLabel(m, f.w, bad)
	case fr == nil:
		c.add(FileEmpty, m.Path, nowhere, "the file is empty")
		m.empty = true
	default:
		c.decodeLabel(m, fr)
	}
}

// damagedLabel reports a label whose frame is damaged. The word after the length holds the
// magic number and, in its last byte, the version. They tell another kind of file, or an
// unknown version, from a damaged label.
func (c *checker) damagedLabel(m *member, w *walker, bad *damage) {
	if len(w.Peek(8)) == 8 {
		word := uint32(w.Word(4))
		if word&^0xff != wire.Magic {
			c.add(LabelMagic, m.Path, 0, "the file does not begin with an archive label: magic number 0x%08x", word)
			return
		}
		if v := word & 0xff; !knownVersion(v) {
			c.add(LabelVersion, m.Path, 0, "archive label: %s; version: %d: %v", bad, v, pcp.ErrVersion)
			return
		}
	}
	c.add(LabelRecord, m.Path, 0, "archive label: %s", bad)
}

// knownVersion reports whether this module reads archives of a version.
func knownVersion(version uint32) bool {
	_, ok := wire.For(pcp.Version(version))
	return ok
}

// decodeLabel sets the member's label from its first record.
func (c *checker) decodeLabel(m *member, fr *frame) {
	h, err := archive.DecodeHeader(fr.payload)
	if err == nil {
		m.header, m.begin = h, fr.size
		m.label = wire.AppendU32(append(wire.AppendU32(nil, uint32(fr.size)), fr.payload...), uint32(fr.size))
		m.layout, _ = wire.For(h.Version)
		return
	}
	code := LabelRecord
	switch {
	case errors.Is(err, pcp.ErrNotArchive):
		code = LabelMagic
	case errors.Is(err, pcp.ErrVersion):
		code = LabelVersion
	}
	c.add(code, m.Path, 0, "archive label: %s", reason(err))
}

// reason returns the text of a decoder's error without the position, which the finding
// has in its own fields.
func reason(err error) string {
	var fe *pcp.FormatError
	if !errors.As(err, &fe) {
		return err.Error()
	}
	text := ""
	if fe.Field != "" {
		text = fe.Field + ": "
	}
	if fe.Detail != "" {
		text += fe.Detail + ": "
	}
	return text + fe.Err.Error()
}

// checkHeader checks one label by itself.
func (c *checker) checkHeader(m *member) {
	h := m.header
	if h.Volume != m.LabelVolume() {
		c.add(LabelVolume, m.Path, 0, "the label is that of volume %d, not %d", h.Volume, m.LabelVolume())
	}
	if unknown := h.Features &^ knownFeatures; unknown != 0 {
		c.add(LabelFeatures, m.Path, 0, "unknown feature bits 0x%x", unknown)
	}
	if what := badTime(h.Start); what != "" {
		c.add(LabelStart, m.Path, 0, "start %s: %s", h.Start, what)
	} else if h.Start.Sec == 0 {
		c.add(LabelStart, m.Path, 0, "the label has no start time: its writer did not finish")
	}
}

// compareLabel compares a label with the first intact one.
func (c *checker) compareLabel(m *member) {
	c.checkHeader(m)
	h, want := m.header, c.header
	if h.Version != want.Version {
		c.add(LabelVersion, m.Path, 0, "version %d, in %s %d", h.Version, c.first.Path, want.Version)
	}
	if h.PID != want.PID {
		c.add(LabelMismatch, m.Path, 0, "process %d, in %s %d", h.PID, c.first.Path, want.PID)
	}
	if h.Host != want.Host {
		c.add(LabelMismatch, m.Path, 0, "host %q, in %s %q", h.Host, c.first.Path, want.Host)
	}
	if h.Start != want.Start && h.Start.Sec != 0 {
		if want.Start.Sec == 0 {
			c.header = h // an interrupted pmlogextract leaves the index without a start
			c.first = m
			c.saver.use(m)
		} else {
			c.add(LabelStart, m.Path, 0, "start %s, in %s %s", h.Start, c.first.Path, want.Start)
		}
	}
	if h.Zone != want.Zone || h.ZoneInfo != want.ZoneInfo {
		c.add(LabelZone, m.Path, 0, "time zone %q %q, in %s %q %q", h.Zone, h.ZoneInfo, c.first.Path, want.Zone, want.ZoneInfo)
	}
}

// badTime returns why a time is impossible, or "" if it is possible.
func badTime(t pcp.Timestamp) string {
	switch {
	case t.Sec < 0:
		return "negative seconds"
	case t.Nsec < 0:
		return "negative fraction of a second"
	case t.Nsec > 999_999_999:
		return "the fraction is a second or more"
	}
	return ""
}
