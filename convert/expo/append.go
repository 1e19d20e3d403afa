package expo

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/common/model"
)

// appendFloat appends the shortest text that reads as v. In OpenMetrics it has a
// point or an exponent, to show that it is a float.
func appendFloat(b []byte, format Format, v float64) []byte {
	switch {
	case math.IsNaN(v):
		return append(b, "NaN"...)
	case math.IsInf(v, +1):
		return append(b, "+Inf"...)
	case math.IsInf(v, -1):
		return append(b, "-Inf"...)
	}
	start := len(b)
	b = strconv.AppendFloat(b, v, 'g', -1, 64)
	if format == OpenMetrics && bytes.IndexByte(b[start:], '.') < 0 && bytes.IndexByte(b[start:], 'e') < 0 {
		b = append(b, ".0"...)
	}
	return b
}

// appendCount appends v as an integer if v is a whole number.
func appendCount(b []byte, format Format, v float64) []byte {
	if v != math.Trunc(v) || math.Signbit(v) || v >= 1<<64 {
		return appendFloat(b, format, v)
	}
	return strconv.AppendUint(b, uint64(v), 10)
}

// appendTime appends a time of t milliseconds: in milliseconds in the text format,
// in seconds in OpenMetrics. Readers of OpenMetrics multiply a float by 1000 and
// drop the fraction, which may lose a millisecond, as for 1.001. In such a case
// appendTime writes the next larger float, a few nanoseconds later.
func appendTime(b []byte, format Format, t int64) []byte {
	if format == Text {
		return strconv.AppendInt(b, t, 10)
	}
	seconds := float64(t) / 1000
	if int64(seconds*1000) == t {
		b = strconv.AppendInt(b, t/1000, 10)
		ms := t % 1000
		return append(b, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
	}
	return strconv.AppendFloat(b, math.Nextafter(seconds, math.Inf(1)), 'f', -1, 64)
}

// helpEscaper leaves quotes as they are, also in OpenMetrics. Its grammar asks for
// \", but all readers accept a bare quote, and promtool's check of pages, which
// reads the text format, rejects the escaped one.
var (
	helpEscaper  = strings.NewReplacer("\\", `\\`, "\n", `\n`)
	quoteEscaper = strings.NewReplacer("\\", `\\`, "\n", `\n`, `"`, `\"`)
)

// appendText appends s with escapes. U+FFFD replaces invalid UTF-8, which parsers
// reject.
func appendText(b []byte, s string, r *strings.Replacer) []byte {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.ContainsAny(s, "\\\n\"") {
		s = r.Replace(s)
	}
	return append(b, s...)
}

// appendQuoted appends s between quotes.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	b = appendText(b, s, quoteEscaper)
	return append(b, '"')
}

// appendName appends the name of a metric, quoted if it is not a classic name.
func appendName(b []byte, name string) []byte {
	if model.LegacyValidation.IsValidMetricName(name) {
		return append(b, name...)
	}
	return appendQuoted(b, name)
}

// appendLabelName appends the name of a label, quoted if it is not a classic name
// of a label. Those have no colons.
func appendLabelName(b []byte, name string) []byte {
	if model.LegacyValidation.IsValidLabelName(name) {
		return append(b, name...)
	}
	return appendQuoted(b, name)
}
