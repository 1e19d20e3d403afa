package dump

import (
	"math"
	"strconv"
)

// appendFloat appends f as C's %.<digits>g does.
func appendFloat(b []byte, f float64, digits int) []byte {
	switch {
	case f == math.Trunc(f) && math.Abs(f) < 1e8 && (f != 0 || !math.Signbit(f)):
		return strconv.AppendInt(b, int64(f), 10) // fast path: most values are whole numbers
	case math.IsNaN(f):
		if math.Signbit(f) {
			b = append(b, '-')
		}
		return append(b, "nan"...)
	case math.IsInf(f, 0):
		if f < 0 {
			b = append(b, '-')
		}
		return append(b, "inf"...)
	}
	return strconv.AppendFloat(b, f, 'g', digits, 64)
}

// Significant digits that pmdumplog prints for each type.
const (
	floatDigits  = 8
	doubleDigits = 16
)
