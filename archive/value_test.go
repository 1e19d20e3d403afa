package archive_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

func TestNumber(t *testing.T) {
	number := history.NumberValue
	for _, tt := range []struct {
		name  string
		value history.Value
		typ   pcp.Type
		want  float64
		ok    bool
	}{
		{"32", history.WordValue(0, 0xffffffff), pcp.Type32, -1, true},
		{"u32", history.WordValue(0, 0xffffffff), pcp.TypeU32, 4294967295, true},
		{"64", number(0, pcp.Type64, math.MaxUint64), pcp.Type64, -1, true},
		{"u64", number(0, pcp.TypeU64, 1<<63), pcp.TypeU64, 1 << 63, true},
		{"float", number(0, pcp.TypeFloat, uint64(math.Float32bits(1.5))), pcp.TypeFloat, 1.5, true},
		{"float in situ", history.WordValue(0, math.Float32bits(1.5)), pcp.TypeFloat, 1.5, true},
		{"double", history.DoubleValue(0, -0.25), pcp.TypeDouble, -0.25, true},
		{"another type", history.DoubleValue(0, 1), pcp.TypeU64, 0, false},
		{"word for 8 bytes", history.WordValue(0, 1), pcp.TypeU64, 0, false},
		{"string", history.StringValue(0, "1"), pcp.TypeString, 0, false},
		{"string as a number", history.StringValue(0, "1"), pcp.TypeU32, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := tt.value.Number(tt.typ)
			assert.Equal(t, tt.ok, ok)
			assert.Equal(t, tt.want, got)
		})
	}
	assert.Equal(t, "text", history.StringValue(0, "text").Text())
	assert.Equal(t, "no NUL", history.Value{Data: []byte("no NUL")}.Text())
}

func TestFormatOf(t *testing.T) {
	for typ := pcp.Type32; typ <= pcp.TypeHighResEvent; typ++ {
		want := archive.Block
		switch typ {
		case pcp.Type32, pcp.TypeU32:
			want = archive.InSitu
		case pcp.TypeAggregateStatic, pcp.TypeEvent, pcp.TypeHighResEvent:
			want = archive.Static
		}
		assert.Equal(t, want, archive.FormatOf(typ), typ)
	}
}
