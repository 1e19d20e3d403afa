package archive

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/pcparchive/pcparchive/internal/eof"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// FileLabel is the label of a file, as far as it can be read. Tools that repair labels use
// it; readers use [Member.Header].
type FileLabel struct {
	Header
	// Err is the reason why a reader may refuse the label, nil for a whole one.
	Err error
	// First is the time of the first record of a data volume, zero without one.
	First pcp.Timestamp
	// Follows is the error of the record that follows the label, nil for a whole one or
	// none.
	Follows error
}

// LabelAs reads the label of a file of an archive of version v, even if it is damaged. The
// fields are those at their places.
func (m Member) LabelAs(v pcp.Version) (*FileLabel, error) {
	l, err := wire.Known(v, pcp.KindHeader)
	if err != nil {
		return nil, err
	}
	f, err := OpenMember(m, nil)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw := make([]byte, l.HeaderSize)
	if _, err := io.ReadFull(f.From(0), raw); err != nil {
		if eof.Is(err) {
			err = fmt.Errorf("%s: shorter than a label: %w", m.Path, pcp.ErrTruncated)
		}
		return nil, err
	}
	label := &FileLabel{Header: *fieldsOf(raw[4:len(raw)-4], l)}
	h, err := m.Header()
	switch {
	case err != nil:
		label.Err = err
	case h.Version != v:
		label.Err = fmt.Errorf("version is %d: %w", h.Version, pcp.ErrVersion)
	case !terminated(raw, l):
		label.Err = fmt.Errorf("a text has no end: %w", pcp.ErrLayout)
	default:
		label.Err = label.odd(l, m.LabelVolume())
	}
	if m.Role == RoleIndex {
		return label, nil
	}
	size := int64(l.HeaderSize)
	for frame, err := range Frames(f.From(size), f.pos(size), 0) {
		if label.Follows = err; err == nil && m.Role == RoleData {
			d := wire.NewDec(pcp.KindResult, frame.Payload)
			label.First = l.Stamp(&d)
			label.Follows = d.Err()
		}
		break
	}
	return label, nil
}

// fieldsOf reads the fields of a label at their places, whatever its magic number is.
func fieldsOf(payload []byte, l *wire.Layout) *Header {
	d := wire.NewDec(pcp.KindHeader, payload)
	d.U32() // magic number and version
	h := &Header{Version: l.Version}
	h.decodeFields(&d, l)
	return h
}

// terminated reports whether the texts of a label end with a NUL.
func terminated(raw []byte, l *wire.Layout) bool {
	end := len(raw) - 4
	for _, room := range []int{l.ZoneInfo, l.ZoneSize, l.HostSize} {
		if room > 0 && raw[end-1] != 0 {
			return false
		}
		end -= room
	}
	return true
}

// odd returns an error for fields that no writer stores.
func (h *Header) odd(l *wire.Layout, volume int32) error {
	if h.Volume != volume {
		return fmt.Errorf("volume is %d instead of %d: %w", h.Volume, volume, pcp.ErrMismatch)
	}
	if !possible(h.Start) {
		return fmt.Errorf("start is %d s and %d ns: %w", h.Start.Sec, h.Start.Nsec, pcp.ErrRange)
	}
	for _, s := range [...]struct {
		what, text string
		room       int
		empty      bool
	}{{"host", h.Host, l.HostSize, false}, {"time zone", h.Zone, l.ZoneSize, false}, {"zoneinfo", h.ZoneInfo, l.ZoneInfo, true}} {
		if s.room > 0 && !fitsLabel(s.text, s.room, s.empty) {
			return fmt.Errorf("%s is %q: %w", s.what, s.text, pcp.ErrRange)
		}
	}
	return nil
}

// fitsLabel reports whether a text may stand in a label: it has room, and is UTF-8 without
// control characters.
func fitsLabel(text string, room int, empty bool) bool {
	return len(text) < room && (empty || text != "") && utf8.ValidString(text) &&
		!strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// Encode returns the label of a file as its first record.
func (h *Header) Encode(m Member) ([]byte, error) {
	l, err := wire.Known(h.Version, pcp.KindHeader)
	if err != nil {
		return nil, err
	}
	if err := h.fits(l); err != nil {
		return nil, err
	}
	return appendHeader(nil, l, h, m.LabelVolume()), nil
}

// Odd returns an error if the host, the zone or the start of a label are such that no writer
// stores them.
func (h *Header) Odd() error {
	l, err := wire.Known(h.Version, pcp.KindHeader)
	if err != nil {
		return err
	}
	return h.odd(l, h.Volume)
}
