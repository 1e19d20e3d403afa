package scale

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/pcp"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"mbytes/s": "Mbyte / sec", "Mbyte / sec": "Mbyte / sec", "KB": "Kbyte", "gigabytes": "Gbyte", "ms": "millisec",
		"count x 10^6": "count x 10^6", "count / s": "count / sec", "/ hour": "/ hour", "byte^2": "byte^2", "none": "", "": "",
		"microseconds": "microsec", "count x 10^-3 / min": "count x 10^-3 / min", "1/s": "error", "sec sec": "error", "furlong": "error",
		"byte^99": "error", "byte x 10^3": "error", "count x 7": "error", "/": "error", "byte / sec / count": "error",
	} {
		u, err := Parse(text)
		if want == "error" {
			assert.ErrorIs(t, err, ErrUnits, text)
			continue
		}
		require.NoError(t, err, text)
		assert.Equal(t, want, u.String(), text)
	}
}

func TestFactor(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     float64
	}{
		{"Kbyte / sec", "mbytes/s", 1. / 1024}, {"Mbyte", "byte", 1 << 20}, {"hour", "min", 60}, {"millisec", "sec", 0.001},
		{"byte / min", "byte / sec", 1. / 60}, {"count x 10^6", "count", 1e6}, {"byte^2", "Kbyte^2", 1. / (1 << 20)},
	} {
		from, err := Parse(c.from)
		require.NoError(t, err)
		to, err := Parse(c.to)
		require.NoError(t, err)
		require.True(t, SameDimension(from, to))
		assert.InEpsilon(t, c.want, Factor(from, to), 1e-12, c.from)
	}
	assert.False(t, SameDimension(pcp.Units{DimSpace: 1}, pcp.Units{DimTime: 1}))
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"mbytes/s", "count x 10^6", "/ hour", "byte^2", "none"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := Parse(s)
		if err != nil {
			return
		}
		again, err := Parse(u.String())
		require.NoError(t, err, u.String())
		require.Equal(t, u.String(), again.String())
	})
}
