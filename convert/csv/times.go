package csv

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

// The formats of times that are numbers.
const (
	FormatSeconds = "unix"    // seconds since 1970, possibly with a fraction
	FormatMillis  = "unix-ms" // milliseconds since 1970
)

// usualLayouts are the layouts of times that the reader recognizes.
var usualLayouts = []string{
	time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02T15:04:05",
	time.DateTime, "2006/01/02 15:04:05", "2006/01/02 15:04", "2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly,
}

// strptime translates the conversions of strptime to Go's layouts.
var strptime = strings.NewReplacer(
	"%Y", "2006", "%y", "06", "%m", "01", "%d", "02", "%e", "_2", "%H", "15", "%I", "03", "%M", "04", "%S", "05",
	"%p", "PM", "%b", "Jan", "%B", "January", "%a", "Mon", "%A", "Monday", "%z", "-0700", "%Z", "MST", "%j", "002",
	"%k", "15", "%l", "3", ".%f", "", ",%f", "", "%h", "Jan", "%n", " ", "%t", " ",
	"%F", time.DateOnly, "%T", time.TimeOnly, "%D", "01/02/06", "%R", "15:04", "%%", "%",
)

// timeParser parses the cells of the column of times.
type timeParser struct {
	format string // of Options
	layout string // the layout that format stands for
	zone   *time.Location
	usual  int  // index of the usual layout that parsed the last time
	local  bool // the last time named no zone
}

// newTimeParser returns a parser. A nil zone means UTC.
func newTimeParser(format string, zone *time.Location) *timeParser {
	if zone == nil {
		zone = time.UTC
	}
	if format == "%s" {
		format = FormatSeconds
	}
	return &timeParser{format: format, layout: strptime.Replace(format), zone: zone}
}

// check rejects a format with conversions that are not known.
func (p *timeParser) check() error {
	if p.format == "" || !strings.Contains(strings.ReplaceAll(p.format, "%%", ""), "%") {
		return nil
	}
	if _, after, ok := strings.Cut(strptime.Replace(strings.ReplaceAll(p.format, "%%", "")), "%"); ok {
		conversion := "%" + after[:min(len(after), 1)]
		return fmt.Errorf("format of times %q: %s is not known", p.format, conversion)
	}
	return nil
}

// second returns the time an hour after t if clocks show both alike, as when summer time
// ends, and t is too early.
func (p *timeParser) second(t, least pcp.Timestamp) pcp.Timestamp {
	if !p.local {
		return t
	}
	first := t.Time().In(p.zone)
	again := first.Add(time.Hour)
	if first.Format(time.DateTime) != again.Format(time.DateTime) || pcp.TimestampOf(again).Before(least) {
		return t
	}
	return pcp.TimestampOf(again)
}

var (
	errTime  = errors.New("want a time such as 2026-01-02T03:04:05Z or '2026-01-02 03:04:05', or seconds or milliseconds since 1970")
	errRange = errors.New("a time before 1970 or after 9999")
)

// parse parses a time.
func (p *timeParser) parse(cell string) (pcp.Timestamp, error) {
	cell = strings.TrimSpace(cell)
	var t time.Time
	var err error
	p.local = false
	switch p.format {
	case "":
		t, err = p.recognize(cell)
	case FormatSeconds:
		t, err = sinceEpoch(cell, time.Second)
	case FormatMillis:
		t, err = sinceEpoch(cell, time.Millisecond)
	default:
		if t, err = p.parseIn(p.layout, cell); err != nil {
			err = fmt.Errorf("want the format %q", p.format)
		} else if name, offset := t.Zone(); offset == 0 && name != "UTC" && name != "GMT" && t.Location() != p.zone {
			err = fmt.Errorf("the zone %s is not known here; want an offset such as +0100", name)
		}
	}
	if err == nil && (t.Unix() < 0 || t.Year() > 9999) {
		err = errRange
	}
	if err != nil {
		return pcp.Timestamp{}, fmt.Errorf("time %.80q: %w", cell, err)
	}
	return pcp.TimestampOf(t), nil
}

// parseIn parses a time. Of the two times that a local one may be when summer time ends, it
// returns the first.
func (p *timeParser) parseIn(layout, cell string) (time.Time, error) {
	t, err := time.ParseInLocation(layout, cell, p.zone)
	if err != nil || p.zone == time.UTC || strings.Contains(layout, "07:00") || strings.Contains(layout, "-0700") || strings.Contains(layout, "MST") {
		return t, err
	}
	p.local = true
	if first := t.Add(-time.Hour); first.Format(time.DateTime) == t.Format(time.DateTime) {
		t = first
	}
	return t, nil
}

// leastMillis is the number since 1970 from which on it counts milliseconds. As seconds
// it is in the year 5138, as milliseconds in 1973.
const leastMillis = 1e11

// recognize parses a time in one of the usual forms.
func (p *timeParser) recognize(cell string) (time.Time, error) {
	if v, err := strconv.ParseFloat(cell, 64); err == nil {
		if math.Abs(v) < leastMillis {
			return sinceEpoch(cell, time.Second)
		}
		return sinceEpoch(cell, time.Millisecond)
	}
	for i := range usualLayouts {
		at := (p.usual + i) % len(usualLayouts)
		if t, err := p.parseIn(usualLayouts[at], cell); err == nil {
			p.usual = at
			return t, nil
		}
	}
	return time.Time{}, errTime
}

// sinceEpoch parses a number of units since 1970. It is exact to the nanosecond if the
// number has no exponent.
func sinceEpoch(cell string, unit time.Duration) (time.Time, error) {
	v, err := strconv.ParseFloat(cell, 64)
	if err != nil {
		return time.Time{}, errors.New("want a number since 1970")
	}
	perSecond := float64(time.Second / unit)
	if !(v >= 0 && v/perSecond < 253402300800) { // the year 10000; false for NaN
		return time.Time{}, errRange
	}
	part := v - math.Floor(v)
	n := int64(v)
	whole, fraction, _ := strings.Cut(cell, ".")
	if digits(whole) && digits(fraction) {
		// The text has more digits than a float of this size.
		n, part = 0, 0
		for _, c := range whole {
			n = n*10 + int64(c-'0')
		}
		for i := len(fraction) - 1; i >= 0; i-- {
			part = (part + float64(fraction[i]-'0')) / 10
		}
	}
	seconds := int64(time.Second / unit)
	nanos := int64(math.Round(part * float64(unit)))
	return time.Unix(n/seconds, n%seconds*int64(unit)+nanos), nil
}

// digits reports whether a text consists of digits.
func digits(text string) bool { return strings.Trim(text, "0123456789") == "" }
