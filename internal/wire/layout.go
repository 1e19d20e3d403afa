// Package wire encapsulates byte order and the differences between archive
// versions. [Layout] has one row per version. Record codecs read with the
// cursor [Dec] and write with the Append functions.
package wire

import (
	"math"
	"slices"

	"github.com/pcparchive/pcparchive/pcp"
)

// Magic is the upper 24 bits of the magic word in every archive label.
const Magic = 0x50052600

// Volume numbers in the archive labels of files that are not data volumes.
const (
	VolumeIndex = -2
	VolumeMeta  = -1
)

// Layout holds the properties in which archive versions differ. Sizes are in
// bytes.
type Layout struct {
	Version    pcp.Version
	HeaderSize int // archive label record, including both length words
	HostSize   int // host name field, including its NUL
	ZoneSize   int
	ZoneInfo   int                 // zoneinfo field; 0 if the version has none
	Features   bool                // whether the label has the feature word and reserved words
	StampSize  int                 // a timestamp
	Tick       int32               // nanoseconds per stored unit of fraction
	OffsetSize int                 // an offset in the temporal index
	Tags       [pcp.NumKinds]int32 // metadata record types; 0 for kinds that the version cannot store
	MaxFile    int64               // longest file that a writer may create
}

var (
	v2 = Layout{
		Version: pcp.V2, HeaderSize: 132, HostSize: 64, ZoneSize: 40,
		StampSize: 8, Tick: 1000, OffsetSize: 4, MaxFile: math.MaxInt32,
		Tags: [pcp.NumKinds]int32{pcp.KindDesc: 1, pcp.KindInDom: 2, pcp.KindLabels: 3, pcp.KindText: 4},
	}
	v3 = Layout{
		Version: pcp.V3, HeaderSize: 808, HostSize: 256, ZoneSize: 256, ZoneInfo: 256, Features: true,
		StampSize: 12, Tick: 1, OffsetSize: 8, MaxFile: 1 << 62,
		Tags: [pcp.NumKinds]int32{
			pcp.KindDesc: 1, pcp.KindText: 4, pcp.KindInDom: 5, pcp.KindInDomDelta: 6, pcp.KindLabels: 7,
		},
	}
	layouts = []*Layout{&v2, &v3}
)

// Layouts returns the layouts of all versions, which must not be changed.
func Layouts() []*Layout { return layouts }

// For returns the layout of version v.
func For(v pcp.Version) (*Layout, bool) {
	for _, l := range layouts {
		if l.Version == v {
			return l, true
		}
	}
	return nil, false
}

// Known is For with an error for an unknown version, which names the kind of the record.
func Known(v pcp.Version, kind pcp.Kind) (*Layout, error) {
	l, ok := For(v)
	if !ok {
		return nil, &pcp.FormatError{Kind: kind, Detail: v.String(), Err: pcp.ErrVersion}
	}
	return l, nil
}

// TagKind returns the kind of record that a metadata tag announces and the
// layout of its body. Like PCP it accepts the tags of every version in an
// archive of any other. If several layouts know the tag, own takes precedence.
func TagKind(tag int32, own *Layout) (pcp.Kind, *Layout, bool) {
	if k, ok := own.kindOf(tag); ok {
		return k, own, true
	}
	for _, l := range layouts {
		if k, ok := l.kindOf(tag); ok {
			return k, l, true
		}
	}
	return pcp.KindNone, nil, false
}

func (l *Layout) kindOf(tag int32) (pcp.Kind, bool) {
	i := slices.Index(l.Tags[:], tag)
	return pcp.Kind(i), tag != 0 && i >= 0
}

// IndexEntrySize returns the size of an entry of the temporal index.
func (l *Layout) IndexEntrySize() int { return l.StampSize + 4 + 2*l.OffsetSize }

// Stamp reads a timestamp.
func (l *Layout) Stamp(d *Dec) pcp.Timestamp {
	if l.StampSize == 8 {
		sec, frac := d.I32(), d.I32()
		return pcp.Timestamp{Sec: int64(sec), Nsec: Nsec(frac, l.Tick)}
	}
	// 64-bit seconds are two words, the low one first, on every host.
	low, high := d.U32(), d.U32()
	return pcp.Timestamp{Sec: int64(uint64(high)<<32 | uint64(low)), Nsec: d.I32()}
}

// Nsec converts a fraction of a second in units of tick nanoseconds. It
// saturates where the result exceeds an int32, so that a damaged fraction does
// not become a plausible one.
func Nsec(fraction, tick int32) int32 {
	return int32(min(max(int64(fraction)*int64(tick), math.MinInt32), math.MaxInt32))
}

// Fits reports whether the layout can store t without loss.
func (l *Layout) Fits(t pcp.Timestamp) bool {
	if l.StampSize == 8 && (t.Sec < math.MinInt32 || t.Sec > math.MaxInt32) {
		return false
	}
	return t.Nsec%l.Tick == 0
}

// AppendStamp appends t. Like PCP it truncates a fraction that is finer than
// the version's. The seconds must fit: see Fits.
func (l *Layout) AppendStamp(b []byte, t pcp.Timestamp) []byte {
	b = AppendU32(b, uint32(t.Sec))
	if l.StampSize != 8 {
		b = AppendU32(b, uint32(uint64(t.Sec)>>32))
	}
	return AppendU32(b, uint32(t.Nsec/l.Tick))
}

// AppendOffset appends a file offset of the temporal index.
func (l *Layout) AppendOffset(b []byte, off int64) []byte {
	if l.OffsetSize == 8 {
		b = AppendU32(b, uint32(uint64(off)>>32))
	}
	return AppendU32(b, uint32(off))
}

// Offset reads a file offset of the temporal index.
func (l *Layout) Offset(d *Dec) int64 {
	if l.OffsetSize == 4 {
		return int64(d.U32())
	}
	high, low := d.U32(), d.U32()
	return int64(uint64(high)<<32 | uint64(low))
}
