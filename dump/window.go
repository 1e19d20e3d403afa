package dump

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// ErrTime says that the text of a time is not understood.
var ErrTime = errors.New("not a time: want an interval such as 90sec or -1hour30min, " +
	"or @ and a time such as '@ 14:30', '@ Jul 14 14:30:05 2025' or '@ 2025-07-14 14:30'")

// Window reads the bounds of a listing of r as PCP's tools take them: an interval
// counts from the archive's start, one with a minus sign back from its end; the
// interval of to counts from the bound that from gives. After an @ stands a time
// in zone, of which what is missing comes from the start. Where one text is empty
// its bound is the archive's; where both are there is no bound. Errors wrap
// [ErrTime].
func Window(r *archive.Reader, from, to string, zone *time.Location) (lower, upper pcp.Timestamp, err error) {
	if from == "" && to == "" {
		return lower, upper, nil
	}
	lower, upper, err = limits(r)
	if err != nil {
		return lower, upper, err
	}
	start, end := lower, upper
	if from != "" {
		if lower, err = windowTime(from, start, start, end, zone); err != nil {
			return lower, upper, err
		}
		if lower.Before(start) {
			lower = start
		}
	}
	if to != "" {
		upper, err = windowTime(to, lower, start, end, zone)
	}
	return lower, upper, err
}

// limits returns the first and last time of an archive.
func limits(r *archive.Reader) (start, end pcp.Timestamp, err error) {
	start = r.Header().Start
	w, err := newWalker(r, false)
	if err != nil {
		return start, end, err
	}
	defer w.close()
	if end, err = w.findEnd(r.Index()); err != nil {
		end = pcp.MaxTime
	}
	return start, end, nil
}

// windowTime reads one bound; an interval without a minus sign counts from base.
func windowTime(text string, base, start, end pcp.Timestamp, zone *time.Location) (pcp.Timestamp, error) {
	s := strings.TrimSpace(text)
	if rest, ok := strings.CutPrefix(s, "@"); ok {
		t, err := clockTime(strings.TrimSpace(rest), start, zone)
		if err != nil {
			return t, fmt.Errorf("%q: %w", text, ErrTime)
		}
		return t, nil
	}
	back := strings.HasPrefix(s, "-")
	d, err := interval(strings.TrimLeft(s, "+-"))
	switch {
	case err != nil:
		return base, fmt.Errorf("%q: %w", text, ErrTime)
	case back:
		return end.Add(-d), nil
	}
	return base.Add(d), nil
}

// units are the words for units of time, without the s of the plural.
var units = map[string]time.Duration{
	"": time.Second, "s": time.Second, "sec": time.Second, "second": time.Second,
	"m": time.Minute, "min": time.Minute, "minute": time.Minute,
	"h": time.Hour, "hr": time.Hour, "hour": time.Hour, "d": 24 * time.Hour, "day": 24 * time.Hour,
	"msec": time.Millisecond, "millisec": time.Millisecond, "millisecond": time.Millisecond,
	"usec": time.Microsecond, "microsec": time.Microsecond, "microsecond": time.Microsecond,
	"nsec": time.Nanosecond, "nanosec": time.Nanosecond, "nanosecond": time.Nanosecond,
}

// interval reads numbers with units one after another, or hours:minutes[:seconds].
func interval(s string) (total time.Duration, err error) {
	if h, rest, ok := strings.Cut(s, ":"); ok {
		m, sec, _ := strings.Cut(rest, ":")
		return time.ParseDuration(h + "h" + m + "m" + orZero(sec) + "s")
	}
	for s = strings.ToLower(strings.TrimSpace(s)); s != ""; s = strings.TrimSpace(s) {
		digits := len(s) - len(strings.TrimLeft(s, "0123456789."))
		n, err := strconv.ParseFloat(s[:digits], 64)
		if err != nil {
			return 0, err
		}
		s = strings.TrimLeft(s[digits:], " ")
		letters := len(s) - len(strings.TrimLeft(s, "abcdefghijklmnopqrstuvwxyz"))
		unit, ok := units[s[:letters]]
		if !ok {
			unit, ok = units[strings.TrimSuffix(s[:letters], "s")]
		}
		if !ok {
			return 0, ErrTime
		}
		if n *= float64(unit); n+float64(total) >= math.MaxInt64 {
			return 0, ErrTime
		}
		total += time.Duration(n)
		s = s[letters:]
	}
	return total, nil
}

func orZero(s string) string {
	if s == "" {
		return "0"
	}
	return s
}

// clockForms are the forms of a time with its date.
var clockForms = []string{
	"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04", "2006-01-02",
}

// clockTime reads a time of which some fields may be missing.
func clockTime(s string, start pcp.Timestamp, zone *time.Location) (pcp.Timestamp, error) {
	for _, form := range clockForms {
		if t, err := time.ParseInLocation(form, s, zone); err == nil {
			return pcp.TimestampOf(t), nil
		}
	}
	from := start.Time().In(zone)
	date := [...]int{from.Year(), int(from.Month()), from.Day()}
	var hour, minute int
	var second float64
	dated := false
	for _, field := range strings.Fields(s) {
		var err error
		switch month := monthOf(field); {
		case strings.ContainsRune(field, ':'):
			hour, minute, second, err = timeOfDay(field)
		case month > 0:
			date[1], date[2], dated = month, 1, true
		case isWeekday(field):
		case len(field) == 4:
			date[0], err = strconv.Atoi(field)
			dated = true
		default:
			date[2], err = strconv.Atoi(field)
			dated = true
		}
		if err != nil {
			return start, err
		}
	}
	at := time.Date(date[0], time.Month(date[1]), date[2], hour, minute, 0, 0, zone).
		Add(time.Duration(second * float64(time.Second))) // more nanoseconds than an int of 32 bits holds
	if pcp.TimestampOf(at).Before(start) && !dated {
		if next := at.AddDate(0, 0, 1); at.Before(from.Truncate(time.Second)) {
			at = next
		}
	}
	return pcp.TimestampOf(at), nil
}

func timeOfDay(s string) (hour, minute int, second float64, err error) {
	parts := strings.SplitN(s, ":", 3)
	var errs [3]error
	hour, errs[0] = strconv.Atoi(parts[0])
	minute, errs[1] = strconv.Atoi(parts[1])
	if len(parts) > 2 {
		second, errs[2] = strconv.ParseFloat(parts[2], 64)
	}
	return hour, minute, second, errors.Join(errs[:]...)
}

func monthOf(s string) int {
	return 1 + slices.IndexFunc(months, func(m string) bool { return strings.EqualFold(m, s) })
}

func isWeekday(s string) bool {
	return slices.ContainsFunc(weekdays, func(d string) bool { return strings.EqualFold(d, s) })
}

var (
	months   = []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}
	weekdays = []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}
)
