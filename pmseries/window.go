package pmseries

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/internal/timespec"
	"github.com/pcparchive/pcparchive/pcp"
)

// Window says which values of a series to return. The zero Window asks for the last value.
type Window struct {
	// Samples is the largest number of samples. Zero means all of the window, or one if
	// there is no other limit.
	Samples int
	// Interval selects samples this far apart. Zero means all.
	Interval time.Duration
	// Start and Finish are times as PCP's tools take them, or seconds since 1970; "" means
	// the beginning and the end of the data. A negative interval counts back from the
	// present.
	Start, Finish string
	// Range begins the window this long before the present.
	Range time.Duration
	// Align moves Start to a multiple of an interval.
	Align time.Duration
	// Offset moves Start forward; a negative one begins the window before the finish.
	Offset time.Duration
	// Zone is the time zone of times that name none. Nil means UTC, unless HostZone says
	// that it is the one of the first host.
	Zone     *time.Location
	HostZone bool
}

// WindowError reports a part of a time window that cannot be used.
type WindowError struct {
	Key, Value string
	Err        error
}

// Error names the part and the reason.
func (e *WindowError) Error() string {
	return fmt.Sprintf("%s %q: %v", e.Key, e.Value, e.Err)
}

// Unwrap returns the reason.
func (e *WindowError) Unwrap() error { return e.Err }

// maxSamples is the largest number of samples that a window may ask for.
const maxSamples = math.MaxInt32

// windowKeys maps the names of the parts of a window to those that Set knows.
var windowKeys = map[string]string{
	"samples": "samples", "count": "samples", "interval": "interval", "delta": "interval",
	"start": "start", "begin": "start", "finish": "finish", "end": "finish", "align": "align", "alignment": "align",
	"offset": "offset", "from": "offset", "timezone": "timezone", "tz": "timezone", "zone": "timezone",
	"hostzone": "hostzone", "range": "range",
}

// Set sets a part of the window from its text. Errors are *[WindowError].
func (w *Window) Set(key, value string) error {
	name, known := windowKeys[key]
	err := errors.New("unknown part of a time window")
	if known {
		err = w.set(name, strings.TrimSpace(value))
	}
	if err != nil {
		return &WindowError{key, value, err}
	}
	return nil
}

func (w *Window) set(name, value string) (err error) {
	switch name {
	case "samples":
		w.Samples, err = strconv.Atoi(value)
		if err != nil || w.Samples < 1 || w.Samples > maxSamples {
			return errors.New("want a positive number of samples")
		}
	case "interval":
		w.Interval, err = timespec.Interval(value)
	case "range":
		w.Range, err = timespec.Interval(value)
	case "align":
		w.Align, err = timespec.Interval(value)
	case "offset":
		unsigned, negative := strings.CutPrefix(value, "-")
		w.Offset, err = timespec.Interval(strings.TrimPrefix(unsigned, "+"))
		if negative {
			w.Offset = -w.Offset
		}
	case "start":
		w.Start, err = value, checkTime(value)
	case "finish":
		w.Finish, err = value, checkTime(value)
	case "timezone":
		w.Zone, err = zoneOf(value)
	case "hostzone":
		w.HostZone, err = strconv.ParseBool(value)
	}
	return err
}

// checkTime returns an error for a text that is no time.
func checkTime(text string) error {
	_, err := Bounds{}.parse(text, pcp.Timestamp{}, time.UTC)
	return err
}

// zoneOf returns a time zone by its name or by a POSIX text such as EST5EDT.
func zoneOf(name string) (*time.Location, error) {
	name = strings.TrimPrefix(name, ":")
	if zone, err := time.LoadLocation(name); err == nil && name != "" && name != "Local" {
		return zone, nil
	}
	return nil, errors.New("unknown time zone")
}

// Bounds are the times that the times of a window refer to.
type Bounds struct {
	First, Last pcp.Timestamp  // of the data
	Present     pcp.Timestamp  // what now means
	Zone        *time.Location // of the first host
}

// parse parses a time.
func (b Bounds) parse(text string, start pcp.Timestamp, zone *time.Location) (pcp.Timestamp, error) {
	return timespec.Window{
		Start: start, First: b.First, End: func() (pcp.Timestamp, error) { return b.Present, nil },
		Zone: zone, Now: b.Present.Time(), Epoch: true,
	}.Parse(text)
}

// span is a window with its times worked out.
type span struct {
	from, to pcp.Timestamp // both inclusive
	// last is the number of samples to return from the end; newest first if backward.
	last     int
	backward bool
	first    int // number of samples to return from the beginning; 0 for all
	step     time.Duration
	anchored pcp.Timestamp // the beginning of the first interval; zero for the first sample
}

// resolve works out the times of a window.
func (w Window) resolve(b Bounds) (span, error) {
	zone := w.Zone
	if zone == nil && w.HostZone {
		zone = b.Zone
	}
	if zone == nil {
		zone = time.UTC
	}
	s := span{from: b.First, to: b.Last, step: w.Interval}
	if b.Present.After(s.to) {
		s.to = b.Present // records may be added meanwhile
	}
	var err error
	if w.Start != "" {
		if s.from, err = b.parse(w.Start, b.First, zone); err != nil {
			return s, &WindowError{"start", w.Start, err}
		}
	}
	if w.Finish != "" {
		if s.to, err = b.parse(w.Finish, s.from, zone); err != nil {
			return s, &WindowError{"finish", w.Finish, err}
		}
	}
	if w.Range > 0 {
		s.from = b.Present.Add(-w.Range)
	}
	w.limit(&s)
	return s, nil
}

// limit applies the number of samples, the offset and the alignment.
func (w Window) limit(s *span) {
	switch {
	case w.Offset > 0:
		s.from = s.from.Add(w.Offset)
	case w.Offset < 0:
		s.from = s.to.Add(w.Offset)
	}
	anchored := w.Start != "" || w.Range > 0 || w.Offset != 0
	switch {
	case anchored:
		s.first = w.Samples
	case w.Samples > 0 && w.Interval > 0:
		s.from = s.to.Add(-min(time.Duration(w.Samples), math.MaxInt64/w.Interval) * w.Interval)
		s.last = w.Samples
	case w.Samples > 0:
		s.last, s.backward = w.Samples, w.Finish == ""
	case w.Interval == 0 && w.Finish == "":
		s.last, s.backward = 1, true
	}
	if w.Align > 0 {
		s.from = aligned(s.from, w.Align)
	}
	if anchored || w.Align > 0 {
		s.anchored = s.from
	}
}

// aligned returns the first multiple of an interval at or after t.
func aligned(t pcp.Timestamp, d time.Duration) pcp.Timestamp {
	if t.Sec < 0 || t.Sec > math.MaxInt64/int64(time.Second)-1 {
		return t
	}
	n := t.Sec*int64(time.Second) + int64(t.Nsec)
	if rest := n % int64(d); rest != 0 && n <= math.MaxInt64-int64(d) {
		n += int64(d) - rest
	}
	return pcp.Timestamp{Sec: n / int64(time.Second), Nsec: int32(n % int64(time.Second))}
}
