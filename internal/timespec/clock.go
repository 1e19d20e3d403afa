package timespec

import (
	"strconv"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/internal/lazyregexp"
	"github.com/pcparchive/pcparchive/pcp"
)

// clock parses a date, a time of day or both, whose fields may be incomplete.
// Fields before the first given one come from the start of the window; clock
// returns the first matching time from there on. Fields after the last given
// one are zero or one.
func (w Window) clock(s string, _ bool) (t pcp.Timestamp, ok bool, err error) {
	s, offset := cutOffset(s)
	c := clockText{w: w, zone: w.Zone}
	if s == "" || !c.read(strings.ToLower(s), s) {
		return t, false, nil
	}
	at, ok := c.resolve()
	return pcp.TimestampOf(at).Add(offset), ok, nil
}

// cutOffset cuts an offset such as -5min from the end of a time.
func cutOffset(s string) (string, time.Duration) {
	for i := 1; i < len(s); i++ {
		if s[i] != '-' && s[i] != '+' {
			continue
		}
		if d, err := Offset(s[i:]); err == nil && hasUnit(s) {
			return strings.TrimSpace(s[:i]), d
		}
	}
	return s, 0
}

// clockText holds the fields of a date and time of day.
type clockText struct {
	w                Window
	zone             *time.Location
	year, month, day int
	weekday          int // 1 is Sunday, 0 none
	relative         bool
	timed            bool
	hour, minute     int
	second           float64
	half             string // "am", "pm" or ""
}

var (
	isoDate   = lazyregexp.New(`^(\d{4}|\d{2})-(\d{1,2})-(\d{1,2})$`)
	slashDate = lazyregexp.New(`^(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})$`)
	timeOfDay = lazyregexp.New(`^(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d*)?))?(am|pm)?$`)
	halfHour  = lazyregexp.New(`^(\d{1,2})(am|pm)$`)
	zoneShift = lazyregexp.New(`^[+-]\d{2}:?\d{2}$`)
)

// read parses the words, which may come in any order.
func (c *clockText) read(lower, text string) bool {
	fields, exact := strings.Fields(lower), strings.Fields(text)
	for i, field := range fields {
		field = strings.TrimSuffix(field, ",")
		if i+1 < len(fields) && (fields[i+1] == "am" || fields[i+1] == "pm") && onlyDigits(field) {
			field += fields[i+1] // the words "2" and "pm"
			fields[i+1] = ""
		}
		if field != "" && !c.date(field) && !c.time(field) && !c.word(field) && !c.zoneName(field, exact[i]) {
			return false
		}
	}
	return true
}

// date parses a word that is a date.
func (c *clockText) date(s string) bool {
	if m := isoDate().FindStringSubmatch(s); m != nil {
		return c.setDate(m[1], m[2], m[3])
	}
	if m := slashDate().FindStringSubmatch(s); m != nil {
		return c.setDate(m[3], m[1], m[2])
	}
	return false
}

func (c *clockText) setDate(year, month, day string) bool {
	if c.year+c.month+c.day > 0 || c.relative {
		return false
	}
	c.year, c.month, c.day = atoi(year), atoi(month), atoi(day)
	if len(year) == 2 {
		c.year += 2000
		if c.year >= 2069 { // two-digit years, as in POSIX
			c.year -= 100
		}
	}
	return c.month >= 1 && c.month <= 12 && c.day >= 1
}

// time parses a word that is a time of day.
func (c *clockText) time(s string) bool {
	if s == "am" || s == "pm" {
		c.half = s
		return c.timed
	}
	m := timeOfDay().FindStringSubmatch(s)
	if h := halfHour().FindStringSubmatch(s); h != nil {
		m = []string{"", h[1], "0", "", h[2]}
	}
	if m == nil || c.timed {
		return false
	}
	c.timed, c.hour, c.minute, c.half = true, atoi(m[1]), atoi(m[2]), m[4]
	c.second, _ = strconv.ParseFloat(m[3], 64) // an empty text means zero
	return c.hour <= 24 && c.minute < 60 && c.second < 61
}

// word parses a word or number that is part of a date.
func (c *clockText) word(s string) bool {
	switch month, weekday := nameOf(s, months), nameOf(s, weekdays); {
	case month > 0:
		c.month = month
		return true
	case weekday > 0:
		c.weekday = weekday
		return true
	case onlyDigits(s) && len(s) == 4:
		c.year = atoi(s)
		return true
	case onlyDigits(s) && len(s) <= 2 && c.day == 0:
		c.day = atoi(s)
		return true
	}
	days, ok := map[string]int{"now": 0, "today": 0, "yesterday": -1, "tomorrow": 1}[s]
	if !ok || c.relative || c.year+c.month+c.day > 0 {
		return false
	}
	now := c.w.Now.In(c.zone)
	if s == "now" {
		c.timed, c.hour, c.minute = true, now.Hour(), now.Minute()
		c.second = float64(now.Second()) + float64(now.Nanosecond())/1e9
	}
	then := time.Date(now.Year(), now.Month(), now.Day()+days, 0, 0, 0, 0, c.zone)
	c.year, c.month, c.day, c.relative = then.Year(), int(then.Month()), then.Day(), true
	return true
}

// zoneName parses a word that is a time zone.
func (c *clockText) zoneName(lower, s string) bool {
	if zoneShift().MatchString(lower) {
		digits := strings.ReplaceAll(lower[1:], ":", "")
		seconds := atoi(digits[:2])*3600 + atoi(digits[2:])*60
		if lower[0] == '-' {
			seconds = -seconds
		}
		c.zone = time.FixedZone(lower, seconds)
		return true
	}
	if lower == "z" || lower == "gmt" {
		s = "UTC"
	}
	loc, err := time.LoadLocation(s)
	if err != nil || s == "Local" {
		return false
	}
	c.zone = loc
	return true
}

// resolve returns the time of the fields.
func (c *clockText) resolve() (time.Time, bool) {
	switch {
	case c.half != "" && (c.hour < 1 || c.hour > 12):
		return time.Time{}, false
	case c.half != "":
		c.hour %= 12
		if c.half == "pm" {
			c.hour += 12
		}
	}
	from := c.w.Start.Time().In(c.zone)
	y, m, d := from.Year(), int(from.Month()), from.Day()
	switch {
	case c.year > 0 && c.month > 0:
		return c.at(c.year, c.month, max(c.day, 1))
	case c.year > 0 && c.day == 0:
		return c.at(c.year, 1, 1)
	case c.month > 0:
		if t, ok := c.at(y, c.month, max(c.day, 1)); ok && !c.past(t, from) {
			return t, true
		}
		return c.at(y+1, c.month, max(c.day, 1))
	case c.day > 0 || !c.timed && c.weekday == 0:
		return time.Time{}, false
	}
	for range 9 { // a week, and one more day if today's time has passed
		t, ok := c.at(y, m, d)
		if ok && !c.past(t, from) && (c.weekday == 0 || int(t.Weekday())+1 == c.weekday) {
			return t, true
		}
		next := time.Date(y, time.Month(m), d+1, 0, 0, 0, 0, time.UTC)
		y, m, d = next.Year(), int(next.Month()), next.Day()
	}
	return time.Time{}, false
}

// at returns the time of day on a date. It returns false if the date does not
// exist.
func (c *clockText) at(y, m, d int) (time.Time, bool) {
	if day := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC); day.Day() != d {
		return day, false
	}
	t := time.Date(y, time.Month(m), d, c.hour, c.minute, 0, 0, c.zone)
	return t.Add(time.Duration(c.second * float64(time.Second))), true // the nanoseconds exceed a 32-bit int
}

// past reports whether the smallest given unit ended before from: the minute of
// a time of day, else the day or the month.
func (c *clockText) past(t, from time.Time) bool {
	switch {
	case c.timed:
		t = t.Truncate(time.Minute).Add(time.Minute)
	case c.day == 0 && c.weekday == 0:
		t = t.AddDate(0, 1, 0)
	default:
		t = t.AddDate(0, 0, 1)
	}
	return !t.After(from)
}

// nameOf returns the position of a name, or of its first three letters, counted
// from 1; 0 if it is unknown.
func nameOf(s string, names []string) int {
	for i, name := range names {
		if s == name || s == name[:3] {
			return i + 1
		}
	}
	return 0
}

var (
	months = []string{
		"january", "february", "march", "april", "may", "june",
		"july", "august", "september", "october", "november", "december",
	}
	weekdays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
)

func onlyDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// atoi returns the value of a few digits.
func atoi(s string) int {
	n, _ := strconv.Atoi(s) // the caller has checked the digits
	return n
}
