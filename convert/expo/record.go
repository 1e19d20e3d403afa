package expo

import (
	"bytes"
	"strconv"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// A record is a line of a page or, where quoted text holds line feeds, several.

// recordSize returns the size of the record at the beginning of b, including its
// line feed. It returns -1 if b does not hold the whole record.
func recordSize(format Format, b []byte) int {
	at := 0
	switch {
	case len(b) == 0:
		return -1
	case b[0] == '#':
		at = descriptionHead(b)
	case b[0] != '\n':
		at = seriesSize(format, b)
	}
	if at < 0 {
		return -1
	}
	end := bytes.IndexByte(b[at:], '\n')
	if end < 0 {
		return -1
	}
	return at + end + 1
}

// descriptionHead returns the size of the part of a comment that may hold quoted
// line feeds: everything up to the end of a quoted family name. It returns -1 if b
// ends within the name.
func descriptionHead(b []byte) int {
	at := skipBlanks(b, 1)
	if at == 1 {
		return 0
	}
	for _, word := range []string{"HELP", "TYPE", "UNIT"} {
		if !bytes.HasPrefix(b[at:], []byte(word)) {
			continue
		}
		name := skipBlanks(b, at+len(word))
		if name > at+len(word) && name < len(b) && b[name] == '"' {
			return quotedEnd(b, name)
		}
		return 0
	}
	return 0
}

func skipBlanks(b []byte, at int) int {
	for at < len(b) && (b[at] == ' ' || b[at] == '\t') {
		at++
	}
	return at
}

// quotedEnd returns the offset after the quoted text that begins at the offset at.
// It returns -1 if the text does not end.
func quotedEnd(b []byte, at int) int {
	for at++; at < len(b); at++ {
		switch b[at] {
		case '\\':
			at++
		case '"':
			return at + 1
		}
	}
	return -1
}

// seriesSize returns the size of the name and the labels, with their braces, at the
// beginning of a sample's record. In malformed text they extend to the line feed.
// It returns -1 if b ends within them.
func seriesSize(format Format, b []byte) int {
	at := skipBlanks(b, 0) // the parser of the text format takes them
	for at < len(b) && b[at] != '{' && b[at] != ' ' && b[at] != '\t' && b[at] != '\n' {
		at++
	}
	brace := skipBlanks(b, at)
	if brace >= len(b) {
		return -1
	}
	if b[brace] != '{' {
		return at
	}
	value := false // a quoted text here is the value of a label
	for at = brace + 1; at < len(b); {
		switch c := b[at]; c {
		case '}':
			return at + 1
		case '\n':
			return at
		case '"':
			end := quotedEnd(b, at)
			if value && format == OpenMetrics {
				if feed := bytes.IndexByte(b[at:max(end, at)], '\n'); feed >= 0 {
					return at + feed // in OpenMetrics only names may hold a line feed
				}
				if feed := bytes.IndexByte(b[at:], '\n'); end < 0 && feed >= 0 {
					return at + feed
				}
			}
			if end < 0 {
				return -1
			}
			at = end
			value = false
		case '=':
			value = true
			at++
		case ' ', '\t':
			at++
		default:
			value = false
			at++
		}
	}
	return -1
}

// recordValue is the part of a record after the series.
type recordValue struct {
	value    float64
	time     int64 // in milliseconds
	hasTime  bool
	exemplar *prom.Exemplar // nil if the record has none
}

// parseReading parses a value and a time in their usual form. b is the record after
// the series, without the line feed. ok is false for any other form, which
// Prometheus' parser must read.
func parseReading(format Format, b []byte) (r recordValue, ok bool) {
	if len(b) < 2 || b[0] != ' ' || b[1] == ' ' {
		return r, false
	}
	value, rest, timed := bytes.Cut(b[1:], []byte(" "))
	if r.value, ok = parseValue(value); !ok || !timed {
		return r, ok
	}
	r.hasTime = true
	if format == Text {
		r.time, ok = parseDigits(rest, 18)
	} else {
		r.time, ok = parseSeconds(rest)
	}
	return r, ok
}

// inNumber has the characters of numbers that Go and the formats read alike. It
// excludes hexadecimal numbers, groups of digits, and NaN.
var inNumber = func() (in [256]bool) {
	for _, c := range []byte("0123456789.eE+-Inf") {
		in[c] = true
	}
	return in
}()

// parseValue parses a number in its usual form.
func parseValue(b []byte) (float64, bool) {
	if n, ok := parseDigits(b, 15); ok { // a float64 holds it
		return float64(n), true
	}
	if len(b) > 32 {
		return 0, false
	}
	for _, c := range b {
		if !inNumber[c] {
			return 0, false
		}
	}
	v, err := strconv.ParseFloat(string(b), 64)
	return v, err == nil
}

// parseDigits parses a whole number of at most the given number of digits.
func parseDigits(b []byte, most int) (n int64, ok bool) {
	if len(b) == 0 || len(b) > most {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, true
}

// parseSeconds parses a time in seconds and returns milliseconds, rounded towards
// zero. It accepts up to six digits after the point: then a float64 gives the same
// result for any recent time.
func parseSeconds(b []byte) (ms int64, ok bool) {
	whole, fraction, _ := bytes.Cut(b, []byte("."))
	n, ok := parseDigits(whole, 12)
	if !ok || len(fraction) > 6 || len(fraction) == 0 && len(whole) < len(b) {
		return 0, false
	}
	ms = 1000 * n
	for i, unit := 0, int64(100); i < len(fraction); i, unit = i+1, unit/10 {
		c := fraction[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		ms += unit * int64(c-'0')
	}
	return ms, true
}
