package pcp_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/pcp"
)

func TestUnits(t *testing.T) {
	for _, tt := range []struct {
		text  string
		word  uint32
		units pcp.Units
	}{
		{"", 0, pcp.Units{}},
		{"Mbyte / sec", 0x1f023000, pcp.Units{DimSpace: 1, DimTime: -1, ScaleSpace: pcp.SpaceMbyte, ScaleTime: pcp.TimeSec}},
		{"hour / count x 10^6", 0x01f05600, pcp.Units{DimTime: 1, DimCount: -1, ScaleTime: pcp.TimeHour, ScaleCount: 6}},
		{"power (W)", 0x00000022, pcp.Units{ExtraUnit: 4, ExtraScale: 2}},
		{"/ temperature (K)", 0x000000fb, pcp.Units{ExtraUnit: -1, ExtraScale: 3}},
		{"byte^2 count", 0x20100000, pcp.Units{DimSpace: 2, DimCount: 1}},
		{"/ nanosec^8 count x 10", 0x08f00100, pcp.Units{DimTime: -8, DimCount: -1, ScaleCount: 1}},
		{"count x 10^-8", 0x00000800, pcp.Units{ScaleCount: -8}},
		{"count x 10", 0x00000100, pcp.Units{ScaleCount: 1}},
		{"current (mA) Ybyte min", 0x1108401a, pcp.Units{DimSpace: 1, DimTime: 1, ScaleSpace: 8, ScaleTime: pcp.TimeMin, ExtraUnit: 3, ExtraScale: 2}},
		{"space-15 time-9", 0x110f9000, pcp.Units{DimSpace: 1, DimTime: 1, ScaleSpace: 15, ScaleTime: 9}},
		{"extra-15", 0x00000078, pcp.Units{ExtraUnit: 15}},
		{"/ extra-16", 0x00000080, pcp.Units{ExtraUnit: -16}},
		{"voltage (scale-7)", 0x00000017, pcp.Units{ExtraUnit: 2, ExtraScale: 7}},
		{"voltage (scale-0)", 0x00000010, pcp.Units{ExtraUnit: 2}},
	} {
		t.Run(tt.text, func(t *testing.T) {
			assert.Equal(t, tt.units, pcp.UnitsFromWord(tt.word))
			assert.Equal(t, tt.word, tt.units.Word())
			assert.Equal(t, tt.text, tt.units.String())
		})
	}
}

func TestUnitsWordIsLossless(t *testing.T) {
	for shift := range 32 {
		for _, word := range []uint32{1 << shift, ^uint32(0) << shift, 0xdeadbeef << shift} {
			assert.Equal(t, word, pcp.UnitsFromWord(word).Word(), "%#x", word)
		}
	}
}
