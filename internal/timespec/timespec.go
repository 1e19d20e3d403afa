// Package timespec parses times in the notations of PCP's tools and in everyday
// ones, relative to the recorded times.
package timespec

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

// ErrTime reports the text of a time that cannot be parsed.
var ErrTime = errors.New("not a time: want an interval such as 90sec or -1hour30min, " +
	"or a time such as '14:30', 'yesterday 14:30', 'Jul 14 14:30:05 2025' or '2025-07-14 14:30'")

// Window holds the times that a relative time refers to.
type Window struct {
	// Start is the first recorded time or, for the end of a window, the start
	// of that window.
	Start pcp.Timestamp
	// First is the first recorded time.
	First pcp.Timestamp
	// End returns the last recorded time. It may have to search for it.
	End func() (pcp.Timestamp, error)
	// Zone is the time zone of times that do not name one.
	Zone *time.Location
	// Now is the current time.
	Now time.Time
	// Epoch says that a number without a unit counts seconds since 1970;
	// otherwise it counts seconds since Start.
	Epoch bool
}

// Parse parses a time. If the text is at fault, the error wraps [ErrTime].
func (w Window) Parse(text string) (pcp.Timestamp, error) {
	s := strings.TrimSpace(text)
	rest, at := strings.CutPrefix(s, "@")
	if at {
		s = strings.TrimSpace(rest)
	}
	for _, read := range []func(string, bool) (pcp.Timestamp, bool, error){w.epoch, w.anchored, w.interval, w.absolute, w.clock} {
		if t, ok, err := read(s, at); ok || err != nil {
			return t, err
		}
	}
	return pcp.Timestamp{}, fmt.Errorf("%q: %w", text, ErrTime)
}

// epoch parses seconds since 1970, exactly.
func (w Window) epoch(s string, at bool) (t pcp.Timestamp, ok bool, err error) {
	sec, err := strconv.ParseFloat(s, 64)
	if err != nil || !w.Epoch && !at || s[0] == '-' || s[0] == '+' {
		return t, false, nil
	}
	whole, frac, _ := strings.Cut(s, ".")
	n, errN := strconv.ParseInt(whole, 10, 64)
	nsec, errFrac := strconv.ParseInt((frac + "000000000")[:9], 10, 32)
	switch {
	case errN == nil && errFrac == nil:
		return pcp.Timestamp{Sec: n, Nsec: int32(nsec)}, true, nil
	case sec >= 0 && sec < maxSeconds:
		return pcp.TimestampMilli(int64(sec * 1000)), true, nil
	}
	return t, false, nil
}

// maxSeconds exceeds any time in an archive and still fits in milliseconds.
const maxSeconds = 1 << 40

// anchored parses start, end and now, each with an optional offset.
func (w Window) anchored(s string, _ bool) (t pcp.Timestamp, ok bool, err error) {
	lower := strings.ToLower(s)
	for _, anchor := range []string{"start", "end", "now"} {
		offset, found := strings.CutPrefix(lower, anchor)
		if !found {
			continue
		}
		d, err := Offset(offset)
		if err != nil {
			return t, false, nil // the other forms may accept the words
		}
		switch anchor {
		case "start":
			t = w.First
		case "end":
			t, err = w.End()
		default:
			t = pcp.TimestampOf(w.Now)
		}
		return t.Add(d), err == nil, err
	}
	return t, false, nil
}

// interval parses an interval: after the start, or before the end if it has a
// minus sign or the suffix ago.
func (w Window) interval(s string, _ bool) (t pcp.Timestamp, ok bool, err error) {
	s, ago := strings.CutSuffix(strings.ToLower(s), " ago")
	back := strings.HasPrefix(s, "-")
	if ago && back || strings.ContainsRune(s, ':') {
		return t, false, nil
	}
	d, err := Interval(strings.TrimLeft(s, "+-"))
	switch {
	case err != nil:
		return t, false, nil
	case ago || back:
		t, err = w.End()
		return t.Add(-d), err == nil, err
	}
	return w.Start.Add(d), true, nil
}

// forms are the layouts of a time with its date.
var forms = []string{
	time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04Z07:00",
	"2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02",
}

// absolute parses a time with its date.
func (w Window) absolute(s string, _ bool) (t pcp.Timestamp, ok bool, err error) {
	for _, form := range forms {
		if at, err := time.ParseInLocation(form, s, w.Zone); err == nil {
			return pcp.TimestampOf(at), true, nil
		}
	}
	return t, false, nil
}

// Format writes a time in a zone, with as many digits of the second as it has.
func Format(t pcp.Timestamp, zone *time.Location) string {
	return t.Time().In(zone).Format("2006-01-02 15:04:05.999999999 MST")
}
