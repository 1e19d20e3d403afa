package labelset_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

func TestDecodeInstance(t *testing.T) {
	for _, tt := range []struct {
		name, hex string
		inst      pcp.InstID
		labels    string
		err       pcp.Errno
		invalid   bool
	}{
		{"one label", `ffffffff 00000007 7b226122 3a317d 00000001 0002 01 01 0005 0001`, pcp.InstNull, "a=1", 0, false},
		{"no labels", `00000003 00000000 00000000`, 3, "", 0, false},
		{"no labels but JSON", `ffffffff 00000002 7b7d 00000000`, pcp.InstNull, "", 0, false},
		{"an error", `00000000 00000000 ffffcfc1`, 0, "", -12351, false},
		{"wrong value slice", `ffffffff 00000007 7b226122 3a317d 00000001 0002 01 01 0004 0001`, pcp.InstNull, "a=1", 0, false},
		{"leaf name of a compound", `ffffffff 0000000d "{" 22 "b" 22 ":{" 22 "c" 22 ":2}}" 00000001 0007 01 41 000a 0001`, pcp.InstNull, "b.c=2", 0, false},
		{"not JSON", `ffffffff 00000005 "{a:1}" 00000002 0001 01 01 0003 0001 0001 01 01 0003 0009`, pcp.InstNull, "a=1", 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			raw := archtest.Bytes(t, tt.hex)
			in, size, err := labelset.DecodeInstance(append(raw, "rest"...), labelset.Context)
			require.NoError(t, err)
			assert.Equal(t, len(raw), size)
			assert.Equal(t, tt.inst, in.Inst)
			assert.Equal(t, tt.labels, list(in.Set))
			assert.Equal(t, tt.err, in.Err)
			assert.Equal(t, tt.invalid, in.Set.Invalid() != nil)
			assert.Equal(t, raw, in.AppendBinary(nil), "written as it was read")
		})
	}
}

func TestDecodeInstanceFlags(t *testing.T) {
	raw := archtest.Bytes(t, `ffffffff 00000007 7b226122 3a317d 00000001 0002 01 c1 0005 0001`)
	in, _, err := labelset.DecodeInstance(raw, labelset.Context)
	require.NoError(t, err)
	assert.Equal(t, labelset.Label{Name: "a", Value: "1", Level: labelset.Context, Flags: labelset.Compound | labelset.Optional}, in.Set.At(0))
}

func TestDecodeInstanceErrors(t *testing.T) {
	for _, tt := range []struct{ name, hex, err string }{
		{"nothing", ``, "offset 0: labels record: record is too short"},
		{"negative JSON length", `ffffffff ffffffff 00000000`, "offset 4: labels record: JSON length: -1: value out of range"},
		{"JSON length beyond the format", `ffffffff 00010000 00000000`, "offset 4: labels record: JSON length: 65536: value out of range"},
		{"JSON length beyond the record", `ffffffff 00000009 00000000`, "offset 8: labels record: record is too short"},
		{"too many labels", `ffffffff 00000000 00000100`, "offset 8: labels record: label count: 256: value out of range"},
		{"labels beyond the record", `ffffffff 00000000 00000001 0000`, "offset 14: labels record: record is too short"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := labelset.DecodeInstance(archtest.Bytes(t, tt.hex), labelset.Context)
			assert.EqualError(t, err, tt.err)
		})
	}
}

func TestDecodeInstanceDoesNotCountInVain(t *testing.T) {
	raw := archtest.Bytes(t, `ffffffff 00000000 7fffffff`)
	for range 1000 { // an hour, if the count were believed
		_, _, err := labelset.DecodeInstance(raw, labelset.Context)
		require.ErrorIs(t, err, pcp.ErrRange)
	}
}
