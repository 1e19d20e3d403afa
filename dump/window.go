package dump

import (
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/timespec"
	"github.com/pcparchive/pcparchive/pcp"
)

// ErrTime says that the text of a time is not understood.
var ErrTime = timespec.ErrTime

// Window reads the bounds of a listing of r as PCP's tools take them: an interval
// counts from the archive's start, one with a minus sign back from its end. An @
// may precede a time in zone, such as 14:30, which is the first from the archive's
// start on. Both count from the bound that from gives if they are in to. Where one
// text is empty its bound is the archive's; where both are there is no bound.
// Errors wrap [ErrTime].
func Window(r *archive.Reader, from, to string, zone *time.Location) (lower, upper pcp.Timestamp, err error) {
	return ArchivesWindow([]*archive.Reader{r}, from, to, zone)
}

// ArchivesWindow is Window for a listing by [Archives]: the start is that of the
// earliest archive, the end that of the archive that ends last.
func ArchivesWindow(archives []*archive.Reader, from, to string, zone *time.Location) (lower, upper pcp.Timestamp, err error) {
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
	if end, err = w.findEnd(r.Hints()); err == nil {
		return start, end, nil
	}
	if end, err = r.End(); err != nil {
		end = pcp.MaxTime
	}
	return start, end, nil
}
