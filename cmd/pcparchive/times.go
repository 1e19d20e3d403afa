package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pcparchive/pcparchive/internal/timespec"
	"github.com/pcparchive/pcparchive/pcp"
)

const timeHelp = "14:30, 'YYYY-MM-DD HH:MM[:SS]', yesterday 14:30, now-2h, in the archive's time zone; RFC 3339; seconds since 1970; or start or end of the archive, with an offset such as end-5m; see 'pcparchive help times'"

// newTimesTopic returns a help topic, which is not a command.
func newTimesTopic(streams) *cobra.Command {
	return &cobra.Command{
		Use:   "times",
		Short: "Forms of times and intervals",
		Long: `Times have the forms that PCP's tools and Prometheus accept. An @ may precede a time.

  14:30, 2:30pm, 14:30:05.5  the first such time from the archive's start on; in --end
                             from --start on
  Mar 7, Mar 7 14:30         the first such day from the archive's start on
  2026-03-07 14:30           also 2026-03-07, 03/07/26, 7 Mar 2026, 2026-03-07T14:30
  2026-03-07T14:30:00Z       RFC 3339
  yesterday, today 14:30     relative to the current date; also tomorrow and now
  now-2h, yesterday+90min    with an offset
  start, end-5m              start or end of the archive, also with an offset
  30min, 1h30m, 2 days       this long after the archive's start; in --end after --start
  -30min, 30 minutes ago     this long before the archive's end
  1772893800.5               seconds since 1970

A time without a zone is in the archive's zone. A word after the time names another
zone: '2026-03-07 14:30 UTC', '14:30 +0200'. So does -Z, which takes a name such as
Europe/Berlin, or a POSIX TZ such as CET-1CEST, whose numbers count westwards. -z
stands for the zone of the archive's host. Both flags also set the zone of printed
times. JSON and CSV have times in UTC.

Without these flags 'dump' uses this host's zone, as pmdumplog does. It reads a
number without a unit as seconds from the archive's start.

Intervals are numbers with units: ms, s, m, h, d, w, y, or the words for them.
Several add up.`,
	}
}

// parseTime reads a time given on the command line.
func parseTime(s string, t timeline) (pcp.Timestamp, error) {
	return parseTimeFrom(s, t, t.Header().Start)
}

// parseTimeFrom reads a time that a start completes, such as 14:30 without a day.
func parseTimeFrom(s string, t timeline, from pcp.Timestamp) (pcp.Timestamp, error) {
	w := timespec.Window{Start: from, First: t.Header().Start, End: t.End, Zone: t.Location(), Now: time.Now(), Epoch: true}
	at, err := w.Parse(s)
	if errors.Is(err, timespec.ErrTime) {
		return at, usageError{fmt.Errorf("time %q: want %s", s, timeHelp)}
	}
	return at, err
}

// parseRange reads --start and --end. A bound that is "" is zero.
func parseRange(start, end string, t timeline) (from, to pcp.Timestamp, err error) {
	base := t.Header().Start
	if start != "" {
		if from, err = parseTime(start, t); err != nil {
			return from, to, err
		}
		base = from
	}
	if end == "" {
		return from, to, nil
	}
	if to, err = parseTimeFrom(end, t, base); err != nil {
		return from, to, err
	}
	if start != "" && to.Before(from) {
		return from, to, usageError{beforeStart(start, end, from, to, t)}
	}
	return from, to, nil
}

// beforeStart returns the error for a range that ends before it starts. A bound
// without a flag is that of the archive.
func beforeStart(start, end string, from, to pcp.Timestamp, t timeline) error {
	switch {
	case end == "end":
		return fmt.Errorf("--start %s is %s, after the archive's end, %s", start, formatTime(from, t.Location()), formatTime(to, t.Location()))
	case start == "start":
		return fmt.Errorf("--end %s is %s, before the archive's start, %s", end, formatTime(to, t.Location()), formatTime(from, t.Location()))
	}
	return fmt.Errorf("--end %s is before --start %s", end, start)
}

// parseDuration reads a duration as Go, Prometheus or PCP write it. Only zero may
// have no unit.
func parseDuration(s string) (time.Duration, error) {
	whole, negative := strings.CutPrefix(s, "-")
	if !negative {
		whole = strings.TrimPrefix(s, "+")
	}
	d, err := timespec.Interval(whole)
	if _, bare := strconv.ParseFloat(whole, 64); err != nil || bare == nil && d != 0 {
		return 0, fmt.Errorf("duration %q: %w", s, timespec.ErrInterval)
	}
	if negative {
		d = -d
	}
	return d, nil
}

// durationValue is the value of a flag for a duration.
type durationValue time.Duration

// durationVar adds a flag for a duration.
func durationVar(f *pflag.FlagSet, p *time.Duration, name string, value time.Duration, usage string) {
	*p = value
	f.Var((*durationValue)(p), name, usage)
}

// String returns the duration as Go writes it, and "0" for zero.
func (d *durationValue) String() string {
	if *d == 0 {
		return "0"
	}
	return time.Duration(*d).String()
}

// Set reads a duration.
func (d *durationValue) Set(s string) error {
	v, err := parseDuration(s)
	if err == nil {
		*d = durationValue(v)
	}
	return err
}

// Type names the value in help.
func (*durationValue) Type() string { return "duration" }

// formatTime writes a time in a zone.
func formatTime(t pcp.Timestamp, zone *time.Location) string { return timespec.Format(t, zone) }
