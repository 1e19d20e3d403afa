package archive_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

func TestEventVectors(t *testing.T) {
	param := func(item uint32, v history.Value) []history.EventParam {
		v.Inst = pcp.InstNull
		return []history.EventParam{{PMID: pcp.NewPMID(245, 1, item), Value: v}}
	}
	at := func(sec int64, nsec int32) pcp.Timestamp { return pcp.Timestamp{Sec: 0x6553f100 + sec, Nsec: nsec} }
	for _, tt := range []struct {
		name, vector string
		typ          pcp.Type
		want         []history.EventRecord
	}{
		{"event", "both/event-records", pcp.TypeEvent, []history.EventRecord{
			{Stamp: at(0, 5000), Flags: history.EventPoint, Params: param(1, history.Value{Type: pcp.TypeString, Data: []byte("abc")})},
			{Stamp: at(1, 5000), Flags: history.EventMissed, Missed: 7},
			{Stamp: at(2, 5000), Flags: history.EventPoint, Params: param(2, history.Value{Type: pcp.TypeU32, Bits: 42})},
		}},
		{"highres event", "both/event-records-highres", pcp.TypeHighResEvent, []history.EventRecord{
			{Stamp: at(0, 5), Flags: history.EventPoint, Params: param(3, history.Value{Type: pcp.TypeU64, Bits: 1 << 32})},
			{Stamp: at(1, 5), Flags: history.EventMissed, Missed: 2},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			content := archtest.VectorBytes(t, tt.vector)
			events, err := history.Value{Type: tt.typ, Data: content}.Events()
			require.NoError(t, err)
			assert.Equal(t, tt.want, events)
			v, err := history.EventValue(pcp.InstNull, tt.typ, events)
			require.NoError(t, err)
			assert.Equal(t, content, v.Data)
		})
	}
}

// TestEventPadding checks that the padding of parameters may have any value and
// that the last parameter may lack it.
func TestEventPadding(t *testing.T) {
	for _, end := range []string{"61626300", "616263ff", "616263"} {
		content := archtest.Bytes(t, `00000001 6553f100 00000005 00000001 00000001 3d400401 06000007`+end)
		events, err := history.Value{Type: pcp.TypeEvent, Data: content}.Events()
		require.NoError(t, err)
		assert.Equal(t, []byte("abc"), events[0].Params[0].Value.Data, "without a NUL")
	}
}

// TestEventRoundTrip writes event arrays with parameters of every type.
func TestEventRoundTrip(t *testing.T) {
	number := func(id pcp.PMID, typ pcp.Type, bits uint64) history.EventParam {
		return history.EventParam{PMID: id, Value: history.NumberValue(pcp.InstNull, typ, bits)}
	}
	data := func(id pcp.PMID, typ pcp.Type, s string) history.EventParam {
		return history.EventParam{PMID: id, Value: history.Value{Inst: pcp.InstNull, Type: typ, Data: []byte(s)}}
	}
	for typ, stamp := range map[pcp.Type]pcp.Timestamp{
		pcp.TypeEvent:        {Sec: 1700000000, Nsec: 123456000},
		pcp.TypeHighResEvent: {Sec: 1<<33 + 1, Nsec: 123456789},
	} {
		want := []history.EventRecord{
			{Stamp: stamp, Flags: history.EventStart | history.EventID, Params: []history.EventParam{
				number(1, pcp.Type32, 0xfffffffe), number(2, pcp.TypeU32, 7), number(3, pcp.Type64, 1<<63), number(4, pcp.TypeU64, 1<<63),
				number(5, pcp.TypeFloat, 0x3f800000), number(6, pcp.TypeDouble, 0x3ff0000000000000),
				data(7, pcp.TypeString, "hello"), data(8, pcp.TypeString, ""), data(9, pcp.TypeAggregate, "\x00\x01\x02\x03"),
			}},
			{Stamp: stamp, Flags: history.EventMissed, Missed: 3},
			{Stamp: stamp, Params: []history.EventParam{}},
		}
		v, err := history.EventValue(3, typ, want)
		require.NoError(t, err)
		assert.Equal(t, pcp.InstID(3), v.Inst)
		got, err := v.Events()
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

// TestEventDamage decodes every prefix of an event array, and false lengths.
func TestEventDamage(t *testing.T) {
	content := archtest.VectorBytes(t, "both/event-records")
	for n := range content {
		_, err := history.Value{Type: pcp.TypeEvent, Data: content[:n]}.Events()
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
		_, err := history.Value{Type: pcp.TypeEvent, Data: archtest.Bytes(t, c.block)}.Events()
		assert.ErrorIs(t, err, c.want, name)
	}
	_, err := history.WordValue(0, 5).Events()
	assert.ErrorIs(t, err, pcp.ErrMismatch)
}

func TestEventValueRefuses(t *testing.T) {
	_, err := history.EventValue(0, pcp.TypeString, nil)
	assert.ErrorIs(t, err, pcp.ErrRange)
	_, err = history.EventValue(0, pcp.TypeEvent, []history.EventRecord{{Flags: history.EventMissed | history.EventPoint}})
	assert.ErrorIs(t, err, pcp.ErrRange)
	_, err = history.EventValue(0, pcp.TypeEvent, make([]history.EventRecord, 2<<20))
	assert.ErrorIs(t, err, pcp.ErrRange)
}
