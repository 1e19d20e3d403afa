package promapi

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/pcparchive/pcparchive/internal/httpguard"
)

// The smallest and the largest time that Prometheus accepts, the defaults of start and
// end. Clients send them as text, which time.Parse rejects.
var (
	minTime     = time.Unix(math.MinInt64/1000+62135596801, 0).UTC()
	maxTime     = time.Unix(math.MaxInt64/1000-62135596801, 999999999).UTC()
	minTimeText = minTime.Format(time.RFC3339Nano)
	maxTimeText = maxTime.Format(time.RFC3339Nano)
)

// params are the parameters of a request.
type params url.Values

// get returns the first value of a parameter, or "" if it is absent.
func (p params) get(name string) string { return url.Values(p).Get(name) }

// time returns a time, or otherwise if the parameter is absent.
func (p params) time(name string, otherwise time.Time) (time.Time, error) {
	text := p.get(name)
	if text == "" {
		return otherwise, nil
	}
	t, err := ParseTime(text)
	if err != nil {
		return t, invalid(name, fmt.Errorf("invalid time value for '%s': %w", name, err))
	}
	return t, nil
}

// requiredTime returns a time that must be given.
func (p params) requiredTime(name string) (time.Time, error) {
	t, err := ParseTime(p.get(name))
	if err != nil {
		return t, invalid(name, err)
	}
	return t, nil
}

// window returns the optional parameters start and end.
func (p params) window() (start, end time.Time, err error) {
	if start, err = p.time("start", minTime); err != nil {
		return start, end, err
	}
	end, err = p.time("end", maxTime)
	return start, end, err
}

// duration returns a duration, zero if the parameter is absent.
func (p params) duration(name string) (time.Duration, error) {
	text := p.get(name)
	if text == "" {
		return 0, nil
	}
	d, err := parseDuration(text)
	if err != nil {
		return 0, invalid(name, err)
	}
	return d, nil
}

// limit returns the largest number of results. Zero means no limit.
func (p params) limit() (int, error) {
	text := p.get("limit")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err == nil && n < 0 {
		err = errors.New("limit must be non-negative")
	}
	if err != nil {
		return 0, invalid("limit", err)
	}
	return n, nil
}

// selectors returns the selectors of match[].
func (p params) selectors() ([][]*labels.Matcher, error) {
	sets, err := newParser().ParseMetricSelectors(p["match[]"])
	if err != nil {
		return nil, err
	}
	for _, set := range sets {
		if !selective(set) {
			return nil, errors.New("match[] must contain at least one non-empty matcher")
		}
	}
	return sets, nil
}

// selective reports whether a matcher rejects the empty value.
func selective(set []*labels.Matcher) bool {
	for _, m := range set {
		if !m.Matches("") {
			return true
		}
	}
	return false
}

// newParser returns a parser of PromQL with the engine's options.
func newParser() parser.Parser { return parser.NewParser(parser.Options{}) }

// ParseTime parses a time as parameters of Prometheus' API have it: seconds since 1970, or
// the form of RFC 3339.
func ParseTime(text string) (time.Time, error) {
	if t, err := strconv.ParseFloat(text, 64); err == nil {
		sec, frac := math.Modf(t)
		switch { // Thanos sends the smallest and the largest number of milliseconds
		case math.IsNaN(t):
			return time.Time{}, fmt.Errorf("cannot parse %q to a valid timestamp", httpguard.Short(text))
		case sec <= float64(minTime.Unix()):
			return minTime, nil
		case sec >= float64(maxTime.Unix()):
			return maxTime, nil
		}
		frac = math.Round(frac*1000) / 1000
		return time.Unix(int64(sec), int64(frac*float64(time.Second))).UTC(), nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, nil
	}
	switch text {
	case minTimeText:
		return minTime, nil
	case maxTimeText:
		return maxTime, nil
	}
	return time.Time{}, fmt.Errorf("cannot parse %q to a valid timestamp", httpguard.Short(text))
}

// parseDuration parses seconds or a duration in the form of PromQL.
func parseDuration(text string) (time.Duration, error) {
	if d, err := strconv.ParseFloat(text, 64); err == nil {
		ns := d * float64(time.Second)
		if !(ns < math.MaxInt64 && ns > math.MinInt64) {
			return 0, fmt.Errorf("cannot parse %q to a valid duration. It overflows int64", httpguard.Short(text))
		}
		return time.Duration(ns), nil
	}
	if d, err := model.ParseDuration(text); err == nil {
		return time.Duration(d), nil
	}
	return 0, fmt.Errorf("cannot parse %q to a valid duration", httpguard.Short(text))
}
