package archive_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

// eventBlock is the vector of format 2.11 without the block's header.
const eventBlock = `00000002
	6553f100 00000005 00000001 00000001 3d400401 06000007 61626300
	6553f101 00000005 80000000 00000007`

func TestEventVector(t *testing.T) {
	content := archtest.Bytes(t, eventBlock)
	events, err := archive.Value{Type: pcp.TypeEvent, Data: content}.Events()
	require.NoError(t, err)
	assert.Equal(t, []archive.EventRecord{
		{
			Stamp: pcp.Timestamp{Sec: 0x6553f100, Nsec: 5000}, Flags: archive.EventPoint,
			Params: []archive.EventParam{{PMID: 0x3d400401, Value: archive.Value{Inst: pcp.InstNull, Type: pcp.TypeString, Data: []byte("abc")}}},
		},
		{Stamp: pcp.Timestamp{Sec: 0x6553f101, Nsec: 5000}, Flags: archive.EventMissed, Missed: 7},
	}, events)
	v, err := archive.EventValue(pcp.InstNull, pcp.TypeEvent, events)
	require.NoError(t, err)
	assert.Equal(t, content, v.Data)
}

// TestEventRoundTrip writes event arrays with parameters of every type.
func TestEventRoundTrip(t *testing.T) {
	number := func(id pcp.PMID, typ pcp.Type, bits uint64) archive.EventParam {
		return archive.EventParam{PMID: id, Value: archive.NumberValue(pcp.InstNull, typ, bits)}
	}
	data := func(id pcp.PMID, typ pcp.Type, s string) archive.EventParam {
		return archive.EventParam{PMID: id, Value: archive.Value{Inst: pcp.InstNull, Type: typ, Data: []byte(s)}}
	}
	for typ, stamp := range map[pcp.Type]pcp.Timestamp{
		pcp.TypeEvent:        {Sec: 1700000000, Nsec: 123456000},
		pcp.TypeHighResEvent: {Sec: 1<<33 + 1, Nsec: 123456789},
	} {
		want := []archive.EventRecord{
			{Stamp: stamp, Flags: archive.EventStart | archive.EventID, Params: []archive.EventParam{
				number(1, pcp.Type32, 0xfffffffe), number(2, pcp.TypeU32, 7), number(3, pcp.Type64, 1<<63), number(4, pcp.TypeU64, 1<<63),
				number(5, pcp.TypeFloat, 0x3f800000), number(6, pcp.TypeDouble, 0x3ff0000000000000),
				data(7, pcp.TypeString, "hello"), data(8, pcp.TypeString, ""), data(9, pcp.TypeAggregate, "\x00\x01\x02\x03"),
			}},
			{Stamp: stamp, Flags: archive.EventMissed, Missed: 3},
			{Stamp: stamp, Params: []archive.EventParam{}},
		}
		v, err := archive.EventValue(3, typ, want)
		require.NoError(t, err)
		assert.Equal(t, pcp.InstID(3), v.Inst)
		got, err := v.Events()
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

// TestEventDamage decodes every beginning of an event array, and lengths that lie.
func TestEventDamage(t *testing.T) {
	content := archtest.Bytes(t, eventBlock)
	for n := range content {
		_, err := archive.Value{Type: pcp.TypeEvent, Data: content[:n]}.Events()
		assert.Error(t, err, "%d bytes", n)
	}
	for name, c := range map[string]struct {
		block string
		want  error
	}{
		"too many records":    {`7fffffff 6553f100 00000005 00000001 00000000`, pcp.ErrRange},
		"negative number":     {`ffffffff`, pcp.ErrRange},
		"too many parameters": {`00000001 6553f100 00000005 00000001 7fffffff`, pcp.ErrRange},
		"long parameter":      {`00000001 6553f100 00000005 00000001 00000001 3d400401 06ffffff 61626300`, pcp.ErrTruncated},
		"short parameter":     {`00000001 6553f100 00000005 00000001 00000001 3d400401 06000003 61626300`, pcp.ErrTruncated},
		"missed and more":     {`00000001 6553f100 00000005 80000001 00000001`, pcp.ErrRange},
	} {
		_, err := archive.Value{Type: pcp.TypeEvent, Data: archtest.Bytes(t, c.block)}.Events()
		assert.ErrorIs(t, err, c.want, name)
	}
	_, err := archive.WordValue(0, 5).Events()
	assert.ErrorIs(t, err, pcp.ErrMismatch)
}

func TestEventValueRefuses(t *testing.T) {
	_, err := archive.EventValue(0, pcp.TypeString, nil)
	assert.ErrorIs(t, err, pcp.ErrRange)
	_, err = archive.EventValue(0, pcp.TypeEvent, []archive.EventRecord{{Flags: archive.EventMissed | archive.EventPoint}})
	assert.ErrorIs(t, err, pcp.ErrRange)
	_, err = archive.EventValue(0, pcp.TypeEvent, make([]archive.EventRecord, 2<<20))
	assert.ErrorIs(t, err, pcp.ErrRange)
}
