package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/pflag"

	"github.com/pcparchive/pcparchive/pcp"
)

const timeHelp = "RFC 3339, 'YYYY-MM-DD HH:MM[:SS]' in the archive's time zone, seconds since 1970, or start or end of the archive, with an offset such as end-5m"

// parseTime reads a time given on the command line.
func parseTime(s string, r timeline) (pcp.Timestamp, error) {
	for _, anchor := range []string{"start", "end"} {
		if rest, ok := strings.CutPrefix(s, anchor); ok {
			return anchored(anchor, rest, r)
		}
	}
	if sec, err := strconv.ParseFloat(s, 64); err == nil {
		whole, frac, _ := strings.Cut(s, ".")
		n, err := strconv.ParseInt(whole, 10, 64)
		if err != nil {
			return pcp.TimestampMilli(int64(sec * 1000)), nil
		}
		nsec, err := strconv.ParseInt((frac + "000000000")[:9], 10, 32)
		return pcp.Timestamp{Sec: n, Nsec: int32(nsec)}, err
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return pcp.TimestampOf(t), nil
	}
	for _, layout := range []string{"2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, s, r.Location()); err == nil {
			return pcp.TimestampOf(t), nil
		}
	}
	return pcp.Timestamp{}, usageError{fmt.Errorf("time %q: want %s", s, timeHelp)}
}

func anchored(anchor, offset string, r timeline) (pcp.Timestamp, error) {
	t := r.Header().Start
	if anchor == "end" {
		var err error
		if t, err = r.End(); err != nil {
			return t, err
		}
	}
	if offset == "" {
		return t, nil
	}
	d, err := parseDuration(offset)
	if err != nil {
		return t, usageError{fmt.Errorf("time %s%s: %w", anchor, offset, err)}
	}
	return t.Add(d), nil
}

// parseDuration reads a duration as Go writes it or, so that there are days and
// weeks, as Prometheus does.
func parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err == nil {
		return d, nil
	}
	whole, negative := strings.CutPrefix(s, "-")
	if !negative {
		whole = strings.TrimPrefix(s, "+")
	}
	long, e := model.ParseDuration(whole)
	if e != nil {
		return 0, fmt.Errorf("duration %q: want a form such as 90s, 1h30m or 7d", s)
	}
	if negative {
		long = -long
	}
	return time.Duration(long), nil
}

// durationValue is the value of a flag.
type durationValue time.Duration

// durationVar adds a flag for a duration.
func durationVar(f *pflag.FlagSet, p *time.Duration, name string, value time.Duration, usage string) {
	*p = value
	f.Var((*durationValue)(p), name, usage)
}

// String returns the duration as Go writes it, "0" for none.
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

// formatTime shows a time in a zone with as many digits as it needs.
func formatTime(t pcp.Timestamp, zone *time.Location) string {
	return t.Time().In(zone).Format("2006-01-02 15:04:05.999999999 MST")
}
