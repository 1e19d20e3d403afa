package rewrite

import (
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

// daily is a window of time that repeats every day of a time zone.
type daily struct {
	from, to time.Time // the window of the current day
}

// newDaily returns the windows of options, or nil if there is only one.
func newDaily(o *Options) *daily {
	if o.Daily == nil || o.Start.IsZero() || o.End.IsZero() {
		return nil
	}
	return &daily{o.Start.Time().In(o.Daily), o.End.Time().In(o.Daily)}
}

// holds reports whether a window holds a time, which must not be earlier than the one of the
// call before.
func (d *daily) holds(stamp pcp.Timestamp) bool {
	t := stamp.Time()
	for t.After(d.to) {
		d.from, d.to = d.from.AddDate(0, 0, 1), d.to.AddDate(0, 0, 1)
	}
	return !t.Before(d.from)
}
