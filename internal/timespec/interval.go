package timespec

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// ErrInterval reports the text of an interval that cannot be parsed.
var ErrInterval = errors.New("want a form such as 90s, 1h30m or 7d")

// units maps the names of time units, without the plural s, to their lengths.
var units = map[string]time.Duration{
	"": time.Second, "s": time.Second, "sec": time.Second, "second": time.Second,
	"m": time.Minute, "min": time.Minute, "minute": time.Minute,
	"h": time.Hour, "hr": time.Hour, "hour": time.Hour, "d": 24 * time.Hour, "day": 24 * time.Hour,
	"w": 7 * 24 * time.Hour, "week": 7 * 24 * time.Hour, "y": 365 * 24 * time.Hour, "year": 365 * 24 * time.Hour,
	"ms": time.Millisecond, "msec": time.Millisecond, "millisec": time.Millisecond, "millisecond": time.Millisecond,
	"us": time.Microsecond, "µs": time.Microsecond, "usec": time.Microsecond, "microsec": time.Microsecond, "microsecond": time.Microsecond,
	"ns": time.Nanosecond, "nsec": time.Nanosecond, "nanosec": time.Nanosecond, "nanosecond": time.Nanosecond,
}

// Interval parses an interval without a sign: one or more numbers with units,
// as PCP, Go and Prometheus write them. A number alone counts seconds. Errors
// wrap [ErrInterval].
func Interval(text string) (total time.Duration, err error) {
	if d, err := time.ParseDuration(text); err == nil && d >= 0 && !strings.HasPrefix(text, "+") {
		return d, nil // time.ParseDuration is exact to the nanosecond
	}
	bad := fmt.Errorf("interval %q: %w", text, ErrInterval)
	s := strings.ToLower(strings.TrimSpace(text))
	if s == "" {
		return 0, bad
	}
	for ; s != ""; s = strings.TrimSpace(s) {
		digits := len(s) - len(strings.TrimLeft(s, "0123456789."))
		n, err := strconv.ParseFloat(s[:digits], 64)
		if err != nil {
			return 0, bad
		}
		s = strings.TrimLeft(s[digits:], " ")
		letters := len(s) - len(strings.TrimLeft(s, "abcdefghijklmnopqrstuvwxyzµ"))
		unit, ok := units[s[:letters]]
		if !ok {
			unit, ok = units[strings.TrimSuffix(s[:letters], "s")]
		}
		if n *= float64(unit); !ok || n+float64(total) >= math.MaxInt64 {
			return 0, bad
		}
		total += time.Duration(math.Round(n))
		s = s[letters:]
	}
	return total, nil
}

// Offset parses the text after an anchor: nothing, or a sign and an interval
// with a unit. Errors wrap [ErrInterval].
func Offset(text string) (time.Duration, error) {
	s := strings.TrimSpace(text)
	if s == "" {
		return 0, nil
	}
	rest, minus := strings.CutPrefix(s, "-")
	if !minus {
		var plus bool
		if rest, plus = strings.CutPrefix(s, "+"); !plus {
			return 0, fmt.Errorf("offset %q: %w, after + or -", text, ErrInterval)
		}
	}
	d, err := Interval(rest)
	if minus {
		d = -d
	}
	return d, err
}

// hasUnit reports whether an interval ends in a unit.
func hasUnit(s string) bool {
	return strings.TrimRight(s, "0123456789.: ") == s
}
