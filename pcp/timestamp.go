package pcp

import (
	"cmp"
	"fmt"
	"math"
	"time"
)

// Timestamp is a time as archives store it: seconds since 1970 UTC and
// nanoseconds. It covers more than the range of time.Time.UnixNano. It keeps
// the numbers that damaged files or careless writers hold, so Nsec may lie
// outside [0, 1e9).
type Timestamp struct {
	Sec  int64
	Nsec int32
}

// MinTime and MaxTime are the earliest and the latest Timestamp.
var (
	MinTime = Timestamp{Sec: math.MinInt64, Nsec: math.MinInt32}
	MaxTime = Timestamp{Sec: math.MaxInt64, Nsec: math.MaxInt32}
)

// TimestampOf converts a time.Time.
func TimestampOf(t time.Time) Timestamp {
	return Timestamp{Sec: t.Unix(), Nsec: int32(t.Nanosecond())}
}

// TimestampMilli converts milliseconds since 1970 UTC, the unit of Prometheus.
func TimestampMilli(ms int64) Timestamp {
	sec, rest := ms/1000, ms%1000
	if rest < 0 {
		sec, rest = sec-1, rest+1000
	}
	return Timestamp{Sec: sec, Nsec: int32(rest) * 1e6}
}

// Milli returns milliseconds since 1970 UTC, rounded down, and saturates at the
// ends of int64.
func (t Timestamp) Milli() int64 {
	if t.Sec > math.MaxInt64/1000-3 { // Nsec may add more than two seconds
		return math.MaxInt64
	}
	if t.Sec < math.MinInt64/1000+4 {
		return math.MinInt64
	}
	ms := int64(t.Nsec) / 1e6
	if t.Nsec < 0 && int64(t.Nsec)%1e6 != 0 {
		ms--
	}
	return t.Sec*1000 + ms
}

// Time converts t to UTC.
func (t Timestamp) Time() time.Time { return time.Unix(t.Sec, int64(t.Nsec)).UTC() }

// Compare returns -1 if t is earlier than u, +1 if it is later and 0 if they
// are equal.
func (t Timestamp) Compare(u Timestamp) int {
	if c := cmp.Compare(t.Sec, u.Sec); c != 0 {
		return c
	}
	return cmp.Compare(t.Nsec, u.Nsec)
}

// Before reports whether t is earlier than u.
func (t Timestamp) Before(u Timestamp) bool { return t.Compare(u) < 0 }

// After reports whether t is later than u.
func (t Timestamp) After(u Timestamp) bool { return t.Compare(u) > 0 }

// IsZero reports whether t is the zero Timestamp.
func (t Timestamp) IsZero() bool { return t == Timestamp{} }

// Add returns t+d with Nsec in [0, 1e9). It saturates at the ends of an int64
// of seconds.
func (t Timestamp) Add(d time.Duration) Timestamp {
	sec := int64(d / time.Second)
	nsec := int64(t.Nsec) + int64(d%time.Second)
	sec += nsec / 1e9
	nsec %= 1e9
	if nsec < 0 {
		sec, nsec = sec-1, nsec+1e9
	}
	switch {
	case sec > 0 && t.Sec > math.MaxInt64-sec:
		return Timestamp{Sec: math.MaxInt64, Nsec: 1e9 - 1}
	case sec < 0 && t.Sec < math.MinInt64-sec:
		return Timestamp{Sec: math.MinInt64}
	}
	return Timestamp{Sec: t.Sec + sec, Nsec: int32(nsec)}
}

// Sub returns t-u, saturating at the ends of time.Duration.
func (t Timestamp) Sub(u Timestamp) time.Duration {
	const limit = math.MaxInt64/int64(time.Second) - 5 // Nsec may add up to five seconds
	s := t.Sec - u.Sec
	switch overflowed := (t.Sec >= u.Sec) != (s >= 0); {
	case overflowed && t.Sec > u.Sec, s >= limit && !overflowed:
		return math.MaxInt64
	case overflowed, s <= -limit:
		return math.MinInt64
	}
	return time.Duration(s)*time.Second + time.Duration(int64(t.Nsec)-int64(u.Nsec))
}

// String formats t as seconds and a nine-digit fraction.
func (t Timestamp) String() string { return fmt.Sprintf("%d.%09d", t.Sec, t.Nsec) }
