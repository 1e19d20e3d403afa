package dump

import (
	"strconv"
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

// clock prints times as the options ask.
type clock struct {
	zone   *time.Location
	start  pcp.Timestamp // of the archive
	digits int           // of the fraction: 6 or 9
	dates  int

	sec  int64  // second that the texts below are of
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

// refresh computes the texts of another second.
func (c *clock) refresh(sec int64) {
	t := time.Unix(sec, 0).In(c.zone)
	c.sec = sec
	c.day, c.hms, c.year = t.Format("Mon Jan _2"), t.Format("15:04:05"), strconv.Itoa(t.Year())
}

// appendTime appends a time in the form of the listing's records.
func (c *clock) appendTime(b []byte, t pcp.Timestamp) []byte {
	return c.appendEpoch(c.appendFine(b, t, c.digits), t)
}

// appendFine appends a time with a fraction of so many digits, without the
// seconds since 1970.
func (c *clock) appendFine(b []byte, t pcp.Timestamp, digits int) []byte {
	if c.dates == 0 {
		return c.appendOfDay(b, t, digits)
	}
	b = c.appendDated(b, t, digits)
	if c.dates > 1 {
		since := float64(t.Sec-c.start.Sec) + float64(int64(t.Nsec)-int64(c.start.Nsec))/1e9
		if digits == 6 { // both are cut first
			since = float64(t.Sec-c.start.Sec) + float64(t.Nsec/1000-c.start.Nsec/1000)/1e6
		}
		b = append(b, " ("...)
		b = strconv.AppendFloat(b, since, 'f', digits, 64)
		b = append(b, ')')
	}
	return b
}

// appendEpoch appends the seconds since 1970 if they are asked for.
func (c *clock) appendEpoch(b []byte, t pcp.Timestamp) []byte {
	if c.dates > 2 {
		b = append(b, ' ')
		b = strconv.AppendUint(b, uint64(t.Sec), 10)
	}
	return b
}

// appendDated appends a time with its date, in the form of the archive's label.
func (c *clock) appendDated(b []byte, t pcp.Timestamp, digits int) []byte {
	if t.Sec != c.sec {
		c.refresh(t.Sec)
	}
	b = append(append(b, c.day...), ' ')
	b = c.appendOfDay(b, t, digits)
	return append(append(b, ' '), c.year...)
}

// appendOfDay appends the time of day with a fraction.
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

// appendPadded appends n with zeros before it, as C's %0*d does.
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
