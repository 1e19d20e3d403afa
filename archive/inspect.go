package archive

import (
	"time"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// DecodeHeader decodes the payload of the first frame of any file of an archive.
func DecodeHeader(payload []byte) (*Header, error) {
	h, _, err := decodeHeader(payload)
	if err != nil {
		return nil, err
	}
	return h, nil
}

// DecodeMeta decodes the payload of a frame, other than the first, of the
// metadata file of an archive of version v. The record shares no memory with
// payload.
func DecodeMeta(payload []byte, v pcp.Version) (Record, error) {
	l, err := wire.Known(v, pcp.KindNone)
	if err != nil {
		return nil, err
	}
	return decodeMeta(payload, l)
}

// DecodeIndexEntry decodes an entry of the temporal index at the start of raw,
// for an archive of version v.
func DecodeIndexEntry(raw []byte, v pcp.Version) (IndexEntry, error) {
	l, err := wire.Known(v, pcp.KindIndex)
	switch {
	case err != nil:
		return IndexEntry{}, err
	case len(raw) < l.IndexEntrySize():
		return IndexEntry{}, &pcp.FormatError{Kind: pcp.KindIndex, Offset: int64(len(raw)), Err: pcp.ErrTruncated}
	}
	return decodeIndexEntry(raw, l), nil
}

// ResultDecoder decodes the payloads of frames of data volumes, for tools that
// find the frames themselves. It has one owner.
type ResultDecoder struct{ rd resultDecoder }

// NewResultDecoder returns a decoder for archives of version v.
func NewResultDecoder(v pcp.Version) (*ResultDecoder, error) {
	l, err := wire.Known(v, pcp.KindResult)
	if err != nil {
		return nil, err
	}
	return &ResultDecoder{resultDecoder{layout: l}}, nil
}

// Decode decodes a payload. The Result is valid until the next call. Its values
// share memory with payload and must not be changed. The Result of a mark has
// no sets.
func (d *ResultDecoder) Decode(payload []byte) (*Result, error) { return d.rd.decode(payload) }

// HeaderSize returns the length in bytes of the label record that begins each
// file of version v, including its length words. It returns 0 for an unknown
// version.
func HeaderSize(v pcp.Version) int64 {
	if l, ok := wire.For(v); ok {
		return int64(l.HeaderSize)
	}
	return 0
}

// MaxHeaderSize returns the largest HeaderSize of any version.
func MaxHeaderSize() (size int64) {
	for _, l := range wire.Layouts() {
		size = max(size, int64(l.HeaderSize))
	}
	return size
}

// IndexEntrySize returns the length in bytes of an entry of the temporal index
// in archives of version v, 0 for an unknown version.
func IndexEntrySize(v pcp.Version) int64 {
	if l, ok := wire.For(v); ok {
		return int64(l.IndexEntrySize())
	}
	return 0
}

// Zone resolves a time zone as archives and the TZ variable name one: an Olson
// name with or without a colon before it, or a POSIX TZ; UTC if it is neither.
func Zone(tz string) *time.Location { return zone("", tz) }
