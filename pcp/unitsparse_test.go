package pcp_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/pcp"
)

// TestParseUnits reads what String writes, for any units.
func TestParseUnits(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		u := pcp.UnitsFromWord(rng.Uint32() & rng.Uint32())
		if u.ExtraUnit > 4 || u.ExtraUnit < -4 {
			u.ExtraUnit = 0
		}
		if u.ScaleCount == 1 && u.DimCount*u.DimCount > 1 {
			u.ScaleCount = 0 // (count x 10)^2 is written as count x 10^2 is
		}
		parsed, err := pcp.ParseUnits(u.String())
		require.NoError(t, err, "%+v", u)
		require.Equal(t, u.String(), parsed.String(), "%+v", u)
		again, err := pcp.ParseUnits(parsed.String())
		require.NoError(t, err)
		require.Equal(t, parsed, again)
	}
	for text, want := range map[string]pcp.Units{
		"none": {}, "": {}, "count": {DimCount: 1}, "Kbyte": {DimSpace: 1, ScaleSpace: pcp.SpaceKbyte},
		"byte / millisec": {DimSpace: 1, DimTime: -1, ScaleTime: pcp.TimeMillisec}, "/ count": {DimCount: -1},
	} {
		u, err := pcp.ParseUnits(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, u, text)
	}
	for _, text := range []string{"parsec", "byte byte", "byte / / sec", "sec^1", "sec^9", "sec^x", "count x 11", "count x 10^9", "power", "power (V)", "count x 10^2^9", "time-99", "byte^8", "count x 10^6^8", "power (scale-9)"} {
		_, err := pcp.ParseUnits(text)
		assert.ErrorContains(t, err, "units", text)
	}
}
