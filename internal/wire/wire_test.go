package wire_test

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

func TestStamp(t *testing.T) {
	for _, tt := range []struct {
		name    string
		version pcp.Version
		stamp   pcp.Timestamp
		bytes   []byte
	}{
		{"v2 microseconds", pcp.V2, pcp.Timestamp{Sec: 0x6553f102, Nsec: 2000}, []byte{0x65, 0x53, 0xf1, 2, 0, 0, 0, 2}},
		{"v2 negative", pcp.V2, pcp.Timestamp{Sec: -1, Nsec: -1000}, []byte{255, 255, 255, 255, 255, 255, 255, 255}},
		{"v2 fraction of a second", pcp.V2, pcp.Timestamp{Nsec: 1e9}, []byte{0, 0, 0, 0, 0, 0xf, 0x42, 0x40}},
		{"v3 nanoseconds", pcp.V3, pcp.Timestamp{Sec: 0x6553f102, Nsec: 2000}, []byte{0x65, 0x53, 0xf1, 2, 0, 0, 0, 0, 0, 0, 7, 0xd0}},
		{"v3 low word first", pcp.V3, pcp.Timestamp{Sec: 1<<32 + 1}, []byte{0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0}},
		{"v3 negative", pcp.V3, pcp.Timestamp{Sec: -2, Nsec: -1}, []byte{255, 255, 255, 254, 255, 255, 255, 255, 255, 255, 255, 255}},
		{"v3 earliest", pcp.V3, pcp.Timestamp{Sec: math.MinInt64}, []byte{0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, ok := wire.For(tt.version)
			require.True(t, ok)
			assert.Equal(t, tt.bytes, l.AppendStamp(nil, tt.stamp))
			assert.True(t, l.Fits(tt.stamp))
			d := wire.NewDec(pcp.KindResult, tt.bytes)
			assert.Equal(t, tt.stamp, l.Stamp(&d))
			require.NoError(t, d.Err())
			assert.Zero(t, d.Len())
		})
	}
}

func TestStampThatDoesNotFit(t *testing.T) {
	l, _ := wire.For(pcp.V2)
	for _, stamp := range []pcp.Timestamp{{Sec: math.MaxInt32 + 1}, {Sec: math.MinInt32 - 1}, {Nsec: 1}, {Nsec: 999999999}} {
		assert.False(t, l.Fits(stamp), "%v", stamp)
	}
	assert.Equal(t, []byte{0, 0, 0, 0, 0, 0xf, 0x42, 0x3f}, l.AppendStamp(nil, pcp.Timestamp{Nsec: 999999999}), "the fraction is cut")
}

// TestFractionBeyondInt32 checks that a fraction saturates, because one that wrapped
// around could look good.
func TestFractionBeyondInt32(t *testing.T) {
	l, _ := wire.For(pcp.V2)
	for fraction, want := range map[uint32]int32{
		4294968: math.MaxInt32, math.MaxInt32: math.MaxInt32, 1 << 31: math.MinInt32, 2147483: 2147483000,
	} {
		d := wire.NewDec(pcp.KindResult, wire.AppendU32(wire.AppendU32(nil, 1), fraction))
		assert.Equal(t, pcp.Timestamp{Sec: 1, Nsec: want}, l.Stamp(&d))
	}
}

func TestOffset(t *testing.T) {
	for _, tt := range []struct {
		version pcp.Version
		offset  int64
		bytes   []byte
	}{
		{pcp.V2, 1<<32 - 1, []byte{255, 255, 255, 255}},
		{pcp.V3, 1<<32 + 2, []byte{0, 0, 0, 1, 0, 0, 0, 2}},
	} {
		l, _ := wire.For(tt.version)
		assert.Equal(t, tt.bytes, l.AppendOffset(nil, tt.offset))
		d := wire.NewDec(pcp.KindIndex, tt.bytes)
		assert.Equal(t, tt.offset, l.Offset(&d))
	}
}

func TestLayouts(t *testing.T) {
	for v, want := range map[pcp.Version]struct{ header, entry int }{pcp.V2: {132, 20}, pcp.V3: {808, 32}} {
		l, ok := wire.For(v)
		require.True(t, ok)
		assert.Equal(t, want.header, l.HeaderSize)
		assert.Equal(t, want.entry, l.IndexEntrySize())
	}
	_, ok := wire.For(1)
	assert.False(t, ok)
}

func TestTagKind(t *testing.T) {
	v2, _ := wire.For(pcp.V2)
	v3, _ := wire.For(pcp.V3)
	for tag, want := range map[int32]struct {
		kind   pcp.Kind
		v2, v3 *wire.Layout // expected layout of the body in an archive of version 2 and 3
	}{
		1: {pcp.KindDesc, v2, v3}, 2: {pcp.KindInDom, v2, v2}, 3: {pcp.KindLabels, v2, v2}, 4: {pcp.KindText, v2, v3},
		5: {pcp.KindInDom, v3, v3}, 6: {pcp.KindInDomDelta, v3, v3}, 7: {pcp.KindLabels, v3, v3},
	} {
		for own, layout := range map[*wire.Layout]*wire.Layout{v2: want.v2, v3: want.v3} {
			kind, got, ok := wire.TagKind(tag, own)
			require.True(t, ok, "tag %d", tag)
			assert.Equal(t, want.kind, kind, "tag %d", tag)
			assert.Same(t, layout, got, "tag %d", tag)
		}
	}
	for _, tag := range []int32{0, -1, 8} {
		_, _, ok := wire.TagKind(tag, v3)
		assert.False(t, ok, "tag %d", tag)
	}
}

func TestDecRemembersItsFirstError(t *testing.T) {
	d := wire.NewDec(pcp.KindDesc, []byte{0, 0, 0, 1, 2, 3})
	assert.Equal(t, uint32(1), d.U32())
	assert.Equal(t, uint16(0x203), d.U16())
	assert.Zero(t, d.U8())
	assert.Zero(t, d.U32())
	assert.Zero(t, d.U16())
	assert.Nil(t, d.Bytes(1))
	d.Fail("later", "", pcp.ErrRange)
	assert.EqualError(t, d.Err(), "offset 6: desc record: record is too short")
	assert.Zero(t, d.Len())
	assert.Empty(t, d.Rest())
}

func TestDecBytes(t *testing.T) {
	d := wire.NewDec(pcp.KindDesc, []byte("ab\x00cd"))
	assert.Equal(t, "ab", d.CString(4))
	assert.Equal(t, 4, d.Offset())
	assert.Nil(t, d.Bytes(-1))
	assert.ErrorIs(t, d.Err(), pcp.ErrTruncated)
	assert.Equal(t, []byte("abc"), wire.UntilNUL([]byte("abc")))
}

func TestDecCount(t *testing.T) {
	for _, tt := range []struct {
		name  string
		count uint32
		size  int
		want  int
		err   string
	}{
		{"fits", 2, 4, 2, ""},
		{"none", 0, 8, 0, ""},
		{"one too many", 3, 4, 0, "offset 0: indom record: n: 3 exceeds record: value out of range"},
		{"negative", 0xffffffff, 4, 0, "offset 0: indom record: n: -1 exceeds record: value out of range"},
		{"product beyond 32 bits", 0x40000000, 1 << 20, 0, "offset 0: indom record: n: 1073741824 exceeds record: value out of range"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := wire.NewDec(pcp.KindInDom, append(wire.AppendU32(nil, tt.count), make([]byte, 8)...))
			assert.Equal(t, tt.want, d.Count("n", tt.size))
			if tt.err == "" {
				assert.NoError(t, d.Err())
			} else {
				assert.EqualError(t, d.Err(), tt.err)
			}
		})
	}
	d := wire.NewDec(pcp.KindInDom, nil)
	assert.Zero(t, d.Count("n", 4))
	assert.ErrorIs(t, d.Err(), pcp.ErrTruncated)
}

func TestDecAdopt(t *testing.T) {
	outer := wire.NewDec(pcp.KindLabels, make([]byte, 12))
	outer.Skip(8)
	outer.Adopt(nil)
	require.NoError(t, outer.Err())
	outer.Adopt(&pcp.FormatError{Kind: pcp.KindLabels, Offset: 3, Err: pcp.ErrRange})
	assert.EqualError(t, outer.Err(), "offset 11: labels record: value out of range")
	outer.Adopt(errors.New("later"))
	assert.ErrorIs(t, outer.Err(), pcp.ErrRange)

	foreign, cause := wire.NewDec(pcp.KindLabels, nil), errors.New("other")
	foreign.Adopt(cause)
	assert.Equal(t, cause, foreign.Err())
}

func TestAppend(t *testing.T) {
	assert.Equal(t, []byte("ab\x00\x00"), wire.AppendCString(nil, "ab", 4))
	assert.Equal(t, []byte("abc\x00"), wire.AppendCString(nil, "abcdef", 4), "cut to leave room for the NUL")
	assert.Equal(t, []byte{1, 2}, wire.AppendU16(nil, 0x102))
	assert.Equal(t, []byte{0, 0, 0, 0, 0, 0, 1, 2}, wire.AppendU64(nil, 0x102))

	b, start := wire.BeginFrame([]byte("before"))
	b = wire.EndFrame(append(b, 'x'), start)
	assert.Equal(t, append([]byte("before"), 0, 0, 0, 9, 'x', 0, 0, 0, 9), b)
}
