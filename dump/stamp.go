package dump

import (
	"strconv"
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

// clock formats times as Options.Dates and Options.Zone ask. It caches the texts of the
// last second.
type clock struct {
	zone   *time.Location
	start  pcp.Timestamp // start of the archive
	digits int           // digits of a fraction of a second: 6 or 9
	dates  int           // Options.Dates

	sec  int64  // the second that day, hms and year belong to
	day  string // Tue Nov 14
	hms  string // 22:13:20
	year string
}

func newClock(o *Options, start pcp.Timestamp, v pcp.Version) *clock {
	c := &clock{zone: o.Zone, start: start, digits: v.Digits(), dates: o.Dates}
	if c.zone == nil {
		c.zone = time.Local
	}
	c.refresh(start.Sec)
	return c
}

// refresh caches the texts of another second.
func (c *clock) refresh(sec int64) {
	t := time.Unix(sec, 0).In(c.zone)
	c.sec = sec
	c.day, c.hms, c.year = t.Format("Mon Jan _2"), t.Format("15:04:05"), strconv.Itoa(t.Year())
}

// appendTime appends a time in the form of a data record.
func (c *clock) appendTime(b []byte, t pcp.Timestamp) []byte {
	return c.appendEpoch(c.appendFine(b, t, c.digits), t)
}

// appendFine appends a time with the given digits of a fraction, without the seconds
// since 1970.
func (c *clock) appendFine(b []byte, t pcp.Timestamp, digits int) []byte {
	if c.dates == 0 {
		return c.appendOfDay(b, t, digits)
	}
	b = c.appendDated(b, t, digits)
	if c.dates > 1 {
		since := float64(t.Sec-c.start.Sec) + float64(int64(t.Nsec)-int64(c.start.Nsec))/1e9
		if digits == 6 { // pmdumplog cuts both times before it subtracts
			since = float64(t.Sec-c.start.Sec) + float64(t.Nsec/1000-c.start.Nsec/1000)/1e6
		}
		b = append(b, " ("...)
		b = strconv.AppendFloat(b, since, 'f', digits, 64)
		b = append(b, ')')
	}
	return b
}

// appendEpoch appends the seconds since 1970 if the options ask for them.
func (c *clock) appendEpoch(b []byte, t pcp.Timestamp) []byte {
	if c.dates > 2 {
		b = append(b, ' ')
		b = strconv.AppendUint(b, uint64(t.Sec), 10)
	}
	return b
}

// appendDated appends a time with its date in the form of the archive's label.
func (c *clock) appendDated(b []byte, t pcp.Timestamp, digits int) []byte {
	if t.Sec != c.sec {
		c.refresh(t.Sec)
	}
	b = append(append(b, c.day...), ' ')
	b = c.appendOfDay(b, t, digits)
	return append(append(b, ' '), c.year...)
}

// appendOfDay appends the time of day with the given digits of a fraction.
func (c *clock) appendOfDay(b []byte, t pcp.Timestamp, digits int) []byte {
	if t.Sec != c.sec {
		c.refresh(t.Sec)
	}
	b = append(append(b, c.hms...), '.')
	fraction := int64(t.Nsec)
	if digits == 6 {
		fraction /= 1000
	}
	return appendPadded(b, fraction, digits)
}

// appendPadded appends n with leading zeros, as C's %0*d does.
func appendPadded(b []byte, n int64, width int) []byte {
	if n < 0 {
		b = append(b, '-')
		n, width = -n, width-1
	}
	var room [20]byte
	text := strconv.AppendInt(room[:0], n, 10)
	for range width - len(text) {
		b = append(b, '0')
	}
	return append(b, text...)
}
