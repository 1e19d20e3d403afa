package dump

import (
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/timespec"
	"github.com/pcparchive/pcparchive/pcp"
)

// ErrTime reports that the text of a time has no known form.
var ErrTime = timespec.ErrTime

// Window parses the bounds of a listing by [Archives] in the form of PCP's tools. The start
// of the listing is that of the earliest archive, its end that of the archive that ends last.
// An interval counts from the start, or with a minus sign back from the end. A time in zone,
// such as 14:30, may have an @ before it and means the first such time from the start on. In
// to, both count from the lower bound. An empty text stands for the start or the end; two
// empty texts mean no bounds, and Window returns zero times. Errors of parsing wrap
// [ErrTime].
func Window(archives []*archive.Reader, from, to string, zone *time.Location) (lower, upper pcp.Timestamp, err error) {
	if len(archives) == 0 {
		return lower, upper, errNoArchive
	}
	if from == "" && to == "" {
		return lower, upper, nil
	}
	lower, upper, err = limitsOf(archives)
	if err != nil {
		return lower, upper, err
	}
	start, end := lower, upper
	w := timespec.Window{
		Start: start, First: start, Zone: zone, Now: time.Now(),
		End: func() (pcp.Timestamp, error) { return end, nil },
	}
	if from != "" {
		if lower, err = w.Parse(from); err != nil {
			return lower, upper, err
		}
		if lower.Before(start) {
			lower = start
		}
	}
	if to != "" {
		w.Start = lower
		upper, err = w.Parse(to)
	}
	return lower, upper, err
}

// limitsOf returns the first and the last time of several archives.
func limitsOf(archives []*archive.Reader) (start, end pcp.Timestamp, err error) {
	for i, r := range archives {
		from, to, err := limits(r)
		if err != nil {
			return start, end, err
		}
		if i == 0 || from.Before(start) {
			start = from
		}
		if i == 0 || to.After(end) {
			end = to
		}
	}
	return start, end, nil
}

// limits returns the first and last time of an archive.
func limits(r *archive.Reader) (start, end pcp.Timestamp, err error) {
	start = r.Header().Start
	w, err := newWalker(r, false)
	if err != nil {
		return start, end, err
	}
	defer w.close()
	if end, err = w.findEnd(wholeIndex(r)); err == nil {
		return start, end, nil
	}
	if end, err = r.End(); err != nil {
		end = pcp.MaxTime
	}
	return start, end, nil
}
